package beacon

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

func TestViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(&sink{})
		if v := r.Viewers("main", time.Now()); v != nil {
			t.Errorf("viewers before anybody reported: %+v", v)
		}
		for range 4 { // two minutes of ten viewers
			for i := range 10 {
				body := fmt.Sprintf(`{"event":"concert","stream":"main","kind":"hlsjs","played_seconds":30,"latency_seconds":%d,`+
					`"startup_seconds":%d}`, 6+i%3, 1+i%3)
				if i == 0 {
					body = strings.Replace(body, "}", `,"stalls":1,"errors":1}`, 1)
				}
				post(t, r, fmt.Sprintf("192.0.2.%d:4000", i), body)
			}
			time.Sleep(slotLength)
		}
		want := probe.Viewers{
			Watching: probe.State(10.0), Startup: probe.State(2 * time.Second), Latency: probe.State(7 * time.Second),
			StallsPerMinute: probe.State(0.2), Errors: 4,
		}
		if got := r.Viewers("main", time.Now()); got == nil || *got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		time.Sleep(slotCount * slotLength)
		if got := r.Viewers("main", time.Now()); *got != (probe.Viewers{Watching: probe.State(0.0)}) {
			t.Errorf("five minutes later: %+v", got)
		}
	})
}
