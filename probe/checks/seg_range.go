package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var segRange = register(Check{
	ID:      "seg.range",
	Summary: "byte ranges are not served",
	Doc: "A segment that EXT-X-BYTERANGE makes a part of a resource is answered with the whole resource, or an answer of 206 begins at another byte than was asked for. Two of three probes open an incident. " +
		"A server that ignores ranges of whole segments, which only we ask for, is no finding.",
	Spec:     "RFC 8216bis §4.4.4.2; RFC 9110 §14.4",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	When:     OnSegment,
	After:    2, Of: 3,
	Hold:     2,
	Explains: []string{"edge.bytes", "seg.hash", "seg.size", "seg.ts.*", "seg.mp4.*"},
	Run: func(p *Pass) {
		ex, s := &p.Obs.Exchange, p.Obs.Segment
		if !ex.OK() || ex.Method == "HEAD" {
			p.Silent = true
			return
		}
		switch {
		case ex.Status == 200 && s.Part:
			p.Reportf(probe.Error, "segment %d: asked for a part, answered with all (200)", s.MSN)
		case ex.Status == 206 && ex.RangeStart.Or(s.Offset) != s.Offset:
			p.Reportf(probe.Error, "segment %d: asked for bytes from %d, answered from %d", s.MSN, s.Offset, ex.RangeStart.Value)
		}
	},
})

var segPaced = register(Check{
	ID:      "seg.paced",
	Summary: "segments arrive at the pace of the encoder",
	Doc: "A complete segment begins to arrive at once and then takes about as long as it lasts (75 to 115 %), two times in four: the server gives it out as it is made, or throttles to its bit rate. As bad as seg.slow has it. " +
		"Known only where segments are read whole (segments: full).",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnSegment,
	After:    2, Of: 4,
	Hold:     3,
	Explains: []string{"seg.slow"},
	Run: func(p *Pass) {
		rec, ok := p.firstProbe()
		ex := &p.Obs.Exchange
		if !ok || rec.Size < pacedLeast || ex.Bytes != rec.Size {
			p.Silent = true
			return
		}
		d, body := rec.Duration, ex.Duration()-ex.FirstByte
		if ex.FirstByte < d/4 && body > d*3/4 && body < d*23/20 {
			p.Reportf(slowness(ex.Duration(), d), "segment %d took %s after its first byte, it lasts %s", rec.MSN, seconds(body), seconds(d.Round(time.Millisecond)))
		}
	},
})

// pacedLeast is below which a body arrives as one, however it is sent.
const pacedLeast = 64 << 10
