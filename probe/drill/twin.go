package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// twin sends each request to the event and, at the same moment, to a copy of it
// that no fault disturbs, and compares the responses. In a synctest bubble both
// are asked at the very same time, so that any difference is the fault's.
type twin struct {
	real, sound http.RoundTripper
	ended       context.Context
	running     sync.WaitGroup

	mu           sync.Mutex
	from         time.Time // since when faults are on; zero is not yet
	n            int
	first, early string
}

// restart counts anew, what is done from a moment on.
func (t *twin) restart(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.from, t.n, t.first = now, 0, ""
}

// served is one response as a client sees it.
type served struct {
	err   error // none came, or the body broke off
	resp  *http.Response
	head  time.Duration // until the head
	whole time.Duration // until the end of the body; zero when it was not read to the end
	body  bytes.Buffer
	left  bool // the client gave up
}

// expect makes room for a body as long as the head says.
func (s *served) expect(resp *http.Response) {
	if resp.Body != http.NoBody && resp.ContentLength > 0 {
		s.body.Grow(int(resp.ContentLength) + bytes.MinRead)
	}
}

// left reports whether an error is the client's doing.
func left(r *http.Request, err error) bool {
	return err != nil && errors.Is(r.Context().Err(), context.Canceled)
}

// RoundTrip passes on what the event answers.
func (t *twin) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	sound := make(chan *served, 1)
	t.running.Go(func() { sound <- t.ask(r, began) })
	resp, err := t.real.RoundTrip(r)
	got := &served{err: err, resp: resp, head: time.Since(began), left: left(r, err)}
	judge := func() {
		done := time.Now()
		t.running.Go(func() { t.compare(r, done, got, <-sound) })
	}
	if err != nil {
		judge()
		return nil, err //nolint:wrapcheck // a transport's error is the transport's
	}
	got.expect(resp)
	body := &recorded{ReadCloser: resp.Body, got: got, r: r, began: began}
	shown := *resp
	shown.Body = &closing{body, sync.OnceFunc(judge)}
	return &shown, nil
}

// ask sends a request to the sound copy and reads the answer to its end.
func (t *twin) ask(r *http.Request, began time.Time) *served {
	ctx := t.ended // that of the request would show its trace to the client
	if deadline, ok := r.Context().Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	resp, err := t.sound.RoundTrip(r.Clone(ctx))
	got := &served{err: err, resp: resp, head: time.Since(began)}
	if err != nil {
		return got
	}
	defer func() { _ = resp.Body.Close() }()
	got.expect(resp)
	_, got.err = got.body.ReadFrom(resp.Body)
	got.whole = time.Since(began)
	return got
}

// compare counts a difference of a request that was done at a time. One that
// was under way when the fault began may be another already.
func (t *twin) compare(r *http.Request, done time.Time, got, want *served) {
	if got.left || t.ended.Err() != nil {
		return
	}
	what := difference(got, want)
	if what == "" {
		return
	}
	what = fmt.Sprintf("%s %s: %s", r.Method, r.URL, what)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.from.IsZero() || done.Before(t.from) {
		if t.early == "" {
			t.early = what
		}
		return
	}
	if t.n++; t.n == 1 {
		t.first = what
	}
}

// noticed is how much later something must come to count as late.
const noticed = 250 * time.Millisecond

// headers are compared; the rest of a head may differ from one answer to the
// next.
var headers = []string{"Content-Type", "Cache-Control", "Access-Control-Allow-Origin", "Content-Range"}

// difference says how two responses differ, "" if they do not. Of the body it
// is as much as the client read.
func difference(got, want *served) string {
	switch {
	case got.err != nil && want.err == nil:
		return got.err.Error()
	case got.err != nil || want.err != nil:
		return ""
	case got.resp.StatusCode != want.resp.StatusCode:
		return fmt.Sprintf("status %d, its twin %d", got.resp.StatusCode, want.resp.StatusCode)
	case got.resp.ContentLength != want.resp.ContentLength:
		return fmt.Sprintf("%d bytes, its twin %d", got.resp.ContentLength, want.resp.ContentLength)
	case got.head > want.head+noticed, got.whole > want.whole+noticed:
		return fmt.Sprintf("after %s, its twin after %s", max(got.head, got.whole), max(want.head, want.whole))
	}
	for _, name := range headers {
		if a, b := got.resp.Header.Get(name), want.resp.Header.Get(name); a != b {
			return fmt.Sprintf("%s %q, its twin %q", name, a, b)
		}
	}
	a, b := got.body.Bytes(), want.body.Bytes()
	if n := min(len(a), len(b)); got.whole > 0 && len(a) != len(b) || len(a) > len(b) || !bytes.Equal(a[:n], b[:n]) {
		return fmt.Sprintf("other bytes (%d) than its twin (%d)", len(a), len(b))
	}
	return ""
}

// recorded keeps what a client reads of a body.
type recorded struct {
	io.ReadCloser
	got   *served
	r     *http.Request
	began time.Time
}

// Read keeps what it passes on.
func (b *recorded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.got.body.Write(p[:n])
	switch {
	case errors.Is(err, io.EOF):
		b.got.whole = time.Since(b.began)
	case err != nil:
		b.got.err, b.got.left = err, left(b.r, err)
	}
	return n, err //nolint:wrapcheck // a body's error is the body's
}
