package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var segRange = register(Check{
	ID:      "seg.range",
	Summary: "byte ranges are not served",
	Doc: "A request for the byte range of an EXT-X-BYTERANGE is answered with the whole resource, or with a 206 that " +
		"begins at another byte. Two of three probes open an incident. A server that ignores ranges of whole segments is " +
		"no finding, since only we ask for those.",
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
	Doc: "A complete segment starts to arrive at once but takes about as long as it lasts (75 to 115 %), twice in " +
		"four times. The server sends it while it is being made, or throttles to its bit rate. The severity follows the " +
		"limits of seg.slow. Only known when segments are read whole (segments: full).",
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
			p.Reportf(slowness(ex.Duration(), d), "segment %d took %s after its first byte, it lasts %s",
				rec.MSN, Seconds(body), Seconds(d.Round(time.Millisecond)))
		}
	},
})

// pacedLeast is below which a body arrives as one, however it is sent.
const pacedLeast = 64 << 10
