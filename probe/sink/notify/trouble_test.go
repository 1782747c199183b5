package notify

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe"
)

// Whatever a receiver does, the message arrives when it is well again, once,
// and the address is nowhere to be read.
func TestHostileReceivers(t *testing.T) {
	for name, c := range map[string]struct {
		answer    func(n int, w http.ResponseWriter, r *http.Request)
		sent, try int
		fails     bool // at first
	}{
		"fails twice": {func(n int, w http.ResponseWriter, _ *http.Request) {
			if n < 3 {
				w.WriteHeader(500)
			}
		}, 1, 3, true},
		"resets": {func(n int, w http.ResponseWriter, _ *http.Request) {
			if n < 3 {
				w.WriteHeader(599)
			}
		}, 1, 3, true},
		"never answers": {func(n int, _ http.ResponseWriter, r *http.Request) {
			if n == 1 {
				<-r.Context().Done()
			}
		}, 1, 2, false},
		"throttles": {func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.Header().Set("Retry-After", "30")
				w.WriteHeader(429)
			}
		}, 1, 2, true},
		"asks for a year": {func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.Header().Set("Retry-After", "31536000")
				w.WriteHeader(503)
			}
		}, 1, 2, true},
		"refuses": {func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 0, 1, true},
		"redirects": {func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://evil.test/")
			w.WriteHeader(302)
		}, 0, 1, true},
		"floods": {func(_ int, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 8<<20))
		}, 1, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				core, logs := observer.New(zap.DebugLevel)
				r := &receiver{answer: c.answer}
				folder, counts := t.TempDir(), map[string]int{}
				var mu sync.Mutex
				count := func(name, result string, n int) { mu.Lock(); defer mu.Unlock(); counts[name+" "+result] += n }
				s, stop := running(t, Options{Transport: r, Folder: folder, Count: count, Log: zap.New(core)})
				write(t, s, incident("a", probe.Opened, probe.Critical))
				time.Sleep(500 * time.Millisecond)
				if h := s.Health(); h.OK() == c.fails || strings.Contains(h.Error, "secret-token") || h.Error == "" == c.fails {
					t.Errorf("health after the first try: %+v", h)
				}
				time.Sleep(10 * time.Minute)
				stop()
				if len(r.bodies) != c.sent || r.tries != c.try {
					t.Errorf("%d messages in %d tries", len(r.bodies), r.tries)
				}
				for _, line := range logs.All() {
					for _, f := range line.ContextMap() {
						if text, ok := f.(string); ok && strings.Contains(text, "secret-token") {
							t.Errorf("the address is in the log: %s", text)
						}
					}
				}
				sent, dropped, retried := counts["webhook-1 sent"], counts["webhook-1 dropped"], counts["webhook-1 retried"]
				if sent != c.sent || dropped != 1-c.sent || retried != c.try-1 {
					t.Errorf("counted %v", counts)
				}
				kept := files(t, folder)
				buried := strings.Contains(kept, `"reason":"the receiver answered with status`)
				if strings.Contains(kept, "secret-token") || buried == (c.sent == 1) {
					t.Errorf("on disk: %s", kept)
				}
			})
		})
	}
}

// A receiver that says when to come again is left alone until then, but for five
// minutes at most; one that does not is asked again within seconds.
func TestReceiverThatAsksToWait(t *testing.T) {
	for value, want := range map[string][2]time.Duration{
		"":                              {0, 5 * time.Second},
		"30":                            {30 * time.Second, 31 * time.Second},
		"31536000":                      {longestWait, longestWait + time.Second},
		"Sat, 01 Jan 2000 00:01:30 GMT": {88 * time.Second, 90 * time.Second}, // a bubble begins at midnight
	} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Time
				answer := func(n int, w http.ResponseWriter, _ *http.Request) {
					at = append(at, time.Now())
					if n == 1 {
						w.Header().Set("Retry-After", value)
						w.WriteHeader(status)
					}
				}
				s, stop := running(t, Options{Folder: t.TempDir(), Transport: &receiver{answer: answer}})
				write(t, s, incident("a", probe.Opened, probe.Critical))
				time.Sleep(10 * time.Minute)
				stop()
				if len(at) != 2 || at[1].Sub(at[0]) < want[0] || at[1].Sub(at[0]) > want[1] {
					t.Errorf("%d with Retry-After %q: tried at %v, want %v between the two", status, value, at, want)
				}
			})
		}
	}
}

// A receiver that is gone for long costs a bounded queue, what is pushed out is
// kept, and the end is not held up: whoever waits for it gives up after twelve
// seconds, and then nobody would count or keep what was not told.
func TestGoneReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := &receiver{answer: func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		folder := t.TempDir()
		s, stop := running(t, Options{Transport: dead, Folder: folder})
		for i := range queueLength + 100 {
			write(t, s, incident(fmt.Sprint("i", i), probe.Opened, probe.Error))
		}
		synctest.Wait()
		if h := s.Health(); h.Waiting != queueLength || h.Dropped != 100 {
			t.Errorf("%+v", h)
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > lastMost+time.Second {
			t.Errorf("the end took %s", took)
		}
		if n := strings.Count(files(t, folder), `"reason":"too many newer messages wait"`); n != 100 {
			t.Errorf("%d messages that were pushed out are kept", n)
		}
	})
}

// A receiver that hangs delays neither another one nor who writes.
func TestSlowReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &receiver{answer: func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		well := &receiver{}
		one, stopOne := running(t, Options{Transport: slow})
		other, stopOther := running(t, Options{Transport: well})
		began := time.Now()
		for _, id := range []string{"a", "b"} {
			write(t, one, incident(id, probe.Opened, probe.Error))
			write(t, other, incident(id, probe.Opened, probe.Error))
		}
		synctest.Wait()
		if got := messages(t, well); got != "a opened error cdn, b opened error cdn" || time.Since(began) > 0 {
			t.Errorf("after %s the other one got %q", time.Since(began), got)
		}
		stopOther()
		stopOne()
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "0": 0, "7": 7 * time.Second, "99999999999999999999": 0, "31536000": longestWait,
		"Sat, 28 Nov 2026 19:00:30 GMT": 30 * time.Second,
		"Sat, 28 Nov 2026 18:00:00 GMT": 0, "Sun, 28 Nov 2027 19:00:00 GMT": longestWait,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q is %s, want %s", value, got, want)
		}
	}
}

func TestNoURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		bad := hook
		bad.URL = "http://[secret-token"
		s, stop := running(t, Options{Transport: &receiver{}, Receiver: bad, Log: zap.New(core)})
		write(t, s, incident("a", probe.Opened, probe.Error))
		stop()
		if logs.Len() != 1 || strings.Contains(logs.All()[0].ContextMap()["error"].(string), "secret-token") {
			t.Errorf("%v", logs.All())
		}
	})
}
