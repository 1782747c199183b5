package segment

import (
	"encoding/binary"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Stream types of a PMT, ISO/IEC 13818-1 table 2-34, and that of H.264 under
// SAMPLE-AES.
const (
	typeH264       = 0x1b
	typeHEVC       = 0x24
	typeH264Sample = 0xdb
)

// recoveryPoint is the SEI message of a picture at which decoding can begin
// though it is no IDR, ITU-T H.264 §D.1.8.
const recoveryPoint = 6

// streams reads from a program map section what the first video is coded in.
func (r *tsReader) streams(b []byte) {
	if r.kind != 0 || len(b) == 0 || len(b) <= int(b[0])+13 {
		return
	}
	b = b[1+int(b[0]):]
	end := sectionEnd(b)
	at := 12 + int(binary.BigEndian.Uint16(b[10:])&0x0fff)
	for at+5 <= end {
		switch b[at] {
		case typeH264, typeHEVC, typeH264Sample:
			r.kind = b[at]
			return
		}
		at += 5 + int(binary.BigEndian.Uint16(b[at+3:])&0x0fff)
	}
}

// pes reads the PTS of a PES packet that begins in a packet.
func (r *tsReader) pes(b []byte, randomAccess bool) {
	if len(b) < 4 || b[0] != 0 || b[1] != 0 || b[2] != 1 {
		return
	}
	if !r.media && !r.gotPMT {
		r.early = true
	}
	r.media = true
	video := false
	var first *probe.Fact[time.Duration]
	switch id := b[3]; {
	case id >= 0xe0 && id <= 0xef:
		first, video = &r.f.Video, true
		if !r.pictures.begun {
			r.pictures.begun = true
			r.f.Keyframe = r.keyframe(b, randomAccess)
		}
	case id >= 0xc0 && id <= 0xdf, id == 0xbd, id == 0xfd: // MPEG audio and AAC, AC-3, E-AC-3
		first = &r.f.Audio
	default:
		return
	}
	if len(b) < 14 || b[7]&0x80 == 0 {
		return
	}
	pts := uint64(b[9]&0x0e)<<29 | uint64(b[10])<<22 | uint64(b[11]&0xfe)<<14 | uint64(b[12])<<7 | uint64(b[13])>>1
	if video {
		r.pictures.add(pts)
	}
	if !first.Stated {
		*first = probe.State(ticks90k(pts))
	}
}

// keyframe tells whether decoding can begin with a picture, by the indicator of
// its packet or by the first NAL units that the packet holds. Encoders that set
// no indicator are common, so its absence alone proves nothing.
func (r *tsReader) keyframe(b []byte, randomAccess bool) probe.Fact[bool] {
	if randomAccess {
		return probe.State(true)
	}
	if len(b) < 9 || len(b) < 9+int(b[8]) {
		return probe.Fact[bool]{}
	}
	b = b[9+int(b[8]):]
	for i := 0; i+3 < len(b); i++ {
		if b[i] != 0 || b[i+1] != 0 || b[i+2] != 1 {
			continue
		}
		switch n := b[i+3]; {
		case r.kind == typeHEVC && n>>1&0x3f <= 9, r.kind != typeHEVC && r.kind != 0 && n&0x1f == 1:
			// a slice that others must come before
			return probe.State(false)
		case r.kind != typeHEVC && r.kind != 0 && n&0x1f == 6 && i+4 < len(b) && b[i+4] == recoveryPoint:
			return probe.State(true)
		case r.kind == typeHEVC && n>>1&0x3f >= 16 && n>>1&0x3f <= 34,
			r.kind != typeHEVC && r.kind != 0 && (n&0x1f == 5 || n&0x1f == 7): // IDR, IRAP or parameters
			return probe.State(true)
		}
	}
	return probe.Fact[bool]{}
}

// pictures is what the timestamps of the video say together.
type pictures struct {
	begun       bool
	count       int64
	base        uint64
	least, most int64 // from base
}

// add takes in one timestamp of 33 bits.
func (p *pictures) add(pts uint64) {
	if p.count == 0 {
		p.base = pts
	}
	p.count++
	const half = 1 << 32
	off := int64((pts-p.base+half)&(2*half-1)) - half
	p.least, p.most = min(p.least, off), max(p.most, off)
}

// span is how long the pictures last, the last one as long as they do in the
// mean; unstated for fewer than two.
func (p *pictures) span() probe.Fact[time.Duration] {
	if p.count < 2 {
		return probe.Fact[time.Duration]{}
	}
	return probe.State(ticks90k(uint64((p.most - p.least) * p.count / (p.count - 1))))
}
