package monitor_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// Changes of every kind while all is polled and read: for the race detector.
func TestChangesUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []string
		for i := range 20 {
			all = append(all, fmt.Sprintf("s%02d", i))
		}
		src := newChannels(time.Now(), all...)
		m, got := changing(t, src, nil, all[:10]...)
		time.Sleep(10 * time.Second)
		ladders := map[string]int{}
		for _, name := range all[:10] {
			ladders[name] = src.asked(name, "/m.m3u8")
		}
		var people sync.WaitGroup
		for i := range 4 {
			people.Go(func() {
				for n := range 40 {
					name := all[10+(i+n)%10]
					switch n % 4 {
					case 0, 1:
						m.Set(channel(name))
					case 2:
						m.Remove(name, "gone")
					default:
						m.Override(map[string]checks.Override{"upd.stale": {After: 2 + n%2}})
						m.Schedule(time.Time{}, time.Now().Add(time.Hour))
					}
					_ = m.Snapshot()
					time.Sleep(150 * time.Millisecond)
				}
			})
		}
		people.Wait()
		time.Sleep(5 * time.Second)
		for _, s := range m.Snapshot().Streams {
			if s.Verdict != probe.OK {
				t.Errorf("%s is %s", s.Name, s.Verdict)
			}
		}
		for _, name := range all[:10] {
			if n := src.asked(name, "/m.m3u8"); n != ladders[name] {
				t.Errorf("the multivariant playlist of %s was asked for %d times more", name, n-ladders[name])
			}
		}
		if list := got.incidents(); len(list) > 0 {
			t.Errorf("incidents: %+v", list)
		}
	})
}

// Changes before Run begins and after it has ended start nothing.
func TestChangesOutsideOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newChannels(time.Now(), "a", "b")
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Transport: handler(src.ServeHTTP), Streams: []monitor.Stream{channel("a")},
		})
		m.Set(channel("b"))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		m.Run(ctx)
		if src.asked("b", "/m.m3u8") == 0 {
			t.Error("what was added before is not watched")
		}
		n := src.asked("a", "/m.m3u8")
		m.Set(channel("a"))
		m.Remove("b", "gone")
		synctest.Wait()
		if src.asked("a", "/m.m3u8") != n {
			t.Error("a stream is watched after the end")
		}
	})
}
