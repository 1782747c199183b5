package checks

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var edgeNegative = register(Check{
	ID:      "edge.negative",
	Summary: "edge keeps an error for a segment that the origin has",
	Doc: "A listed segment is answered with an error at the edge, twice, and the origin had answered it well before the edge was asked. The error is one that a cache keeps: its Age says so, or the origin gave " +
		"it too, earlier. Critical for the newest segment, error for an older one. CloudFront keeps errors for ten seconds unless its error caching says otherwise: until then what shows is the origin's failure. A distribution that streamwatch made keeps them for one.",
	Spec:     "RFC 9111 §4; CloudFront: error caching minimum TTL",
	Severity: probe.Critical,
	Blame:    probe.BlameCDN,
	Side:     probe.Edge,
	When:     OnSegment,
	Hold:     4,
	Apart:    true,
	Explains: []string{"edge.seg", "seg.status", "avail.early", "ll.part.avail", "ll.hint.avail"},
	Run: func(p *Pass) {
		ex, s := &p.Obs.Exchange, p.Obs.Segment
		h := p.History
		if h.Target.Side != probe.Edge || h.Pair == nil || p.lostSegment() == "" || ex.Status == 0 {
			return
		}
		if !p.pairHasSegment() || p.outgrown() {
			return
		}
		edge, _ := h.Segment(s.MSN)
		origin, _ := h.Pair.Segment(s.MSN)
		if !origin.At.Before(ex.Started) || origin.Failed == 0 && ex.Age.Value == 0 {
			return
		}
		kept, how := p.Now.Sub(edge.FailedFrom), "for %s now"
		if ex.Age.Stated {
			kept, how = ex.Age.Value, "%s old by its Age header"
		}
		if cloudFront(ex) && kept <= p.Stream.ErrorCaching {
			return
		}
		p.Reportf(p.severityOfSegment(), "the edge keeps a %d for segment %d (%s), "+how+", and the origin has the segment", ex.Status, s.MSN, shortURI(s.URI), seconds(kept))
	},
})

// cloudFront reports whether CloudFront gave an answer.
func cloudFront(ex *probe.Exchange) bool {
	return ex.Pop != "" || strings.Contains(strings.ToLower(ex.XCache+ex.Via), "cloudfront")
}
