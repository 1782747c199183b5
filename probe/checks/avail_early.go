package checks

import "github.com/streamwatch/streamwatch/probe"

var availEarly = register(Check{
	ID:      "avail.early",
	Summary: "segments are listed before they can be fetched",
	Doc: "A newly listed segment was answered with a 4xx status at first and could be fetched later. One may be " +
		"chance; two in four segments open an incident. Server errors, 429 and timeouts are no sign of it.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnSegment,
	After:    2, Of: 8, Shared: true,
	Hold:     4,
	Explains: []string{"edge.seg", "seg.status"},
	Recovers: true,
	Timed:    true,
	Run: func(p *Pass) {
		rec, ok := p.History.Segment(p.Obs.Segment.MSN)
		if !ok || !rec.OK || rec.Failed == 0 || rec.Broken || !rec.FirstOK().Equal(rec.At()) || p.pairLacked() {
			return
		}
		p.Reportf(probe.Critical, "segment %d could be fetched only %s after it was listed",
			rec.MSN, Seconds(rec.FirstOK().Sub(rec.Listed)))
	},
})

// pairLacked reports whether this is an edge whose origin failed to give the
// segment too, at first or still: then the origin shows it.
func (p *Pass) pairLacked() bool {
	origin, ok := p.origin()
	if !ok {
		return false
	}
	rec, asked := origin.Segment(p.Obs.Segment.MSN)
	return asked && rec.Failed > 0
}
