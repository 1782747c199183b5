package checks

import (
	"cmp"

	"github.com/streamwatch/streamwatch/probe"
)

// What the first bytes of a segment show to be wrong. The inspector finds it
// (SegmentProbe.Problems); what it means stands here.
var segBytes = []*Check{
	bytesProblem(Check{
		ID:       "seg.ts.sync",
		Summary:  "transport stream is out of step or cut",
		Doc:      "A transport stream does not begin with a sync byte, loses it, or ends within a packet of 188 bytes.",
		Spec:     "ISO/IEC 13818-1 §2.4.3",
		Severity: probe.Error,
	}),
	bytesProblem(Check{
		ID:      "seg.ts.pat",
		Summary: "transport stream segment has no PAT and PMT at its start",
		Doc: "A transport stream segment has no PAT and PMT in its first bytes, or media comes before them. Players " +
			"cannot start with it.",
		Spec:     "RFC 8216bis §3.1.1",
		Severity: probe.Error,
	}),
	bytesProblem(Check{
		ID:      "seg.ts.cc",
		Summary: "continuity counter breaks within a segment",
		Doc: "The continuity counter of a transport stream jumps within a segment, so packets are missing. Or packets " +
			"are marked as damaged or are scrambled.",
		Spec:     "ISO/IEC 13818-1 §2.4.3.3",
		Severity: probe.Warning,
	}),
	bytesProblem(Check{
		ID:      "seg.mp4.box",
		Summary: "fragmented MP4 boxes are wrong or cut",
		Doc: "The boxes of a fragmented MP4 are cut off, are in the wrong order, or miss one that must be there, such as " +
			"moof, traf, tfdt or mdat.",
		Spec:     "RFC 8216bis §3.1.2",
		Severity: probe.Error,
	}),
	bytesProblem(Check{
		ID:       "seg.mp4.map",
		Summary:  "fragmented MP4 without an initialization section",
		Doc:      "A fragment has no moov, and no EXT-X-MAP applies to it. It cannot be decoded.",
		Spec:     "RFC 8216bis §3.1.2, §4.4.4.5",
		Severity: probe.Critical,
	}),
	bytesProblem(Check{
		ID:      "seg.audio.id3",
		Summary: "packed audio has no timestamp",
		Doc: "A segment of packed audio does not begin with an ID3 tag that states the timestamp of its first sample, so " +
			"players cannot place it in time.",
		Spec:     "RFC 8216bis §3.1.3",
		Severity: probe.Error,
	}),
	bytesProblem(Check{
		ID:       "seg.vtt",
		Summary:  "subtitle segment is not WebVTT",
		Doc:      "The first line of a subtitle segment is not WEBVTT.",
		Spec:     "RFC 8216bis §3.1.4",
		Severity: probe.Error,
	}),
}

// bytesProblem registers a check of what the inspector of segments finds under
// its id.
func bytesProblem(c Check) *Check {
	c.Doc += " Encrypted segments are not judged."
	c.Blame, c.When, c.Hold, c.Passed = probe.BlameEncoder, OnSegment, 3, true
	c.Explains = []string{"edge.bytes"} // at the edge, when it changed between the looks at the two sides
	c.Run = func(p *Pass) {
		if !p.Obs.OK() {
			return
		}
		for _, problem := range p.Obs.Segment.Problems {
			if problem.Check == c.ID {
				p.Reportf(cmp.Or(problem.Severity, c.Severity), "segment %d: %s", p.Obs.Segment.MSN, problem.Detail)
			}
		}
	}
	return register(c)
}

var httpCtypeSegment = register(Check{
	ID:      "http.ctype.segment",
	Summary: "an error page is served as media",
	Doc: "A segment is answered with a success status, but its bytes are HTML. If only the edge does it while the " +
		"origin has the segment, a custom error page is mapped to 200.",
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
