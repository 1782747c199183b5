package checks

import "github.com/streamwatch/streamwatch/probe"

// What the first bytes of a segment show to be wrong. The inspector finds it
// (SegmentProbe.Problems); what it means stands here.
var segBytes = []*Check{
	bytesProblem("seg.ts.sync", "transport stream is out of step or cut", "ISO/IEC 13818-1 §2.4.3", probe.Error),
	bytesProblem("seg.ts.pat", "transport stream segment has no PAT and PMT at its start", "RFC 8216bis §3.1.1", probe.Error),
	bytesProblem("seg.ts.cc", "continuity counter breaks within a segment", "ISO/IEC 13818-1 §2.4.3.3", probe.Warning),
	bytesProblem("seg.mp4.box", "fragmented MP4 boxes are wrong or cut", "RFC 8216bis §3.1.2", probe.Error),
	bytesProblem("seg.audio.id3", "packed audio has no timestamp", "RFC 8216bis §3.1.3", probe.Error),
	bytesProblem("seg.vtt", "subtitle segment is not WebVTT", "RFC 8216bis §3.1.4", probe.Error),
	bytesProblem("http.ctype.segment", "an error page is served as media", "HLS Authoring Specification 10.4", probe.Critical),
}

func bytesProblem(id, summary, spec string, s probe.Severity) *Check {
	return register(Check{
		ID: id, Summary: summary, Spec: spec, Severity: s, When: OnSegment, Blame: probe.BlameEncoder, Hold: 3,
		Doc: "Found in the bytes of one segment. Encrypted segments are not judged.",
		Run: func(p *Pass) {
			if !p.Obs.OK() {
				return
			}
			for _, problem := range p.Obs.Segment.Problems {
				if problem.Check == id {
					p.Reportf(s, "segment %d: %s", p.Obs.Segment.MSN, problem.Detail)
					return
				}
			}
		},
	})
}
