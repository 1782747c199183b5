package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

const address = "http://hooks.test/T00/secret-token"

// hook is a receiver of JSON.
var hook = Receiver{Name: "webhook-1", Format: JSON, URL: address, Severity: probe.Warning}

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
	if o.Receiver.Name == "" {
		o.Receiver = hook
	}
	return runSink(t, New(o))
}

func runSink(t *testing.T, s *Sink) (*Sink, func()) {
	t.Helper()
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
		ID: id, State: state, Check: "upd.stale", Severity: severity, Blame: probe.BlameCDN, Event: "e",
		Scope: probe.ScopeStream, Streams: []string{"main"}, Stream: "main", Rendition: "720p", Side: probe.Edge,
		Summary: "playlist stopped moving", Detail: "no new segment for 9.4 s (limit 9 s)",
		Began: time.Now(), Opened: time.Now(),
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

// messages are what a receiver got: id, state, severity and blame.
func messages(t *testing.T, r *receiver) string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var got []string
	for _, b := range r.bodies {
		var in struct{ ID, State, Severity, Blame string }
		if err := json.Unmarshal([]byte(b), &in); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{in.ID, in.State, in.Severity, in.Blame}, " "))
	}
	return strings.Join(got, ", ")
}

func TestOneMessagePerChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		old := incident("old", probe.Opened, probe.Error)
		s, stop := running(t, Options{Transport: r, Open: []probe.Incident{old}})
		settle := func() { time.Sleep(settling + time.Second); synctest.Wait() }
		a := incident("a", probe.Opened, probe.Error)
		write(t, s, a, a, old) // nothing new about either
		synctest.Wait()
		if got, want := messages(t, r), "a opened error cdn"; got != want {
			t.Fatalf("at once: got %q, want %q", got, want)
		}
		a.State, a.Severity = probe.Updated, probe.Critical
		write(t, s, a)
		time.Sleep(time.Second)
		a.Blame = probe.BlameOrigin
		write(t, s, a)
		settle()
		a.Detail, a.Streams = "no new segment for 20 s", []string{"main", "other"}
		write(t, s, a) // what it claims is the same
		settle()
		a.Blame = probe.BlameCDN
		write(t, s, a)
		a.Blame = probe.BlameOrigin
		write(t, s, a) // as it was told
		settle()
		a.Scope, a.Host = probe.ScopeEdge, "d111.example"
		write(t, s, a)
		a.State, a.Closed = probe.Closed, new(time.Now())
		write(t, s, a, incident("old", probe.Closed, probe.Error))
		settle()
		late := incident("late", probe.Updated, probe.Error) // never heard of
		write(t, s, late)
		synctest.Wait()
		late.Severity = probe.Critical
		write(t, s, late)
		stop()
		want := "a opened error cdn, a updated critical origin, a closed critical origin, old closed error cdn, " +
			"late opened error cdn, late updated critical cdn"
		if got := messages(t, r); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		ids := map[string]bool{}
		for _, h := range r.heads {
			ids[h.Get("X-Streamwatch-Delivery")] = true
		}
		if len(ids) != len(r.heads) {
			t.Errorf("%d ids for %d messages", len(ids), len(r.heads))
		}
	})
}

// One dead edge host under 28 streams is two messages, and the first one names
// all that were hit by then: what an incident grows to is no change of its own.
func TestOneCauseTwoMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		in := incident("a", probe.Opened, probe.Critical)
		in.Scope, in.Host, in.Streams = probe.ScopeEdge, "d111.example", nil
		var mu sync.Mutex
		current := func() []probe.Incident { mu.Lock(); defer mu.Unlock(); return []probe.Incident{in} }
		s, stop := running(t, Options{Transport: r, Wait: 5 * time.Second, Current: current})
		write(t, s, in)
		for i := range 28 {
			mu.Lock()
			in.Streams = append(in.Streams, fmt.Sprint(i))
			mu.Unlock()
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		mu.Lock()
		in.State, in.Closed = probe.Closed, new(time.Now())
		mu.Unlock()
		write(t, s, in)
		stop()
		if got, want := messages(t, r), "a opened critical cdn, a closed critical cdn"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		var first probe.Incident
		if err := json.Unmarshal([]byte(r.bodies[0]), &first); err != nil || len(first.Streams) != 28 {
			t.Errorf("the opening names %d streams, %v", len(first.Streams), err)
		}
	})
}

func TestBodyIsTheIncidentAndSigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		signed := hook
		signed.Secret, signed.Headers = "s3cret", map[string]string{"X-Team": "video"}
		s, stop := running(t, Options{Transport: r, Receiver: signed})
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
		if r.heads[0].Get("X-Team") != "video" || r.heads[0].Get("X-Streamwatch-Event") != "opened" {
			t.Errorf("headers %v", r.heads[0])
		}
		// openssl dgst -sha256 -hmac s3cret
		known := "t=1,v1=3aef069923b329162e71de34136b0ef6ee4b9253867069748da3fc3680c71406"
		if got := Signature("s3cret", time.Unix(1, 0), []byte("{}")); got != known {
			t.Errorf("signature of a known body: %s", got)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
