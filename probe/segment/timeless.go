package segment

// ClearTimes sets the dates in an initialization section to zero, in place: when
// a movie, a track and its media were made and changed. Two packagers, or two
// starts of one, differ in them, and no decoder reads them.
func ClearTimes(b []byte) {
	for len(b) > 0 {
		x, ok, _ := next(b, int64(len(b)))
		if !ok || !x.full {
			return
		}
		switch string(x.kind) {
		case "moov", "trak", "mdia":
			ClearTimes(x.body)
		case "mvhd", "tkhd", "mdhd":
			clearDates(x.body)
		}
		b = b[x.size:]
	}
}

// clearDates clears creation_time and modification_time of a full box: 32 bits
// each, or 64 in version 1 (ISO/IEC 14496-12 §8.2.2).
func clearDates(body []byte) {
	size := 8
	if len(body) > 0 && body[0] == 1 {
		size = 16
	}
	if len(body) >= 4+size {
		clear(body[4 : 4+size])
	}
}
