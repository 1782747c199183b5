package evidence

import (
	"slices"
	"time"
)

// Version is one text of a playlist and when it was current.
type Version struct {
	Hash      uint64
	First     time.Time     // first poll that brought this text, by when it was done
	Stood     time.Duration // from that one to the last
	FirstMSN  uint64
	LastMSN   uint64
	LiveEdge  Date   // at the end of the newest segment; zero without one
	Validator uint64 // of its ETag, else its Last-Modified: what caches ask by whether it changed; 0 is none
}

// Last is the last poll that brought this text, by when it was done.
func (v *Version) Last() time.Time { return v.First.Add(v.Stood) }

// Date is a program date-time in Unix microseconds, a third as large as a time.Time:
// of each text one is kept. Zero is none.
type Date int64

// DateOf returns a time as a date.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return 0
	}
	return Date(t.UnixMicro())
}

// Time returns a date as a time.
func (d Date) Time() time.Time {
	if d == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(d))
}

// SeenBefore returns the newest version that had been seen complete before t.
func (h *History) SeenBefore(t time.Time) (Version, bool) {
	for _, v := range slices.Backward(h.Versions) {
		if !v.First.After(t) {
			return v, true
		}
	}
	return Version{}, false
}

// FindVersion returns the version with a hash.
func (h *History) FindVersion(hash uint64) (Version, bool) {
	for _, v := range slices.Backward(h.Versions) {
		if v.Hash == hash {
			return v, true
		}
	}
	return Version{}, false
}
