package playlist

import (
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

func (r *reader) partInf(list string) {
	if !r.once(tagPartInf) {
		return
	}
	for r.attrs(list); r.nextAttr(); {
		if r.attr.name == "PART-TARGET" {
			r.p.PartTarget = r.secondsAttr()
		}
	}
	if !r.p.PartTarget.Stated {
		r.problem("ll.partinf", "EXT-X-PART-INF has no PART-TARGET")
	} else if r.p.PartTarget.Value == 0 {
		r.problem("ll.partinf", "PART-TARGET is 0")
	}
}

func (r *reader) serverControl(list string) {
	if !r.once(tagServerControl) {
		return
	}
	var s probe.ServerControl
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "CAN-BLOCK-RELOAD":
			s.CanBlockReload = r.yesAttr()
		case "CAN-SKIP-UNTIL":
			s.CanSkipUntil = r.secondsAttr()
		case "CAN-SKIP-DATERANGES":
			s.CanSkipDateRanges = r.yesAttr()
		case "HOLD-BACK":
			s.HoldBack = r.secondsAttr()
		case "PART-HOLD-BACK":
			s.PartHoldBack = r.secondsAttr()
		}
	}
	r.p.ServerControl = probe.State(s)
}

// part reads EXT-X-PART. It belongs to the segment whose URI comes next, or to
// the one in progress.
func (r *reader) part(list string) {
	var p probe.Part
	stated := false
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "URI":
			p.URI = r.quotedAttr()
		case "DURATION":
			d := r.secondsAttr()
			if p.Duration, stated = d.Value, d.Stated; p.Duration > longestMedia {
				r.badAttr("less than a day")
				p.Duration = 0
			}
		case "INDEPENDENT":
			p.Independent = r.yesAttr()
		case "GAP":
			p.Gap = r.yesAttr()
		case "BYTERANGE":
			p.ByteRange = r.byteRange(r.quotedAttr())
		}
	}
	r.resolve(&p.ByteRange, p.URI, &r.lastPart)
	if p.URI == "" || !stated {
		r.problem("m3u.attr", "EXT-X-PART wants a URI and a DURATION")
	}
	if r.parts == nil {
		r.parts = make([]probe.Part, 0, 1+strings.Count(r.text[r.pos:], "#EXT-X-PART:"))
	}
	r.parts = append(r.parts, p)
}

func (r *reader) preloadHint(list string) {
	var h probe.PreloadHint
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "TYPE":
			h.Type = r.wordAttr()
		case "URI":
			h.URI = r.quotedAttr()
		case "BYTERANGE-START":
			h.ByteRangeStart = signed(r.countAttr()).Value
		case "BYTERANGE-LENGTH":
			h.ByteRangeLength = signed(r.countAttr())
		}
	}
	if h.Type == "" || h.URI == "" {
		r.problem("m3u.attr", "EXT-X-PRELOAD-HINT wants a TYPE and a URI")
	}
	r.p.PreloadHints = append(r.p.PreloadHints, h)
}

// signed makes a byte count of a number; one that is out of all bounds is not stated.
func signed(n probe.Fact[uint64]) probe.Fact[int64] {
	if !n.Stated || n.Value > maxOffset {
		return probe.Fact[int64]{}
	}
	return probe.State(int64(n.Value))
}

func (r *reader) renditionReport(list string) {
	var rr probe.RenditionReport
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "URI":
			rr.URI = r.quotedAttr()
		case "LAST-MSN":
			rr.LastMSN = r.countAttr()
		case "LAST-PART":
			rr.LastPart = r.countAttr()
		}
	}
	if rr.URI == "" {
		r.problem("m3u.attr", "EXT-X-RENDITION-REPORT has no URI")
	}
	r.p.RenditionReports = append(r.p.RenditionReports, rr)
}

// skip reads EXT-X-SKIP, which stands for the oldest segments of a delta
// update, RFC 8216bis §4.4.5.2.
func (r *reader) skip(list string) {
	if !r.once(tagSkip) {
		return
	}
	if len(r.p.Segments) > 0 {
		r.problem("m3u.order", "EXT-X-SKIP comes after a segment")
	}
	r.need(9, "EXT-X-SKIP")
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "SKIPPED-SEGMENTS":
			r.p.Skipped = r.countAttr()
		case "RECENTLY-REMOVED-DATERANGES":
			r.p.RemovedDateRanges = probe.State(r.quotedAttr())
			r.need(10, "RECENTLY-REMOVED-DATERANGES")
		}
	}
	if !r.p.Skipped.Stated {
		r.problem("m3u.attr", "EXT-X-SKIP has no SKIPPED-SEGMENTS")
	}
}
