package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var pdtCont = register(Check{
	ID:      "pdt.cont",
	Summary: "program date-time does not follow the durations",
	Doc: "The program date-time of a segment differs from that of the previous one plus its EXTINF: by more than 0.1 " +
		"s is a warning, by more than 1 s an error. Not judged across a discontinuity.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Explains: []string{"alt.pdt", "alt.edge", "pdt.latency", "pdt.clock", "pdt.odd"},
	Run: func(p *Pass) {
		var due time.Time
		for i := range p.Obs.Playlist.Segments {
			s := &p.Obs.Playlist.Segments[i]
			if s.Discontinuity {
				due = time.Time{}
			}
			if !s.PDT.IsZero() {
				if off := s.PDT.Sub(due); !due.IsZero() && off.Abs() > time.Second/10 {
					sev := probe.Warning
					if off.Abs() > time.Second {
						sev = probe.Error
					}
					p.ReportAt(s.Line, sev, "segment %d is %s off", s.MSN, Seconds(off))
				}
				due = s.PDT
			}
			if !due.IsZero() {
				due = due.Add(s.Duration)
			}
		}
	},
})

var pdtMoved = register(Check{
	ID:      "pdt.moved",
	Summary: "program date-time of a listed segment changed",
	Doc: "The same segment has another EXT-X-PROGRAM-DATE-TIME than before: by more than 1 ms is info, by more than " +
		"0.5 s an error.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{"pdt.cont", "pdt.latency", "pdt.clock", "pdt.odd", "alt.pdt", "alt.edge", "edge.body"},
	Run: func(p *Pass) {
		prev, cur, ok := p.update()
		if !ok {
			return
		}
		for i := range prev.Segments {
			a := &prev.Segments[i]
			b, listed := cur.Find(a.MSN)
			if !listed || a.PDT.IsZero() || b.PDT.IsZero() || !sameResource(a, b) {
				continue
			}
			switch off := b.PDT.Sub(a.PDT); {
			case off.Abs() > time.Second/2:
				p.Reportf(probe.Error, "segment %d moved by %s", a.MSN, off)
			case off.Abs() > time.Millisecond:
				p.Reportf(probe.Info, "segment %d moved by %s", a.MSN, off)
			}
		}
	},
})
