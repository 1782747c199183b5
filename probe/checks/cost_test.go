package checks_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/playlist"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// long writes the EVENT playlist of a day, with a discontinuity every half
// minute, and as many date ranges as ads could have.
func long(name string, segments, ranges int) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:EVENT\n" +
		"#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n")
	for i := range ranges {
		at := epoch.Add(time.Duration(i) * time.Second)
		fmt.Fprintf(&b, "#EXT-X-DATERANGE:ID=\"%s%d\",CLASS=\"c\",START-DATE=\"%s\"\n", name[:1], i, at.Format(time.RFC3339))
	}
	for i := range segments {
		if i%15 == 0 {
			at := epoch.Add(time.Duration(i) * 2 * time.Second)
			fmt.Fprintf(&b, "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:%s\n", at.Format("2006-01-02T15:04:05.000Z07:00"))
		}
		fmt.Fprintf(&b, "#EXTINF:2.000,\n%s%d.ts\n", name, i)
	}
	return b.String()
}

// TestLongListsAreCheap holds checks that compare renditions to a cost that
// rises with the lists and not with their product: the judge's lock is held
// meanwhile.
func TestLongListsAreCheap(t *testing.T) {
	for what, list := range map[string]struct{ segments, ranges int }{
		"segments": {43_200, 0}, "date ranges": {15_000, 15_000},
	} {
		t.Run(what, func(t *testing.T) {
			const limit = 10 * time.Second // what rises with the product takes minutes
			took := updates(t, list.segments, list.ranges)
			t.Logf("four updates took %s", took)
			if took > limit {
				t.Errorf("four updates took %s, want less than %s", took, limit)
			}
		})
	}
}

// updates returns the processor time that two updates of two renditions take to judge.
func updates(t *testing.T, segments, ranges int) (took time.Duration) {
	s := incident.NewDesk(incident.Options{Event: "e"}, epoch).Stream(checks.Options{Stream: "s"})
	targets := []probe.Target{
		{Stream: "s", Rendition: "a", Side: probe.Origin},
		{Stream: "s", Rendition: "b", Side: probe.Origin},
	}
	s.Targets(targets)
	for n := range 2 {
		for i, target := range targets {
			text := []byte(long(target.Rendition, segments+n, ranges))
			at := epoch.Add(time.Duration(n)*2*time.Second + time.Duration(i)*time.Second)
			o := &probe.Observation{
				Target:   target,
				Playlist: playlist.Decode(text, playlist.Inputs{Address: probe.AddressOf("https://example.com/v.m3u8")}),
				Hash:     playlist.Hash(text),
			}
			if len(o.Playlist.DateRanges) != ranges || len(o.Playlist.Segments) != segments+n {
				t.Fatalf("%d segments, %d date ranges", len(o.Playlist.Segments), len(o.Playlist.DateRanges))
			}
			o.Exchange = probe.Exchange{Status: 200, Started: at.Add(-time.Second / 100), Done: at}
			before := proctest.CPU(t)
			s.Step(o, at)
			took += proctest.CPU(t) - before
		}
	}
	return took
}
