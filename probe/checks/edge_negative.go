package checks

import (
	"fmt"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

var edgeNegative = register(Check{
	ID:      "edge.negative",
	Summary: "edge keeps an error for a segment that the origin has",
	Doc: "The edge answers a request for a listed segment with an error, twice, although the origin had already served " +
		"it well before the edge was asked. The error comes from a cache: its Age or the cache's own header (such as " +
		"X-Cache-Status: HIT) says so, or the origin gave the same error earlier. If the error's own Cache-Control lets " +
		"caches keep it for so long, the blame is config. Critical for the newest segment, error for an older one. " +
		"CloudFront keeps errors for ten seconds unless its error caching says otherwise, and a distribution made by " +
		"streamwatch keeps them for one; until then the error counts as the origin's failure.",
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
		at, ok := p.origin()
		if !ok || p.lostSegment() == "" || ex.Status == 0 {
			return
		}
		if !p.pairHasSegment() || p.outgrown() {
			return
		}
		edge, _ := p.History.Segment(s.MSN)
		origin, _ := at.Segment(s.MSN)
		if !origin.At().Before(ex.Started) || origin.Failed == 0 && ex.Age.Value == 0 && !ex.Hit() {
			return
		}
		kept, how := p.Now.Sub(edge.FailedFrom), "for %s now"
		if ex.Age.Stated {
			kept, how = ex.Age.Value, "%s old by its Age header"
		}
		if cloudFront(ex) && kept <= p.Stream.ErrorCaching {
			return
		}
		what := fmt.Sprintf("the edge keeps a %d for segment %d (%s), "+how+", and the origin has the segment",
			ex.Status, s.MSN, shortURI(s.URI), Seconds(kept))
		if ttl := ex.TTL(); ttl.Value > 0 && kept <= ttl.Value {
			p.Accuse(probe.BlameConfig, p.severityOfSegment(), "%s; the error's own Cache-Control allows %s",
				what, Seconds(ttl.Value))
			return
		}
		p.Reportf(p.severityOfSegment(), "%s", what)
	},
})

// cloudFront reports whether CloudFront gave an answer.
func cloudFront(ex *probe.Exchange) bool {
	return ex.Pop != "" || strings.Contains(strings.ToLower(ex.XCache+ex.Via), "cloudfront")
}
