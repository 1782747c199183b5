package segment

import (
	"encoding/binary"
	"fmt"
	"time"
)

// A transport stream is packets of 188 bytes that begin with 0x47 (ISO/IEC
// 13818-1 §2.4.3.2).
const (
	packetBytes = 188
	syncByte    = 0x47
	nullPID     = 0x1fff
)

// syncOffset returns where the first packet of a transport stream begins, or -1
// when the bytes are none. A stream that begins with a sync byte needs one more
// where there is room for it; one that lost its beginning needs four in a row.
func syncOffset(b []byte) int {
	if len(b) > 0 && b[0] == syncByte && (len(b) <= packetBytes || b[packetBytes] == syncByte) {
		return 0
	}
	for o := range packetBytes + 1 {
		last := o + 3*packetBytes
		if last < len(b) && b[o] == syncByte && b[o+packetBytes] == syncByte && b[o+2*packetBytes] == syncByte &&
			b[last] == syncByte {
			return o
		}
	}
	return -1
}

// tsReader walks the packets of a transport stream.
type tsReader struct {
	f        *Facts
	counters [nullPID + 1]uint8 // by PID: the last continuity counter | seen
	pmt      uint16             // PID of the first program's PMT; 0 is none yet
	gotPMT   bool
	media    bool // a PES packet has begun
	kind     byte // stream_type of the first video in the PMT; 0 is none
	pictures pictures

	breaks, firstBreak        int
	errored, scrambled, early bool
}

const seen = 0x10

// What Start can be of in a transport stream.
const (
	trackVideo = 1
	trackAudio = 2
)

// readTS notes the facts of a transport stream. Packets after a lost sync are
// not read: what they seem to say is noise.
func (f *Facts) readTS(head []byte, total int64, complete bool) {
	r := tsReader{f: f}
	if o := syncOffset(head); o > 0 {
		f.problem(checkSync, fmt.Sprintf("first sync byte at %d, want 0", o))
		return
	}
	for at := 0; at+packetBytes <= len(head); at += packetBytes {
		if head[at] != syncByte {
			f.problem(checkSync, fmt.Sprintf("no sync byte at %d", at))
			break
		}
		r.packet(head[at:at+packetBytes], at)
	}
	if total >= 0 && total%packetBytes != 0 {
		f.problem(checkSync, fmt.Sprintf("%d bytes are not whole packets: %d left over", total, total%packetBytes))
	}
	r.conclude()
	if complete {
		f.Span = r.pictures.span()
	}
	f.Start, f.Track = f.Video, trackVideo
	if !f.Start.Stated {
		f.Start, f.Track = f.Audio, trackAudio
	}
}

// conclude notes the problems that are counted over packets.
func (r *tsReader) conclude() {
	switch {
	case r.early:
		r.f.problem(checkPAT, "media begins before PAT and PMT")
	case !r.gotPMT:
		r.f.problem(checkPAT, "no PAT and PMT in the first bytes")
	}
	if r.breaks > 0 {
		r.f.problem(checkCC, fmt.Sprintf("%d continuity counter breaks, the first at byte %d", r.breaks, r.firstBreak))
	}
	if r.errored {
		r.f.problem(checkCC, "transport_error_indicator is set")
	}
	if r.scrambled {
		r.f.problem(checkCC, "packets are scrambled")
	}
}

// packet reads one packet, of packetBytes bytes.
func (r *tsReader) packet(p []byte, at int) {
	pid := binary.BigEndian.Uint16(p[1:]) & nullPID
	if pid == nullPID {
		return
	}
	r.errored = r.errored || p[1]&0x80 != 0
	r.scrambled = r.scrambled || p[3]&0xc0 != 0
	payload := p[4:]
	var discontinuity, randomAccess bool
	if p[3]&0x20 != 0 { // adaptation field
		n := int(p[4])
		if n > len(p)-5 {
			return
		}
		if n > 0 {
			discontinuity, randomAccess = p[5]&0x80 != 0, p[5]&0x40 != 0
		}
		payload = p[5+n:]
	}
	hasPayload := p[3]&0x10 != 0
	r.count(pid, p[3]&0x0f, hasPayload, discontinuity, at)
	if !hasPayload || p[1]&0x40 == 0 { // no section and no PES packet begins here
		return
	}
	switch {
	case pid == 0:
		r.pat(payload)
	case pid == r.pmt && pid != 0:
		r.gotPMT = true
		r.streams(payload)
	default:
		r.pes(payload, randomAccess)
	}
}

// count follows the continuity counter of a PID: it grows by one with each
// payload; one repetition of a packet is allowed (ISO/IEC 13818-1 §2.4.3.3).
func (r *tsReader) count(pid uint16, cc uint8, hasPayload, discontinuity bool, at int) {
	last := r.counters[pid]
	r.counters[pid] = cc | seen
	if last&seen == 0 || discontinuity || last&0x0f == cc {
		return
	}
	if hasPayload && cc == (last+1)&0x0f {
		return
	}
	if r.breaks == 0 {
		r.firstBreak = at
	}
	r.breaks++
}

// pat reads the PID of the first program from a program association section.
func (r *tsReader) pat(b []byte) {
	if len(b) == 0 || len(b) <= int(b[0])+8 {
		return
	}
	b = b[1+int(b[0]):]
	if b[0] != 0 {
		return
	}
	end := sectionEnd(b)
	for at := 8; at+4 <= end; at += 4 {
		if binary.BigEndian.Uint16(b[at:]) != 0 { // program 0 is the network's
			r.pmt = binary.BigEndian.Uint16(b[at+2:]) & nullPID
			return
		}
	}
}

// sectionEnd is where the content of a section ends: before its CRC, and within b.
func sectionEnd(b []byte) int {
	return min(3+int(binary.BigEndian.Uint16(b[1:])&0x0fff)-4, len(b))
}

// ticks90k converts a timestamp of 33 bits in units of 1/90000 s.
func ticks90k(n uint64) time.Duration {
	const nanosPer9Ticks = 100_000
	return time.Duration(n * nanosPer9Ticks / 9)
}
