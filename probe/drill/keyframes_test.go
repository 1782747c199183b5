package drill_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// keyframes is an encoder that cuts where its source has key frames: segments
// of one to three seconds, target duration three, of which it lists a few and
// says no more than it must.
type keyframes struct {
	begun  time.Time
	window int
	ends   []time.Duration // when each segment ends, from begun on
	shown  []time.Duration // when it is published
}

func newKeyframes(window int, d time.Duration) *keyframes {
	k := &keyframes{begun: time.Now().Add(-time.Minute), window: window}
	r := rand.New(rand.NewPCG(uint64(window), 7))
	for at := time.Duration(0); at < d+2*time.Minute; {
		at += time.Duration(1000+r.IntN(2001)) * time.Millisecond
		k.ends = append(k.ends, at)
		k.shown = append(k.shown, at+time.Duration(r.IntN(801))*time.Millisecond)
	}
	return k
}

func (k *keyframes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	if r.URL.Path == "/m.m3u8" {
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1400000\nhi.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=140000\nlo.m3u8\n")
		return
	}
	now, n := time.Since(k.begun), 0
	for n < len(k.shown) && k.shown[n] <= now {
		n++
	}
	first := max(0, n-k.window)
	fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:%d\n", first)
	for i := first; i < n; i++ {
		before := time.Duration(0)
		if i > 0 {
			before = k.ends[i-1]
		}
		fmt.Fprintf(w, "#EXTINF:%.6f,\n%s%d.ts\n", (k.ends[i] - before).Seconds(), r.URL.Path[1:3], i)
	}
}

// Three hours of a stream as ffmpeg makes it by default, with and without a CDN.
func TestKeyframeCutsWithoutAFalseAlarm(t *testing.T) {
	long := span(3 * time.Hour)
	for _, window := range []int{5, 6} {
		for _, pair := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d segments, pair %v", window, pair), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					source := newKeyframes(window, long)
					setup := drill.Setup{Source: source, Monitor: monitor.Options{
						Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}}, Segments: monitor.SegmentsNone,
					}}
					if !pair { // without a CDN
						setup.EdgeOnly, setup.Through = true, func(http.RoundTripper) http.RoundTripper { return sim.Transport(source) }
					}
					healthy(t, setup, long)
				})
			})
		}
	}
}
