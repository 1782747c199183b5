package segment

import (
	"encoding/binary"
	"fmt"
	"math"
)

// box is one box of ISO/IEC 14496-12 §4.2, as far as it is in memory.
type box struct {
	kind []byte
	size int64  // as stated, with its header; the rest of the file when it states 0
	body []byte // what is in memory of its content
	full bool   // all of its content is in memory
}

// next reads the box that b begins with. rest is the size of everything from
// there on, -1 when it is not known. ok is false when no header is in memory or
// the header cannot be one; bad tells the two apart.
func next(b []byte, rest int64) (x box, ok, bad bool) {
	if len(b) < 8 {
		return box{}, false, false
	}
	x.size, x.kind = int64(binary.BigEndian.Uint32(b)), b[4:8]
	header := int64(8)
	switch x.size {
	case 0: // to the end of the file
		x.size = rest
		if rest < 0 {
			x.size = math.MaxInt64
		}
	case 1:
		if len(b) < 16 {
			return box{}, false, false
		}
		header = 16
		x.size = int64(binary.BigEndian.Uint64(b[8:])) // beyond 2^63 it is negative, and bad
	}
	if x.size < header || !printable(x.kind) {
		return box{}, false, true
	}
	end := min(x.size, int64(len(b)))
	x.body, x.full = b[header:end], x.size <= int64(len(b))
	return x, true, false
}

// printable reports whether a box type can be one: they are made of letters.
func printable(kind []byte) bool {
	for _, c := range kind {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

func isMP4(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	switch string(b[4:8]) {
	case "ftyp", "styp", "moov", "moof", "mdat", "sidx", "emsg", "prft", "free", "skip", "uuid":
		return true
	default:
		return false
	}
}

// boxes remembers which boxes of a segment have been seen, and whether those
// are all that there are.
type boxes struct{ ftyp, moov, mvex, moof, mdat, broken, all bool }

// readMP4 walks the boxes of a fragmented MP4 file (RFC 8216bis §3.1.2).
func (f *Facts) readMP4(head []byte, total int64, complete bool) {
	var seen boxes
	at := int64(0)
	for at < int64(len(head)) {
		rest := int64(-1)
		if total >= 0 {
			rest = total - at
		}
		x, ok, bad := next(head[at:], rest)
		if bad {
			f.problem(checkBox, fmt.Sprintf("no box begins at byte %d", at))
			seen.broken = true
			break
		}
		if !ok {
			break
		}
		if rest >= 0 && x.size > rest {
			f.problem(checkBox, fmt.Sprintf("%q at byte %d states %d bytes, %d are left: cut short", x.kind, at, x.size, rest))
			seen.broken = true
		}
		f.topBox(x, &seen)
		if x.size > int64(len(head))-at {
			seen.all = x.size == rest
			at = int64(len(head))
			break
		}
		at += x.size
	}
	if complete && at < total && !seen.broken {
		f.problem(checkBox, fmt.Sprintf("%d bytes after the last box", total-at))
	}
	f.Init = seen.moov
	seen.all = (seen.all || at == total) && !seen.broken
	f.samples.known = f.samples.known && seen.all
	f.shape(seen, complete)
}

// topBox notes one box of the file's first level.
func (f *Facts) topBox(x box, seen *boxes) {
	switch string(x.kind) {
	case "ftyp":
		seen.ftyp = true
	case "moov":
		seen.moov = true
		_, found := child(x.body, "mvex")
		seen.mvex = seen.mvex || found || !x.full
	case "moof":
		f.fragment(x, !seen.moof)
		seen.moof = true
	case "mdat":
		if !seen.moof && !seen.mdat && !seen.moov {
			f.problem(checkBox, "mdat before any moof")
		}
		seen.mdat = true
	}
}

// shape notes what the boxes together are not.
func (f *Facts) shape(seen boxes, complete bool) {
	switch {
	case seen.moov && !seen.ftyp:
		f.problem(checkBox, "moov without ftyp before it")
	case seen.moov && !seen.mvex:
		f.problem(checkBox, "moov without mvex: the file is not fragmented")
	case seen.moov && seen.mdat && !seen.moof:
		f.problem(checkBox, "moov and mdat without moof: the file is not fragmented")
	case complete && !seen.broken && !seen.moov && !seen.moof && !seen.mdat:
		f.problem(checkBox, "neither moov nor moof")
	case complete && !seen.broken && seen.moof && !seen.mdat:
		f.problem(checkBox, "moof without mdat")
	}
}

// child returns the first box of a kind directly in a box's content.
func child(b []byte, kind string) (box, bool) {
	for len(b) > 0 {
		x, ok, _ := next(b, int64(len(b)))
		if !ok {
			return box{}, false
		}
		if string(x.kind) == kind {
			return x, true
		}
		if !x.full {
			return box{}, false
		}
		b = b[x.size:]
	}
	return box{}, false
}
