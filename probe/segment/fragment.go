package segment

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// samples is what the fragments of one track say of its samples.
type samples struct {
	ticks   uint64             // that those last which state it
	rest    uint64             // how many last as long as the initialization section states
	flags   probe.Fact[uint32] // of the first sample; unstated is what the initialization section states
	known   bool               // every fragment of the segment was read
	isTrack bool               // there is one
}

// mostSamples bounds how many samples one fragment is believed to have.
const mostSamples = 1 << 20

// fragment reads a moof: of the first one which track comes first, and when its
// samples are decoded; of every one how long those of that track last.
func (f *Facts) fragment(moof box, first bool) {
	if first {
		f.samples.known = true
	}
	if !moof.full {
		f.samples.known = false
	}
	found := false
	for b := moof.body; len(b) > 0; {
		x, ok, _ := next(b, int64(len(b)))
		if !ok {
			break
		}
		if string(x.kind) == "traf" {
			f.traf(x, first && !found)
			found = true
		}
		if !x.full {
			break
		}
		b = b[x.size:]
	}
	if first && !found && moof.full {
		f.problem(checkBox, "moof without traf")
	}
}

// traf reads one track's part of a moof. The first of the segment says which
// track the facts are about.
func (f *Facts) traf(traf box, first bool) {
	h := readTfhd(traf.body)
	switch {
	case first:
		f.Track, f.samples.isTrack = h.track, true
		f.decodeTime(traf)
	case h.track != f.Track || !f.samples.isTrack:
		return
	}
	if !traf.full {
		f.samples.known = false
	}
	for b := traf.body; len(b) > 0; {
		x, ok, _ := next(b, int64(len(b)))
		if !ok || !x.full {
			f.samples.known = false
			return
		}
		if string(x.kind) == "trun" {
			f.samples.known = f.samples.run(x.body, h, first) && f.samples.known
			first = false
		}
		b = b[x.size:]
	}
}

// decodeTime reads baseMediaDecodeTime, which RFC 8216bis §3.1.2 asks for.
func (f *Facts) decodeTime(traf box) {
	tfdt, ok := child(traf.body, "tfdt")
	switch {
	case !ok && traf.full:
		f.problem(checkBox, "traf without tfdt")
	case ok && len(tfdt.body) >= 12 && tfdt.body[0] == 1:
		f.Ticks = probe.State(binary.BigEndian.Uint64(tfdt.body[4:]))
	case ok && len(tfdt.body) >= 8 && tfdt.body[0] == 0:
		f.Ticks = probe.State(uint64(binary.BigEndian.Uint32(tfdt.body[4:])))
	}
}

// tfhd is the header of a track fragment, ISO/IEC 14496-12 §8.8.7.
type tfhd struct {
	track    uint32
	duration probe.Fact[uint32]
	flags    probe.Fact[uint32]
}

func readTfhd(traf []byte) (h tfhd) {
	x, ok := child(traf, "tfhd")
	if !ok || len(x.body) < 8 {
		return h
	}
	given, b := flagsOf(x.body), x.body[8:]
	h.track = binary.BigEndian.Uint32(x.body[4:])
	for _, field := range [...]struct {
		bit  uint32
		size int
		to   *probe.Fact[uint32]
	}{{1, 8, nil}, {2, 4, nil}, {8, 4, &h.duration}, {0x10, 4, nil}, {0x20, 4, &h.flags}} {
		switch {
		case given&field.bit == 0:
			continue
		case len(b) < field.size:
			return h
		case field.to != nil:
			*field.to = probe.State(binary.BigEndian.Uint32(b))
		}
		b = b[field.size:]
	}
	return h
}

// run adds a trun, ISO/IEC 14496-12 §8.8.8, and reports whether it could be
// read. The first one of a segment says how it begins.
func (s *samples) run(b []byte, h tfhd, first bool) bool {
	if len(b) < 8 {
		return false
	}
	given, count := flagsOf(b), uint64(binary.BigEndian.Uint32(b[4:]))
	size := 0
	for _, bit := range [...]uint32{0x100, 0x200, 0x400, 0x800} {
		if given&bit != 0 {
			size += 4
		}
	}
	b = b[8:]
	if given&1 != 0 {
		b = b[min(4, len(b)):]
	}
	own := h.flags
	if given&4 != 0 && len(b) >= 4 {
		own, b = probe.State(binary.BigEndian.Uint32(b)), b[4:]
	}
	if count > mostSamples || count*uint64(size) > uint64(len(b)) {
		return false
	}
	if at := size - 4*int(given>>11&1) - 4; given&0x404 == 0x400 && count > 0 {
		own = probe.State(binary.BigEndian.Uint32(b[at:]))
	}
	if first && count > 0 {
		s.flags = own
	}
	switch {
	case given&0x100 != 0:
		for i := range count {
			s.ticks += uint64(binary.BigEndian.Uint32(b[int(i)*size:]))
		}
	case h.duration.Stated:
		s.ticks += count * uint64(h.duration.Value)
	default:
		s.rest += count
	}
	return true
}

func flagsOf(b []byte) uint32 { return binary.BigEndian.Uint32(b) & 0xffffff }

// track returns the track that the facts of an MP4 segment are about.
func (f *Facts) track(tracks []Track) (Track, bool) {
	for _, t := range tracks {
		if f.samples.isTrack && t.ID == f.Track && t.Timescale > 0 {
			return t, true
		}
	}
	return Track{}, false
}

// StartOf returns where the segment begins: Start, or for MP4 the first decode
// time in the timescale of its track, which an initialisation section states.
func (f *Facts) StartOf(tracks []Track) probe.Fact[time.Duration] {
	if !f.Ticks.Stated {
		return f.Start
	}
	if t, ok := f.track(tracks); ok {
		return inSeconds(f.Ticks.Value, t.Timescale)
	}
	return probe.Fact[time.Duration]{}
}

// SpanOf returns how long the media lasts: Span, or for MP4 the sum of what the
// samples of its first track last. It is unstated where the bytes that were read
// do not show all of it.
func (f *Facts) SpanOf(tracks []Track) probe.Fact[time.Duration] {
	t, ok := f.track(tracks)
	if !ok || !f.samples.known || f.samples.rest > 0 && t.Duration == 0 || f.samples.rest > mostSamples {
		return f.Span
	}
	return inSeconds(f.samples.ticks+f.samples.rest*uint64(t.Duration), t.Timescale)
}

// Bits of sample flags, ISO/IEC 14496-12 §8.8.3.1.
const (
	nonSync      = 0x00010000
	dependsMask  = 0x03000000
	dependsOther = 0x01000000
)

// KeyframeOf returns whether decoding can begin with the first picture:
// Keyframe, or for MP4 what its sample flags say. A picture that is no sync
// sample but depends on no other one, as in an open GOP, leaves it unstated.
func (f *Facts) KeyframeOf(tracks []Track) probe.Fact[bool] {
	t, ok := f.track(tracks)
	if !ok || t.Handler != "vide" || !f.samples.flags.Stated && f.samples.ticks+f.samples.rest == 0 {
		return f.Keyframe
	}
	switch flags := f.samples.flags.Or(t.Flags); {
	case flags&nonSync == 0:
		return probe.State(true)
	case flags&dependsMask == dependsOther:
		return probe.State(false)
	default:
		return probe.Fact[bool]{}
	}
}

// inSeconds converts ticks of a timescale; unstated when there is no such time.
func inSeconds(ticks uint64, timescale uint32) probe.Fact[time.Duration] {
	seconds, rest := ticks/uint64(timescale), ticks%uint64(timescale)
	if seconds >= math.MaxInt64/uint64(time.Second) {
		return probe.Fact[time.Duration]{}
	}
	return probe.State(time.Duration(seconds)*time.Second + time.Duration(rest*uint64(time.Second)/uint64(timescale)))
}
