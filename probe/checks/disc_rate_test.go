package checks_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// broken is a playlist of six segments of 6 s, of which some are after a discontinuity.
func broken(first int, breaks func(segment int) bool) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:%d\n", first)
	dseq := 0
	for i := range first {
		if breaks(i) {
			dseq++
		}
	}
	fmt.Fprintf(&b, "#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", dseq)
	for i := first; i < first+6; i++ {
		if breaks(i) {
			b.WriteString("#EXT-X-DISCONTINUITY\n")
		}
		fmt.Fprintf(&b, "#EXTINF:6.000,\nseg%d.ts\n", i)
	}
	return []byte(b.String())
}

// A stream that breaks off all the time is one finding that lasts, and not one that
// comes back with each update. The edge sees it first where its first copy was older:
// the origin is about to see it too, so the edge is not to blame.
func TestBreaksThatLast(t *testing.T) {
	a := &txtar.Archive{Comment: []byte("show times\n")}
	until := func(segment int) bool { return segment <= 150 }
	add := func(at int, more, side string, first int) {
		name := fmt.Sprintf("%02d:%02d%s %s 200 age=1 cc=max-age=1", at/60, at%60, more, side)
		a.Files = append(a.Files, txtar.File{Name: name, Data: broken(first, until)})
	}
	for n := range 60 {
		edge := 100 + n
		if n == 0 {
			edge--
		}
		add(6*n, ".100", "edge", edge)
		add(6*n, ".300", "origin", 100+n)
	}
	got := play(t, a)
	if want := "02:00.300 open disc.rate warning encoder origin\n05:30.300 closed disc.rate, came 1 time"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A rate that moves around its bound is one finding: it begins at three quarters, and is
// over below five eighths.
func TestBreaksAroundTheBound(t *testing.T) {
	a := &txtar.Archive{Comment: []byte("show times\n")}
	around := func(segment int) bool {
		switch n := segment % 40; { // of any twenty in a row, 14 to 15
		case segment > 300:
			return false
		case n < 20:
			return n%4 != 3
		default:
			return n%4 != 3 && n != 36
		}
	}
	for n := range 220 {
		name := fmt.Sprintf("%02d:%02d origin 200", 6*n/60, 6*n%60)
		a.Files = append(a.Files, txtar.File{Name: name, Data: broken(100+n, around)})
	}
	got := play(t, a)
	if want := "03:06 open disc.rate warning encoder origin\n20:06 closed disc.rate, came 1 time"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
