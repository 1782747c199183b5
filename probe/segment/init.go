package segment

import "encoding/binary"

// Track is one track of an initialisation section.
type Track struct {
	ID        uint32
	Timescale uint32 // ticks per second
	Handler   string // vide, soun, subt, …
	Duration  uint32 // ticks of a sample whose fragment states none; 0 is not stated
	Flags     uint32 // of such a sample
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
	if mvex, ok := child(moov.body, "mvex"); ok {
		defaults(mvex.body, tracks)
	}
	return tracks
}

// defaults reads what trex boxes state for the samples of each track.
func defaults(mvex []byte, tracks []Track) {
	for b := mvex; len(b) > 0; {
		x, ok, _ := next(b, int64(len(b)))
		if !ok || !x.full {
			return
		}
		if string(x.kind) == "trex" && len(x.body) >= 24 {
			for i := range tracks {
				if tracks[i].ID == binary.BigEndian.Uint32(x.body[4:]) {
					tracks[i].Duration, tracks[i].Flags = binary.BigEndian.Uint32(x.body[12:]), binary.BigEndian.Uint32(x.body[20:])
				}
			}
		}
		b = b[x.size:]
	}
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
