package playlist

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// cueTag reads the ad markers that packagers write beside the RFC. None of them
// has a specification; these are the forms in the field.
func (r *reader) cueTag(name, value string) bool {
	switch name {
	case "#EXT-X-CUE-OUT":
		d := r.cueDuration(value)
		r.seg.CueOut = probe.State(d)
		if bare, _, ok := parseSeconds(value); ok {
			r.secondCue(value, bare)
		}
	case "#EXT-X-CUE-IN":
		r.seg.CueIn = true
	case "#EXT-X-CUE-OUT-CONT":
	case "#EXT-OATCLS-SCTE35":
		r.judgeBase64Cue(value)
	case "#EXT-X-SCTE35", "#EXT-SCTE35":
		r.scte35(value)
	default:
		return false
	}
	return true
}

// cueDuration reads what follows EXT-X-CUE-OUT: nothing, "30", "30.0,ID=…" or
// "DURATION=30,…".
func (r *reader) cueDuration(value string) time.Duration {
	if value == "" {
		return 0
	}
	bare, _, _ := strings.Cut(value, ",")
	if d, _, ok := parseSeconds(strings.TrimSpace(bare)); ok {
		return d
	}
	for r.looseAttrs(value); r.nextAttr(); {
		if strings.EqualFold(r.attr.name, "DURATION") {
			if d, _, ok := parseSeconds(r.attr.value); ok {
				return d
			}
		}
	}
	r.problem("cue", "EXT-X-CUE-OUT has no duration that can be read: %s", quote(value))
	return 0
}

func (r *reader) scte35(list string) {
	out, duration := false, time.Duration(0)
	for r.looseAttrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "CUE":
			r.judgeBase64Cue(r.attr.value)
		case "CUE-OUT":
			out = r.attr.value == "YES"
		case "CUE-IN":
			r.seg.CueIn = r.seg.CueIn || r.attr.value == "YES"
		case "DURATION":
			duration, _, _ = parseSeconds(r.attr.value)
		}
	}
	if out {
		r.seg.CueOut = probe.State(duration)
	}
}

func (r *reader) judgeBase64Cue(s string) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		b, err = base64.RawStdEncoding.DecodeString(s)
	}
	if err != nil {
		r.problem("cue", "the SCTE-35 payload of %s is not base64", r.tag)
		return
	}
	r.judgeSplice(b)
}

func (r *reader) judgeHexCue(s string) {
	if !isHex(s, -1) {
		r.problem("cue", "the SCTE-35 payload of %s is not hexadecimal", r.tag)
		return
	}
	b, err := hex.DecodeString(s[2:])
	if err == nil {
		r.judgeSplice(b)
	}
}

// judgeSplice holds a splice_info_section to its length and CRC, SCTE 35 §9.6.
func (r *reader) judgeSplice(b []byte) {
	if len(b) < 3 || b[0] != 0xFC {
		r.problem("cue", "the SCTE-35 payload of %s is no splice_info_section", r.tag)
		return
	}
	n := 3 + (int(b[1]&0x0F)<<8 | int(b[2]))
	switch {
	case len(b) < n:
		r.problem("cue", "the SCTE-35 payload of %s has %d bytes, its header says %d", r.tag, len(b), n)
	case crc(b[:n]) != 0:
		r.problem("cue", "the CRC of the SCTE-35 payload of %s is wrong", r.tag)
	}
}

// crc is the CRC-32 of ISO/IEC 13818-1 annex A, which hash/crc32 does not have:
// most significant bit first. Over a section with its CRC it is zero.
func crc(b []byte) uint32 {
	c := ^uint32(0)
	for _, v := range b {
		c ^= uint32(v) << 24
		for range 8 {
			top := c >> 31
			c = c<<1 ^ 0x04C11DB7*top
		}
	}
	return c
}
