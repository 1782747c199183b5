package monitor_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe/monitor"
)

// A rendition that the event names and the ladder lacks is said once, with what
// the ladder has; where none of them is there, all are watched.
func TestAMisspeltRendition(t *testing.T) {
	for _, c := range []struct{ named, watched, warned []string }{
		{[]string{"1000k"}, []string{"1000k"}, nil},
		{[]string{"1"}, []string{"2000k"}, nil},
		{[]string{"1000k", "nosuch"}, []string{"1000k"}, []string{"nosuch"}},
		{[]string{"nosuch"}, []string{"1000k", "2000k"}, []string{"nosuch"}},
		{[]string{"7", "108p"}, []string{"1000k", "2000k"}, []string{"7", "108p"}},
	} {
		t.Run(strings.Join(c.named, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				core, logged := observer.New(zap.WarnLevel)
				m := monitor.New(monitor.Options{
					Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Transport: handler(newVault().ServeHTTP),
					Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8", Renditions: c.named}}, Log: zap.New(core),
				})
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				m.Run(ctx)
				var watched, warned []string
				for _, r := range m.Snapshot().Streams[0].Renditions {
					if r.Name != "" {
						watched = append(watched, r.Name)
					}
				}
				for _, e := range logged.FilterMessageSnippet("the ladder does not have").All() {
					f := e.ContextMap()
					warned = append(warned, f["rendition"].(string))
					if f["has"] != "1000k, 2000k, or 0 to 1" ||
						strings.HasPrefix(f["watched"].(string), "all") != (len(c.watched) > 1) {
						t.Errorf("logged %v", f)
					}
				}
				if !slices.Equal(watched, c.watched) || !slices.Equal(warned, c.warned) {
					t.Errorf("watched %q, want %q; warned of %q, want %q", watched, c.watched, warned, c.warned)
				}
			})
		})
	}
}

// A packager computes BANDWIDTH anew while it runs, each fetch opens a session, and
// the edge keeps the multivariant playlist for a while: each rendition has one name,
// at both sides and for as long as it is watched, whichever are asked for.
func TestNamesStay(t *testing.T) {
	for name, c := range map[string]struct {
		renditions []string
		sessions   bool
		want       int // names, with the multivariant playlist's own
	}{"all": {want: 3}, "all, in sessions": {sessions: true, want: 3}, "one, in sessions": {[]string{"1"}, true, 2}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun, minted := time.Now(), 0
				src := &stream{start: begun.Add(-time.Minute), until: begun.Add(time.Hour), asked: map[string]int{}}
				w := watchFor(t, 2*time.Minute, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/m.m3u8" {
						r.URL.Path = "/v/p.m3u8"
						src.ServeHTTP(w, r)
						return
					}
					if c.sessions {
						minted++
					}
					more := int(time.Since(begun)/(10*time.Second)) * 5000
					if strings.HasPrefix(r.Host, "edge") {
						more += 3000
					}
					w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
					const variant = "#EXT-X-STREAM-INF:BANDWIDTH=%d,RESOLUTION=640x360\n%s-%d/p.m3u8\n"
					fmt.Fprintf(w, "#EXTM3U\n"+variant+variant, 2000000+more, "hi", minted, 1000000+more, "lo", minted)
				}, func(o *monitor.Options) {
					o.Segments, o.Origin, o.Streams[0].Renditions = monitor.SegmentsNone, "http://origin.test", c.renditions
				})
				names := map[string]bool{}
				for _, o := range w.seen {
					names[o.Target.Rendition] = true
				}
				if len(names) != c.want {
					t.Errorf("renditions %v, want %d", slices.Sorted(maps.Keys(names)), c.want)
				}
			})
		})
	}
}
