package checks_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// broken is a playlist of six segments of 6 s; each up to the 150th is after a
// discontinuity.
func broken(first int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:%d\n", first)
	fmt.Fprintf(&b, "#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", min(first, 151)-90)
	for i := first; i < first+6; i++ {
		if i <= 150 {
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
	add := func(at int, more, side string, first int) {
		name := fmt.Sprintf("%02d:%02d%s %s 200 age=1 cc=max-age=1", at/60, at%60, more, side)
		a.Files = append(a.Files, txtar.File{Name: name, Data: broken(first)})
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
	if want := "02:00.300 open disc.rate warning encoder origin\n05:18.300 closed disc.rate, came 1 time"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
