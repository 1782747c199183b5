package segment

import (
	"bytes"
	"encoding/binary"

	"github.com/streamwatch/streamwatch/probe"
)

// isAudioFrame reports whether the bytes begin with a frame of packed audio:
// ADTS AAC, MP3, AC-3 or E-AC-3 (RFC 8216bis §3.1.3).
func isAudioFrame(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0xff && b[1]&0xe0 == 0xe0 && b[1] < 0xfe || b[0] == 0x0b && b[1] == 0x77)
}

// timestampOwner owns the PRIV frame that says where packed audio begins.
const timestampOwner = "com.apple.streaming.transportStreamTimestamp\x00"

// readAudio reads the timestamp of packed audio: 8 bytes, 33 bits of them used,
// in a PRIV frame of the ID3 tag at the beginning (RFC 8216bis §3.1.3).
func (f *Facts) readAudio(b []byte) {
	tag, whole := id3(b)
	// The owner is long and ends in a zero: looking for it is as safe as walking
	// the frames, whose sizes are written wrong by some packagers (ID3v2.3 in a v2.4 tag).
	i := bytes.Index(tag, []byte("PRIV"))
	for i >= 0 {
		frame := tag[i:]
		if len(frame) >= 10+len(timestampOwner)+8 && string(frame[10:10+len(timestampOwner)]) == timestampOwner {
			ticks := binary.BigEndian.Uint64(frame[10+len(timestampOwner):])
			f.Start = probe.State(ticks90k(ticks & (1<<33 - 1)))
			return
		}
		n := bytes.Index(frame[4:], []byte("PRIV"))
		if n < 0 {
			break
		}
		i += 4 + n
	}
	if whole {
		f.problem(checkID3, "packed audio without the timestamp of its first sample (ID3 PRIV "+
			timestampOwner[:len(timestampOwner)-1]+")")
	}
}

// id3 returns the content of the ID3 tag that b begins with, as far as it is in
// memory, and whether that is all of it.
func id3(b []byte) (tag []byte, whole bool) {
	const header = 10
	if !bytes.HasPrefix(b, []byte("ID3")) {
		return nil, true
	}
	if len(b) < header {
		return nil, false
	}
	size := int(b[6]&0x7f)<<21 | int(b[7]&0x7f)<<14 | int(b[8]&0x7f)<<7 | int(b[9]&0x7f)
	return b[header:min(header+size, len(b))], header+size <= len(b)
}

// readVTT looks for the header that ties a WebVTT segment to the time of media:
// X-TIMESTAMP-MAP, before the first empty line (RFC 8216bis §3.1.4).
func (f *Facts) readVTT(b []byte, complete bool) {
	first := bytes.TrimPrefix(b, []byte("\ufeffWEBVTT"))
	first = bytes.TrimPrefix(first, []byte("WEBVTT"))
	if len(first) > 0 && bytes.IndexByte([]byte(" \t\r\n"), first[0]) < 0 {
		f.problem(checkVTT, "the first line is not WEBVTT")
		return
	}
	_, header, _ := bytes.Cut(first, []byte("\n"))
	for line := range bytes.Lines(header) {
		line = bytes.TrimRight(line, "\r\n")
		if bytes.HasPrefix(line, []byte("X-TIMESTAMP-MAP=")) {
			return
		}
		complete = complete || len(line) == 0
		if len(line) == 0 {
			break
		}
	}
	if complete {
		f.problem(checkVTTMap, "no X-TIMESTAMP-MAP in the header")
	}
}
