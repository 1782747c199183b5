package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var updStale = register(Check{
	ID:      "upd.stale",
	Summary: "playlist stopped moving",
	Doc: "No new segment for more than 1.5 target durations: warning. More than 2: error. More than 3: critical, " +
		"because the default hold-back is used up and every viewer stalls. At the edge the cache's allowance (TTL plus " +
		"stale-while-revalidate from the origin's headers, at most 1.5 target durations) and one poll are added.",
	Spec:      "RFC 8216bis §6.2.1; CoreMedia error -12888",
	Severity:  probe.Critical,
	Blame:     probe.BlameEncoder,
	Explains:  []string{"alt.*", "ll.*", "edge.*", "win.*", "seq.jump", "http.cc.playlist", "upd.burst", "iframes.behind"},
	Staleness: true,
	Timed:     true,
	Run: func(p *Pass) {
		age, limit, ok := p.staleness()
		if !ok || age <= limit {
			p.Silent = p.Obs.Playlist == nil // a poll that failed shows nothing of it
			return
		}
		td := p.History.TD()
		s := probe.Warning
		switch over := age - (limit - td*3/2); {
		case over > 3*td:
			s = probe.Critical
		case over > 2*td:
			s = probe.Error
		}
		p.Reportf(s, "no new segment for %s (limit %s)%s", Seconds(age), Seconds(limit), p.otherSide())
	},
})

// staleness returns how long no new segment has appeared and the first limit
// for it, for a live media playlist whose newest poll succeeded.
func (p *Pass) staleness() (age, limit time.Duration, ok bool) {
	h, td := p.History, p.History.TD()
	if p.Obs.Playlist == nil || !p.Obs.Playlist.Live() || td == 0 || h.Advanced.IsZero() {
		return 0, 0, false
	}
	limit = td * 3 / 2
	// An edge that is watched alone and states no TTL may be no cache at all.
	if h.Target.Side == probe.Edge && (h.Pair != nil || h.Kept.Stated) {
		limit += min(h.Allowance(), 3*td/2) + min(h.Gap, td)
	}
	since := h.Advanced
	if p.Stream.Starts.After(since) {
		since = p.Stream.Starts // before the event starts nothing is due
	}
	return p.Now.Sub(since), limit, true
}

// otherSide says what the other side did meanwhile, for the detail of a finding.
func (p *Pass) otherSide() string {
	pair := p.History.Pair
	if pair == nil || pair.Playlist == nil || pair.Advanced.IsZero() || p.History.Advanced.IsZero() {
		return ""
	}
	name := pair.Target.Side.String()
	switch {
	case pair.Failing():
		return "; " + name + " does not answer"
	case pair.High > p.History.High:
		n := pair.High - p.History.High
		return "; " + name + " is " + Count(n, "segment") + " ahead"
	case pair.High < p.History.High && pair.Advanced.Sub(p.History.Advanced) > p.History.TD():
		return "; " + name + " goes on, with lower numbers"
	default:
		return "; " + name + " has nothing newer"
	}
}
