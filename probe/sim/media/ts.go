package media

import "time"

const (
	packetSize = 188
	pidPAT     = 0
	pidPMT     = 0x1000
	pidVideo   = 0x100
	pidAudio   = 0x101

	ptsOffset = 126000 // presentation is 1.4 s after the timeline's zero, as ffmpeg's muxer has it
	pcrOffset = ptsOffset - 63000

	audioGroup = 5 // video frames between two audio PES packets
)

// gop is one second of MPEG-TS at time zero, with the places to patch.
type gop struct {
	data   []byte
	stamps []stamp
	count  [4]int // packets by counter, see counterOf
}

// stamp is a timestamp in a gop's data: a 5-byte PTS or a 6-byte PCR.
type stamp struct {
	at    int
	ticks int64
	pcr   bool
}

// counterOf numbers the PIDs of our packets.
func counterOf(packet []byte) int {
	switch uint16(packet[1]&0x1f)<<8 | uint16(packet[2]) {
	case pidPAT:
		return 0
	case pidPMT:
		return 1
	case pidVideo:
		return 2
	default:
		return 3
	}
}

// TS returns the MPEG-TS of whole seconds [begin, begin+seconds) of an embedded
// rendition, counted from the begin of the broadcast. Consecutive segments join
// without a discontinuity, for ever: timestamps wrap at 33 bits. An index or a
// second out of range counts modulo what there is. take other than zero is
// another recording of the same seconds: its pictures and sound differ.
func TS(video int, begin, seconds int64, take int) []byte {
	t := tracks()[video%len(tracks())]
	begin = max(0, begin)
	gopAt := func(s int64) *gop { return &t.gops[(s+other(take))%LoopSeconds] }
	size := 0
	for s := begin; s < begin+seconds; s++ {
		size += len(gopAt(s).data)
	}
	out := make([]byte, 0, size)
	counters := countersAt(t, begin)
	for s := begin; s < begin+seconds; s++ {
		g := gopAt(s)
		from := len(out)
		out = append(out, g.data...)
		g.patch(out[from:], s*ticksPerGOP, &counters)
	}
	return out
}

// Offset returns where in TS of the same arguments a frame begins, counted from
// the second begin. Cut there, the pieces are partial segments.
func Offset(video int, begin int64, frame, take int) int {
	t := tracks()[video%len(tracks())]
	at := 0
	for s := max(0, begin); ; s++ {
		g := &t.gops[(s+other(take))%LoopSeconds]
		if frame >= framesPerGOP {
			at, frame = at+len(g.data), frame-framesPerGOP
			continue
		}
		if frame == 0 {
			return at // in front of the tables
		}
		for _, stamp := range g.stamps {
			if !stamp.pcr {
				continue
			}
			if frame--; frame < 0 {
				return at + stamp.at - 6 // a PCR stands six bytes into the first packet of a picture
			}
		}
	}
}

// FrameAt returns the frame that is shown at a time after the second begin.
func FrameAt(since time.Duration) int { return int(since * framesPerGOP / time.Second) }

// other is by how many seconds a take is out of step with the true recording.
func other(take int) int64 {
	if take <= 0 {
		return 0
	}
	return 1 + int64(take-1)%(LoopSeconds-1)
}

// countersAt returns how many packets of each PID came before a second.
func countersAt(t *track, second int64) (counters [4]int) {
	rounds := int(second/LoopSeconds) % 16 // counters are modulo 16
	for i, g := range t.gops {
		times := rounds
		if int64(i) < second%LoopSeconds {
			times++
		}
		for pid, n := range g.count {
			counters[pid] += n * times
		}
	}
	return counters
}

// patch moves a copy of the gop to its place in time.
func (g *gop) patch(data []byte, shift int64, counters *[4]int) {
	for at := 0; at < len(data); at += packetSize {
		n := &counters[counterOf(data[at:])]
		data[at+3] = data[at+3]&0xf0 | byte(*n&0xf)
		*n++
	}
	for _, s := range g.stamps {
		if s.pcr {
			putPCR(data[s.at:], s.ticks+shift)
		} else {
			putPTS(data[s.at:], s.ticks+shift)
		}
	}
}

// muxGOP writes one second of the loop.
func muxGOP(t *track, second int) gop {
	var g gop
	g.section(pidPAT, []byte{0x00, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0 | pidPMT>>8, pidPMT & 0xff})
	g.section(pidPMT, []byte{
		0x02, 0xb0, 23, 0, 1, 0xc1, 0, 0, 0xe0 | pidVideo>>8, pidVideo & 0xff, 0xf0, 0,
		0x1b, 0xe0 | pidVideo>>8, pidVideo & 0xff, 0xf0, 0, // H.264
		0x0f, 0xe0 | pidAudio>>8, pidAudio & 0xff, 0xf0, 0, // AAC in ADTS
	})
	next, _ := audioRange(second * framesPerGOP)
	_, last := audioRange((second+1)*framesPerGOP - 1)
	for i := range framesPerGOP {
		ticks := int64(i * videoTicks)
		g.pes(pidVideo, 0xe0, t.frames[second*framesPerGOP+i], ticks, i == 0)
		if (i+1)%audioGroup != 0 {
			continue
		}
		until := second*ticksPerGOP + (i+1)*videoTicks
		first := next
		var payload []byte
		for ; next < last && next*audioTicks < until; next++ {
			payload = append(payload, t.audio[next]...)
		}
		g.pes(pidAudio, 0xc0, payload, int64(first*audioTicks-second*ticksPerGOP), true)
	}
	return g
}

// section writes a PSI section into a packet of its own, ISO 13818-1 §2.4.4.
func (g *gop) section(pid uint16, body []byte) {
	packet := make([]byte, packetSize)
	n := copy(packet, []byte{0x47, 0x40 | byte(pid>>8), byte(pid), 0x10, 0})
	n += copy(packet[n:], body)
	sum := crcMPEG(body)
	n += copy(packet[n:], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	for ; n < packetSize; n++ {
		packet[n] = 0xff
	}
	g.count[counterOf(packet)]++
	g.data = append(g.data, packet...)
}

// pes writes one PES packet, cut into transport packets. Video carries a PCR
// with each frame.
func (g *gop) pes(pid uint16, stream byte, payload []byte, ticks int64, random bool) {
	length := len(payload) + 8
	if pid == pidVideo {
		length = 0 // unbounded, which video may be
	}
	head := []byte{0, 0, 1, stream, byte(length >> 8), byte(length), 0x80, 0x80, 5, 0, 0, 0, 0, 0}
	body := append(head, payload...)
	for first := true; len(body) > 0; first = false {
		at := len(g.data)
		packet := append(make([]byte, 0, packetSize), 0x47, byte(pid>>8), byte(pid), 0x10)
		var field []byte // adaptation field without its length byte
		if first {
			packet[1] |= 0x40
			field = []byte{0}
			if random {
				field[0] |= 0x40
			}
			if pid == pidVideo {
				field[0] |= 0x10
				g.stamps = append(g.stamps, stamp{at: at + 6, ticks: ticks + pcrOffset, pcr: true})
				field = append(field, 0, 0, 0, 0, 0, 0)
			}
		}
		packet = append(packet, adaptation(field, len(body))...)
		if len(packet) > 4 {
			packet[3] = 0x30
		}
		if first {
			g.stamps = append(g.stamps, stamp{at: at + len(packet) + 9, ticks: ticks + ptsOffset})
		}
		n := min(len(body), packetSize-len(packet))
		packet = append(packet, body[:n]...)
		body = body[n:]
		g.count[counterOf(packet)]++
		g.data = append(g.data, packet...)
	}
}

// adaptation returns the adaptation field with the stuffing that makes payload
// end with the packet; nil when there is neither.
func adaptation(field []byte, payload int) []byte {
	used := 0
	if len(field) > 0 {
		used = 1 + len(field)
	}
	stuff := packetSize - 4 - used - payload
	if stuff > 0 && len(field) == 0 {
		if stuff == 1 {
			return []byte{0}
		}
		field, stuff = []byte{0}, stuff-2
	}
	for range max(0, stuff) {
		field = append(field, 0xff)
	}
	if len(field) == 0 {
		return nil
	}
	return append([]byte{byte(len(field))}, field...)
}

func putPTS(b []byte, ticks int64) {
	v := uint64(ticks) & timestampMask
	b[0] = 0x21 | byte(v>>29)&0x0e
	b[1] = byte(v >> 22)
	b[2] = byte(v>>14) | 1
	b[3] = byte(v >> 7)
	b[4] = byte(v<<1) | 1
}

func putPCR(b []byte, ticks int64) {
	v := uint64(ticks) & timestampMask
	b[0], b[1], b[2], b[3] = byte(v>>25), byte(v>>17), byte(v>>9), byte(v>>1)
	b[4] = byte(v<<7) | 0x7e
	b[5] = 0
}

// crcMPEG is CRC-32/MPEG-2: the polynomial of IEEE, bits not reflected, which
// hash/crc32 does not have.
func crcMPEG(data []byte) uint32 {
	sum := ^uint32(0)
	for _, b := range data {
		sum ^= uint32(b) << 24
		for range 8 {
			carry := sum >> 31
			sum = sum<<1 ^ carry*0x04c11db7
		}
	}
	return sum
}
