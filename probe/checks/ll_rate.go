package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var llPartRate = register(Check{
	ID:      "ll.part.rate",
	Summary: "partial segments come too slowly",
	Doc: "The next part arrived, or is overdue, more than two part targets after the one before: warning. This is " +
		"measured with reloads that wait for one part after the other. More than four part targets, or more than " +
		"PART-HOLD-BACK: error. More than both: critical, because low-latency players stall. A tenth of a second is " +
		"allowed for the network. Two of three open an incident; the first late one does not count where a single " +
		"slow round trip of a second can have made it. Nothing is judged across a discontinuity. A late answer for a " +
		"part that an ordinary request already listed is ll.block.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnLowLatency,
	After:    2, Of: 3,
	Hold:     4,
	Explains: []string{"ll.sync", "ll.block.long", "ll.hint.avail"},
	Run: func(p *Pass) {
		l, mine, ok := p.delivers(probe.AskNext)
		if !ok {
			return
		}
		p.Silent = l.Since.IsZero() || !l.Listed.Value.IsZero() || p.unblocked()
		came := l.Playlist != nil && l.Playlist.Lists(l.MSN, l.Part)
		if p.Silent || !came && p.Obs.Exchange.Failure != probe.FailTimeout && p.Obs.Exchange.Status != 503 {
			p.Silent = true
			return
		}
		if came {
			if s, found := l.Playlist.Find(l.MSN); found && s.Discontinuity {
				return
			}
		} else if !l.Listed.Stated {
			p.Silent = true // nothing at all was answered: the path, or the server
			return
		}
		pt, hold := p.partTarget(), l.Known.ServerControl.Value.PartHoldBack.Value
		gap := p.Obs.Exchange.Done.Sub(l.Since)
		s := probe.Warning
		switch late := gap - network; {
		case late <= 2*pt:
			return
		case late > 4*pt && late > hold:
			s = probe.Critical
		case late > 4*pt, hold > 0 && late > hold:
			s = probe.Error
		}
		if came && gap <= pt+slowTrip+network && longer(mine.Gaps, 2*pt+network) < 2 {
			p.Silent = true
			return
		}
		what := "came"
		if !came {
			what = "had not come"
		}
		p.Reportf(s, "part %d of segment %d %s %s after the one before, part target %s",
			l.Part, l.MSN, what, Seconds(gap), pt)
	},
})

// slowTrip is how long a round trip can take now and then on a path that is
// sound: that of a lost packet (RFC 6298 §2).
const slowTrip = time.Second

// longer counts the times that exceed a limit.
func longer(times []time.Duration, limit time.Duration) int {
	n := 0
	for _, t := range times {
		if t > limit {
			n++
		}
	}
	return n
}

var llSync = register(Check{
	ID:      "ll.sync",
	Summary: "one rendition's parts come later than the others'",
	Doc: "Measured by the program date-time at the end of each part as it arrives, this rendition is behind another " +
		"one on the same side at the same moment (within two part targets): by more than two part targets, and by at " +
		"least a second. Three of four measured parts open an incident. Renditions without program date-time are not " +
		"compared.",
	Spec:     "RFC 8216bis Appendix B.1",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnLowLatency,
	After:    3, Of: 4,
	Hold: 4,
	Run: func(p *Pass) {
		l, mine, ok := p.delivers(probe.AskNext)
		if !ok || !l.Waited(p.Obs.Exchange.Duration()) || l.Playlist.PartEdge().IsZero() {
			p.Silent = true
			return
		}
		newest := mine.Arrivals[len(mine.Arrivals)-1]
		for _, s := range p.History.Siblings {
			if s == p.History || s.LowLatency == nil {
				continue
			}
			for _, a := range s.LowLatency.Arrivals {
				if a.Edge.IsZero() || newest.At.Sub(a.At).Abs() > 2*p.partTarget() {
					continue // latency goes up and down as segments are published
				}
				if behind := newest.At.Sub(newest.Edge) - a.At.Sub(a.Edge); behind > max(2*p.partTarget(), time.Second) {
					p.Reportf(probe.Warning, "%s behind %s", Seconds(behind), s.Target.Rendition)
					return
				}
			}
		}
	},
})
