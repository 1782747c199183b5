package playlist

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grafov/m3u8"
)

// mediaText is a live media playlist of n segments: date, EXTINF and URI each.
func mediaText(n int) []byte {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:1204\n")
	at := time.Date(2026, 11, 28, 19, 0, 0, 123e6, time.UTC)
	for i := range n {
		fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:6.006,\nsegment-%d.ts\n",
			at.Format("2006-01-02T15:04:05.000Z07:00"), 1204+i)
		at = at.Add(6006 * time.Millisecond)
	}
	return []byte(b.String())
}

// multivariantText is a ladder of n variants with 3 audio renditions.
func multivariantText(n int) []byte {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:6\n")
	for _, l := range []string{"en", "de", "fr"} {
		fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=%q,LANGUAGE=%q,URI=\"audio-%s.m3u8\"\n", l, l, l)
	}
	for i := range n {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"avc1.64001f,mp4a.40.2\","+
			"RESOLUTION=%dx%d,FRAME-RATE=29.970,AUDIO=\"aac\"\nv%d.m3u8\n",
			(i+1)*400_000, (i+1)*350_000, (i+1)*160, (i+1)*90, i)
	}
	return []byte(b.String())
}

// hostileMultivariant is the 27 KB text that takes grafov's own DecodeFrom
// seconds and gigabytes: 300 renditions, 300 variants, 300 comments.
func hostileMultivariant(n int) []byte {
	var b strings.Builder
	b.WriteString("#EXTM3U\n")
	for i := range n {
		fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"%d\"\n", i)
	}
	for i := range n {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\n%d\n", i)
	}
	for range n {
		b.WriteString("#\n")
	}
	return []byte(b.String())
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name string
		body []byte
	}{
		{"media/segments=6", mediaText(6)},
		{"media/segments=100", mediaText(100)},
		{"media/segments=10000", mediaText(10_000)},
		{
			"fmp4/segments=6",
			[]byte(strings.Replace(string(mediaText(6)), "SEQUENCE:1204\n", "SEQUENCE:1204\n#EXT-X-MAP:URI=\"init.mp4\"\n", 1)),
		},
		{"multivariant/variants=12", multivariantText(12)},
		{"hostile/variants=300", hostileMultivariant(300)},
		{"hostile/variants=3000", hostileMultivariant(3000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			for b.Loop() {
				Decode(c.body, Inputs{})
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	for _, n := range []int{6, 100} {
		body := mediaText(n)
		b.Run(fmt.Sprintf("segments=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				Hash(body)
			}
		})
	}
}

// TestDecodeAllocations holds the hot path to its budget: what a poll of a live
// playlist allocates must not grow with its length.
func TestDecodeAllocations(t *testing.T) {
	for n, limit := range map[int]float64{6: 5, 100: 5, 10_000: 5} {
		body := mediaText(n)
		if got := testing.AllocsPerRun(3, func() { Decode(body, Inputs{}) }); got > limit {
			t.Errorf("%d segments: %v allocations, want at most %v", n, got, limit)
		}
	}
}

// BenchmarkGrafov is the yardstick for BenchmarkDecode on a machine whose speed
// is not known: the same text through grafov's typed decoder.
func BenchmarkGrafov(b *testing.B) {
	body := mediaText(6)
	b.ReportAllocs()
	for b.Loop() {
		p, err := m3u8.NewMediaPlaylist(0, 6)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.DecodeFrom(bytes.NewReader(body), false); err != nil {
			b.Fatal(err)
		}
	}
}
