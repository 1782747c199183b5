package monitor_test

import (
	"context"
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
