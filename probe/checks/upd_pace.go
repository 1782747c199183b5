package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var updEarly = register(Check{
	ID:      "upd.early",
	Summary: "playlist is updated more often than players ask",
	Doc: "The newest four new segments came less than half a target duration apart. RFC 8216 forbade that; its " +
		"successor allows it.",
	Spec:     "RFC 8216 §6.2.1",
	Severity: probe.Info,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     3,
	Timed:    true,
	Run: func(p *Pass) {
		v, td := p.History.Versions, p.Obs.Playlist.TargetDuration.Value
		if !p.first() || p.Obs.Playlist.PartTarget.Stated || len(v) < 5 {
			return
		}
		v = v[len(v)-5:]
		for i := 1; i < len(v); i++ {
			if v[i].LastMSN <= v[i-1].LastMSN || v[i].First.Sub(v[i-1].First) >= td/2 {
				return
			}
		}
		p.Reportf(probe.Info, "four new segments in %s, target duration %s", Seconds(v[4].First.Sub(v[0].First)), Seconds(td))
	},
})

var updBurst = register(Check{
	ID:      "upd.burst",
	Summary: "segments are published several at a time",
	Doc: "Half of the newest updates (at least six) brought more than one new segment. Players run dry between them, " +
		"although on average enough arrives. Only updates that happened between two polls less than a third of a segment " +
		"apart count. Judged at the origin, and only where no cache answers for it.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist, // a rate lasts from one update to the next
	After:    2, Of: 3,
	Hold:     3,
	Recovers: true,
	Timed:    true,
	Run: func(p *Pass) {
		ex, v := &p.Obs.Exchange, p.History.Versions
		if p.History.Target.Side != probe.Origin || ex.Age.Stated || ex.Cache() != "" {
			return
		}
		near := p.Obs.Playlist.MeanDuration() / 3
		seen, bursts := 0, 0
		for i := max(1, len(v)-12); i < len(v); i++ {
			if v[i].LastMSN < v[i-1].LastMSN {
				seen, bursts = 0, 0 // the numbering began anew
				continue
			}
			if v[i].Validator != 0 && v[i].Validator == v[i-1].Validator {
				continue // whoever asks whether it changed is told that it did not, as we were
			}
			if n := v[i].LastMSN - v[i-1].LastMSN; n > 0 && v[i].First.Sub(v[i-1].Last()) <= near {
				seen++
				if n > 1 {
					bursts++
				}
			}
		}
		if seen >= 6 && 2*bursts >= seen {
			p.Reportf(probe.Warning, "%d of %d updates brought more than one segment at once", bursts, seen)
		}
	},
})

var discRate = register(Check{
	ID:      "disc.rate",
	Summary: "stream breaks off all the time",
	Doc: "Of the new segments of two minutes (at least 12, at most 64), three quarters begin with " +
		"EXT-X-DISCONTINUITY, not counting ad breaks that EXT-X-CUE-OUT announces. It is over below five eighths, so that " +
		"a rate near the bound does not come and go. The encoder restarts over and over, or keeps losing its source. Ads " +
		"that are inserted without such a cue stay below the limit: where each lasts one segment and a half, every second " +
		"segment begins with a discontinuity.",
	Spec:     "RFC 8216bis §4.4.4.3",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist, // as of upd.burst
	Hold:     3,
	Recovers: true,
	Run: func(p *Pass) {
		d := p.Obs.Playlist.MeanDuration()
		if d <= 0 {
			return
		}
		n := min(max(int(2*time.Minute/d), 12), 64)
		origin, watched := p.origin()
		switch {
		case !p.breaksOff(&p.History.Breaks, n, 0):
		case watched && !origin.Failing() && !p.breaksOff(&origin.Breaks, n, 0) &&
			p.breaksOff(&origin.Breaks, n, max(n/10, 1)):
			p.Silent = true // the origin is about to show it too
		default:
			p.Reportf(probe.Warning, "%d of %d new segments are discontinuities", p.History.Breaks.Count(n), n)
		}
	},
})

// breaksOff reports whether so many of the newest n segments are discontinuities as the
// check needs, or will be once so many more come that are.
func (p *Pass) breaksOff(m *evidence.Marks, n, more int) bool {
	eighths := 6
	if p.Held {
		eighths = 5
	}
	return int(m.N)+more >= n && 8*(m.Count(n-more)+more) >= eighths*n
}
