package notify

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe"
)

const address = "http://hooks.test/T00/secret-token"

// receiver is the other end: it answers as told and keeps what it got.
type receiver struct {
	mu     sync.Mutex
	answer func(n int, w http.ResponseWriter, r *http.Request)
	tries  int
	bodies []string
	heads  []http.Header
}

func (r *receiver) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.tries++
	n := r.tries
	r.mu.Unlock()
	w := httptest.NewRecorder()
	if r.answer != nil {
		r.answer(n, w, request)
	}
	if w.Code == 599 {
		return nil, errors.New("connection reset by peer")
	}
	if err := request.Context().Err(); err != nil {
		return nil, err
	}
	if w.Code < 300 {
		r.mu.Lock()
		r.bodies, r.heads = append(r.bodies, string(body)), append(r.heads, request.Header)
		r.mu.Unlock()
	}
	return w.Result(), nil
}

func running(t *testing.T, o Options) (s *Sink, stop func()) {
	t.Helper()
	s = New(o)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return s, func() { cancel(); group.Wait() }
}

func incident(id string, state probe.IncidentState, severity probe.Severity) probe.Incident {
	in := probe.Incident{
		ID: id, State: state, Check: "upd.stale", Severity: severity, Blame: probe.BlameCDN, Event: "e", Stream: "main", Rendition: "720p",
		Side: probe.Edge, Summary: "playlist stopped moving", Detail: "no new segment for 9.4 s (limit 9 s)", Began: time.Now(), Opened: time.Now(),
	}
	if state == probe.Closed {
		in.Closed = new(time.Now().Add(time.Minute))
	}
	return in
}

func write(t *testing.T, s *Sink, incidents ...probe.Incident) {
	t.Helper()
	for _, in := range incidents {
		if err := s.Write(t.Context(), probe.Batch{At: time.Now(), Incidents: []probe.Incident{in}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOneMessagePerChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		s, stop := running(t, Options{Transport: r, Webhooks: []Webhook{{URL: address}}, Open: []probe.Incident{incident("old", probe.Opened, probe.Error)}})
		write(t, s, incident("a", probe.Opened, probe.Error), incident("a", probe.Opened, probe.Error), incident("a", probe.Opened, probe.Critical),
			incident("a", probe.Opened, probe.Error), incident("old", probe.Opened, probe.Error), incident("a", probe.Closed, probe.Critical),
			incident("old", probe.Closed, probe.Error))
		synctest.Wait()
		stop()
		var got []string
		for _, b := range r.bodies {
			var in struct{ ID, State, Severity string }
			if err := json.Unmarshal([]byte(b), &in); err != nil {
				t.Fatal(err)
			}
			got = append(got, in.ID+" "+in.State+" "+in.Severity)
		}
		if want := "a opened error,a opened critical,a closed critical,old closed error"; strings.Join(got, ",") != want {
			t.Errorf("got %v", got)
		}
	})
}

func TestBodyIsTheIncidentAndSigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		s, stop := running(t, Options{Transport: r, Webhooks: []Webhook{{URL: address, Secret: "s3cret"}}})
		in := incident("a", probe.Opened, probe.Critical)
		write(t, s, in)
		stop()
		want, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.bodies) != 1 || r.bodies[0] != string(want) {
			t.Fatalf("got %v, want %s", r.bodies, want)
		}
		if got := r.heads[0].Get("X-Streamwatch-Signature"); got != Signature("s3cret", time.Now(), want) {
			t.Errorf("signature %q", got)
		}
		if got := Signature("s3cret", time.Unix(1, 0), []byte("{}")); got != "t=1,v1=3aef069923b329162e71de34136b0ef6ee4b9253867069748da3fc3680c71406" { // openssl dgst -sha256 -hmac s3cret
			t.Errorf("signature of a known body: %s", got)
		}
	})
}

func TestSlack(t *testing.T) {
	in := incident("a", probe.Opened, probe.Critical)
	in.Rendition, in.Detail = "<!channel>", strings.Repeat("ü", 2000)
	h := hook{Webhook: Webhook{Format: Slack}}
	text, err := h.body(&in)
	if err != nil {
		t.Fatal(err)
	}
	var m slackMessage
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if want := "CRITICAL e: playlist stopped moving on main &lt;!channel&gt; edge, blame cdn"; m.Text != want {
		t.Errorf("text %q", m.Text)
	}
	if a := m.Attachments[0]; len(a.Text) > maxText+len("…") || a.Color != "#c62828" {
		t.Errorf("attachment %+v", a)
	}
	in = incident("a", probe.Closed, probe.Critical)
	if got := slack(&in).Text; !strings.HasPrefix(got, "CLOSED after 1m0s e:") {
		t.Errorf("closed: %q", got)
	}
}

// Whatever a receiver does, the message arrives when it is well again, once,
// and the address is nowhere to be read.
func TestHostileReceivers(t *testing.T) {
	for name, c := range map[string]struct {
		answer    func(n int, w http.ResponseWriter, r *http.Request)
		sent, try int
	}{
		"fails twice": {func(n int, w http.ResponseWriter, _ *http.Request) {
			if n < 3 {
				w.WriteHeader(500)
			}
		}, 1, 3},
		"resets": {func(n int, w http.ResponseWriter, _ *http.Request) {
			if n < 3 {
				w.WriteHeader(599)
			}
		}, 1, 3},
		"never answers": {func(n int, _ http.ResponseWriter, r *http.Request) {
			if n == 1 {
				<-r.Context().Done()
			}
		}, 1, 2},
		"throttles": {func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.Header().Set("Retry-After", "30")
				w.WriteHeader(429)
			}
		}, 1, 2},
		"asks for a year": {func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.Header().Set("Retry-After", "31536000")
				w.WriteHeader(503)
			}
		}, 1, 2},
		"refuses": {func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 0, 1},
		"redirects": {func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://evil.test/")
			w.WriteHeader(302)
		}, 0, 1},
		"floods": {func(_ int, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 8<<20))
		}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				core, logs := observer.New(zap.DebugLevel)
				r := &receiver{answer: c.answer}
				s, stop := running(t, Options{Transport: r, Webhooks: []Webhook{{URL: address}}, Log: zap.New(core)})
				write(t, s, incident("a", probe.Opened, probe.Critical))
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
				if st := s.Stats(); st.Sent != c.sent || st.Sent+st.Dropped != 1 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// A receiver that is gone for long costs a bounded queue, delays nobody else,
// and does not hold up the end.
func TestGoneReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead, alive := &receiver{answer: func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}, &receiver{}
		route := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "dead.test" {
				return dead.RoundTrip(r)
			}
			return alive.RoundTrip(r)
		})
		s, stop := running(t, Options{Transport: route, Webhooks: []Webhook{{URL: "http://dead.test/"}, {URL: address}}})
		for i := range 2 * queueLength {
			write(t, s, incident(string(rune('a'+i)), probe.Opened, probe.Error))
			synctest.Wait()
		}
		if len(alive.bodies) != 2*queueLength {
			t.Errorf("the other receiver got %d messages", len(alive.bodies))
		}
		gone := s.hooks[0]
		gone.mu.Lock()
		if n := len(gone.waiting); n > queueLength {
			t.Errorf("%d messages wait", n)
		}
		gone.mu.Unlock()
		time.Sleep(time.Hour)
		if st := s.Stats(); st.Dropped == 0 {
			t.Errorf("%+v", st)
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > postTimeout+lastFlush {
			t.Errorf("the end took %s", took)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNoURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		s, stop := running(t, Options{Transport: &receiver{}, Webhooks: []Webhook{{URL: "http://[secret-token"}}, Log: zap.New(core)})
		write(t, s, incident("a", probe.Opened, probe.Error))
		stop()
		if logs.Len() != 1 || strings.Contains(logs.All()[0].ContextMap()["error"].(string), "secret-token") {
			t.Errorf("%v", logs.All())
		}
	})
}
