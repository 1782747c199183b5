package checks

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var segMutated = register(Check{
	ID:      "seg.mutated",
	Summary: "a listed segment changed",
	Doc: "A media sequence number now stands for another URI (without its query) or byte range: critical. The same " +
		"URI with another duration (by more than 1 ms), discontinuity, key or map: error. A new EXT-X-GAP is gap. Info " +
		"when every name changed in one and the same place, a number or an id of at least five characters, while " +
		"durations, dates and discontinuities stayed: it is another session of the same stream. Not judged when the " +
		"whole list slid (seq.slide), when the numbers fell, since another broadcast now has them (win.shrunk, " +
		"seq.regress), or at an edge that the event calls personalised.",
	Spec:     "RFC 8216bis §6.2.1, §6.3.4",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{"seg.hash", "edge.body", "edge.bytes", "dseq.math", "pdt.*"},
	Run: func(p *Pass) {
		prev, cur, ok := p.update()
		if !ok {
			return
		}
		if _, _, moved := slid(prev, cur); moved || last(cur).MSN < last(prev).MSN {
			return
		}
		switch {
		case evidence.Renamed(prev, cur):
			p.Reportf(probe.Info, "all names changed alike and nothing else did: another session")
			return
		case p.History.Personalised:
			p.Silent = true
			return
		}
		for i := range prev.Segments {
			a := &prev.Segments[i]
			b, listed := cur.Find(a.MSN)
			if !listed {
				continue
			}
			if what := difference(a, b); what != "" {
				if !sameResource(a, b) {
					p.Reportf(probe.Critical, "segment %d: %s", a.MSN, what)
					return
				}
				p.Reportf(probe.Error, "segment %d: %s", a.MSN, what)
			}
		}
	},
})

// difference says in what two lists of one segment differ, "" when in nothing
// that may not change.
func difference(a, b *probe.Segment) string {
	switch {
	case !samePath(a.URI, b.URI):
		return "URI was " + shortURI(a.URI) + ", is " + shortURI(b.URI)
	case a.ByteRange != b.ByteRange:
		return "byte range changed"
	case (a.Duration - b.Duration).Abs() > time.Millisecond:
		return "duration was " + a.Duration.String() + ", is " + b.Duration.String()
	case a.Discontinuity != b.Discontinuity && a.DSN != b.DSN:
		return "discontinuity changed"
	case !slices.EqualFunc(a.Keys, b.Keys, sameKey):
		return "key changed"
	case (a.Map == nil) != (b.Map == nil) || a.Map != nil && !samePath(a.Map.URI, b.Map.URI):
		return "map changed"
	default:
		return ""
	}
}

func sameKey(a, b probe.Key) bool {
	return a.Method == b.Method && a.IV == b.IV && a.KeyFormat == b.KeyFormat && samePath(a.URI, b.URI)
}
