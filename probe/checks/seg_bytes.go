package checks

import (
	"cmp"

	"github.com/streamwatch/streamwatch/probe"
)

// What the first bytes of a segment show to be wrong. The inspector finds it
// (SegmentProbe.Problems); what it means stands here.
var segBytes = []*Check{
	bytesProblem("seg.ts.sync", "transport stream is out of step or cut", "ISO/IEC 13818-1 §2.4.3", probe.Error),
	bytesProblem("seg.ts.pat", "transport stream segment has no PAT and PMT at its start", "RFC 8216bis §3.1.1", probe.Error),
	bytesProblem("seg.ts.cc", "continuity counter breaks within a segment", "ISO/IEC 13818-1 §2.4.3.3", probe.Warning),
	bytesProblem("seg.mp4.box", "fragmented MP4 boxes are wrong or cut", "RFC 8216bis §3.1.2", probe.Error),
	bytesProblem("seg.mp4.map", "fragmented MP4 without an initialization section", "RFC 8216bis §3.1.2, §4.4.4.5", probe.Critical),
	bytesProblem("seg.audio.id3", "packed audio has no timestamp", "RFC 8216bis §3.1.3", probe.Error),
	bytesProblem("seg.vtt", "subtitle segment is not WebVTT", "RFC 8216bis §3.1.4", probe.Error),
}

func bytesProblem(id, summary, spec string, s probe.Severity) *Check {
	return register(Check{
		ID: id, Summary: summary, Spec: spec, Severity: s, When: OnSegment, Blame: probe.BlameEncoder, Hold: 3, Passed: true,
		Explains: []string{"edge.bytes"}, // at the edge, of what changed between the looks at the two sides
		Doc:      "Found in the bytes of one segment. Encrypted segments are not judged.",
		Run: func(p *Pass) {
			if !p.Obs.OK() {
				return
			}
			for _, problem := range p.Obs.Segment.Problems {
				if problem.Check == id {
					p.Reportf(cmp.Or(problem.Severity, s), "segment %d: %s", p.Obs.Segment.MSN, problem.Detail)
				}
			}
		},
	})
}

var httpCtypeSegment = register(Check{
	ID:       "http.ctype.segment",
	Summary:  "an error page is served as media",
	Doc:      "A segment is answered with success and its bytes are HTML. At the edge only, while the origin has the segment, it is a custom error page mapped to 200.",
	Spec:     "HLS Authoring Specification 10.4",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnSegment,
	Hold:     3,
	Explains: []string{"edge.bytes", "seg.hash", "seg.size"},
	Run: func(p *Pass) {
		for _, problem := range p.Obs.Segment.Problems {
			switch {
			case problem.Check != "http.ctype.segment" || !p.Obs.OK():
			case p.History.Target.Side == probe.Edge && p.pairHasSegment():
				p.Accuse(probe.BlameConfig, probe.Critical, "segment %d: %s", p.Obs.Segment.MSN, problem.Detail)
			default:
				p.Reportf(probe.Critical, "segment %d: %s", p.Obs.Segment.MSN, problem.Detail)
			}
		}
	},
})
