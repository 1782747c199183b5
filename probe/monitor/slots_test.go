package monitor_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// The polls of many streams begin at few moments, so that the process wakes seldom.
func TestManyStreamsArePolledInSlots(t *testing.T) {
	for _, streams := range []int{100, 500} {
		t.Run(fmt.Sprint(streams), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := &stream{start: time.Now().Add(-time.Minute), until: time.Now().Add(time.Hour), asked: map[string]int{}}
				var mu sync.Mutex
				asked, moments := 0, map[time.Time]bool{}
				got := &sink{last: map[string]probe.Incident{}}
				o := monitor.Options{
					Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Segments: monitor.SegmentsNone,
					Sinks: []probe.Sink{got},
					Transport: handler(func(w http.ResponseWriter, r *http.Request) {
						mu.Lock()
						asked++
						moments[time.Now()] = true
						mu.Unlock()
						src.ServeHTTP(w, r)
					}),
				}
				for i := range streams {
					o.Streams = append(o.Streams, monitor.Stream{Name: fmt.Sprintf("s%d", i), Manifest: "/m.m3u8"})
				}
				stop := run(t, monitor.New(o))
				time.Sleep(20 * time.Second)
				mu.Lock()
				asked, moments = 0, map[time.Time]bool{}
				mu.Unlock()
				time.Sleep(10 * time.Second)
				synctest.Wait()
				stop()
				t.Logf("%d requests at %d moments", asked, len(moments))
				if asked < 10*streams || len(moments) > 10*20 {
					t.Errorf("%d requests of %d streams at %d moments in ten seconds", asked, streams, len(moments))
				}
				if len(got.last) != 0 {
					t.Errorf("incidents: %+v", got.last)
				}
			})
		})
	}
}
