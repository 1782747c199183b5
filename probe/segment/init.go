package segment

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Track is one track of an initialisation section.
type Track struct {
	ID        uint32
	Timescale uint32 // ticks per second
	Handler   string // vide, soun, subt, …
}

// Init reads the tracks of an initialisation section (EXT-X-MAP) or of any
// bytes that hold a whole moov. It returns nil where there is none.
func Init(head []byte) []Track {
	moov, ok := child(head, "moov")
	if !ok {
		return nil
	}
	var tracks []Track
	for b := moov.body; len(b) > 0; {
		x, ok, _ := next(b, int64(len(b)))
		if !ok || !x.full {
			break
		}
		if string(x.kind) == "trak" {
			if t, ok := track(x.body); ok {
				tracks = append(tracks, t)
			}
		}
		b = b[x.size:]
	}
	return tracks
}

// track reads tkhd, mdhd and hdlr, whose fields move when their version is 1.
func track(trak []byte) (Track, bool) {
	tkhd, ok := child(trak, "tkhd")
	mdia, ok2 := child(trak, "mdia")
	mdhd, ok3 := child(mdia.body, "mdhd")
	if !ok || !ok2 || !ok3 {
		return Track{}, false
	}
	id, ok := field(tkhd.body)
	scale, ok2 := field(mdhd.body)
	if !ok || !ok2 || scale == 0 {
		return Track{}, false
	}
	t := Track{ID: id, Timescale: scale}
	if hdlr, ok := child(mdia.body, "hdlr"); ok && len(hdlr.body) >= 12 {
		t.Handler = string(hdlr.body[8:12])
	}
	return t, true
}

// field returns what follows the two times at the beginning of tkhd and mdhd:
// track_ID and timescale.
func field(b []byte) (uint32, bool) {
	at := 12
	if len(b) > 0 && b[0] == 1 {
		at = 20
	}
	if len(b) < at+4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(b[at:]), true
}

// StartOf returns where the segment begins: Start, or for MP4 the first decode
// time in the timescale of its track, which an initialisation section states.
func (f *Facts) StartOf(tracks []Track) probe.Fact[time.Duration] {
	if !f.Ticks.Stated {
		return f.Start
	}
	for _, t := range tracks {
		if t.ID != f.Track || t.Timescale == 0 {
			continue
		}
		seconds, rest := f.Ticks.Value/uint64(t.Timescale), f.Ticks.Value%uint64(t.Timescale)
		if seconds >= math.MaxInt64/uint64(time.Second) {
			break
		}
		return probe.State(time.Duration(seconds)*time.Second + time.Duration(rest*uint64(time.Second)/uint64(t.Timescale)))
	}
	return probe.Fact[time.Duration]{}
}
