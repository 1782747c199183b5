package segment_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/streamwatch/streamwatch/probe/segment"
)

// TestClearTimes: two initialization sections that differ in their dates alone
// are the same ones, and any other difference stays.
func TestClearTimes(t *testing.T) {
	section := func(date, scale uint32) []byte {
		media := box("mdia", box("mdhd", u32(0, date, date+1, scale, 0)))
		long := box("tkhd", u32(1<<24, 0, date, 0, date+1, 1))
		return slices.Concat(box("ftyp", []byte("iso5")),
			box("moov", box("mvhd", u32(0, date, date, scale)), box("trak", long, media)))
	}
	a, b, other := section(100, 90000), section(7_000_000, 90000), section(100, 48000)
	for _, s := range [][]byte{a, b, other} {
		segment.ClearTimes(s)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("dates are left:\n% x\n% x", a, b)
	}
	if bytes.Equal(a, other) {
		t.Error("the time scale went too")
	}
	for _, odd := range []string{
		"", "G@", "\x00\x00\x00\x08moov", "\x00\x00\x00\x09mvhd\x01", "\x00\x00\x00\x10moov\x00\x00\x00\x08mvhd",
	} {
		segment.ClearTimes([]byte(odd))
	}
}
