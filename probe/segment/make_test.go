package segment_test

import (
	"encoding/binary"
	"slices"
)

// packet builds one transport stream packet; the adaptation field fills it up.
func packet(pid uint16, cc byte, start bool, adaptation byte, payload ...byte) []byte {
	p := []byte{0x47, byte(pid >> 8), byte(pid), 0x30 | cc&0x0f}
	if start {
		p[1] |= 0x40
	}
	n := 188 - 5 - len(payload)
	p = append(p, byte(n))
	p = append(p, slices.Repeat([]byte{0xff}, n)...)
	if n > 0 {
		p[5] = adaptation
	}
	return append(p, payload...)
}

func pes(id byte, pts uint64) []byte {
	return []byte{
		0, 0, 1, id, 0, 0, 0x80, 0x80, 5,
		0x21 | byte(pts>>29)&0x0e, byte(pts >> 22), byte(pts>>14) | 1, byte(pts >> 7), byte(pts<<1) | 1,
	}
}

var (
	pat = packet(0, 0, true, 0, 0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe1, 0x00, 1, 2, 3, 4)
	pmt = packet(0x100, 0, true, 0, 0, 2, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 1, 0xf0, 0, 0x1b, 0xe1, 1, 0xf0, 0, 1, 2, 3, 4)
)

const (
	vpid, apid = 0x101, 0x102
	maxPTS     = 1<<33 - 1
)

func video(cc byte, pts uint64) []byte { return packet(vpid, cc, true, 0x40, pes(0xe0, pts)...) }
func audio(cc byte, pts uint64) []byte { return packet(apid, cc, true, 0, pes(0xc0, pts)...) }
func more(cc byte) []byte              { return packet(vpid, cc, false, 0, 1, 2, 3) }

func box(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), []byte(kind), body)
}

func u32(n ...uint32) []byte {
	var b []byte
	for _, v := range n {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func trak(id, scale uint32, version byte, handler string) []byte {
	times := make([]byte, 8)
	if version == 1 {
		times = make([]byte, 16)
	}
	v := []byte{version, 0, 0, 0}
	return box("trak", box("tkhd", v, times, u32(id, 0)),
		box("mdia", box("mdhd", v, times, u32(scale, 0)), box("hdlr", u32(0, 0), []byte(handler))))
}

func moof(track uint32, ticks uint64) []byte {
	return box("moof", box("mfhd", u32(0, 1)),
		box("traf", box("tfhd", u32(0, track)), box("tfdt", u32(1<<24), binary.BigEndian.AppendUint64(nil, ticks)),
			box("trun", u32(0, 0))))
}

func id3(frames ...[]byte) []byte {
	body := slices.Concat(frames...)
	return slices.Concat([]byte("ID3\x04\x00\x00\x00\x00"), []byte{byte(len(body) >> 7), byte(len(body) & 0x7f)}, body)
}

func priv(owner string, ticks uint64) []byte {
	body := append([]byte(owner+"\x00"), binary.BigEndian.AppendUint64(nil, ticks)...)
	return slices.Concat([]byte("PRIV"), u32(uint32(len(body))), []byte{0, 0}, body)
}

var (
	ftyp    = box("ftyp", []byte("iso6"), u32(0))
	initSec = slices.Concat(ftyp, box("moov", trak(1, 90000, 0, "vide"), trak(2, 48000, 1, "soun"), box("mvex")))
	media   = slices.Concat(box("styp", []byte("msdh")), box("sidx", u32(0)), moof(2, 96000),
		box("mdat", make([]byte, 1000)))
	owner = "com.apple.streaming.transportStreamTimestamp"
	adts  = []byte{0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f, 0xfc, 0, 0}
)
