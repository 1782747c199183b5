package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// message is an incident as it was after a change.
type message struct {
	incident probe.Incident
	at       time.Time // of the change
	changed  string    // what is claimed otherwise than before, of an update
}

// hook is a webhook with its queue.
type hook struct {
	Webhook
	client *http.Client
	log    *zap.Logger
	more   chan struct{} // something was queued

	failing probe.Failing // to deliver

	mu      sync.Mutex // guards all below
	waiting []message
	stats   Stats
}

func (h *hook) queue(m message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiting) == queueLength {
		h.waiting = h.waiting[1:]
		h.stats.Dropped++
	}
	h.waiting = append(h.waiting, m)
	select {
	case h.more <- struct{}{}:
	default:
	}
}

func (h *hook) next() (m message, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiting) == 0 {
		return m, false
	}
	m = h.waiting[0]
	h.waiting = h.waiting[1:]
	return m, true
}

func (h *hook) done(sent bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if sent {
		h.stats.Sent++
	} else {
		h.stats.Dropped++
	}
}

// run sends one message after the other. After the end of ctx there are a few
// seconds for those that are left, in which nothing is tried twice.
func (h *hook) run(ctx context.Context) {
	for ctx.Err() == nil {
		if m, ok := h.next(); ok {
			h.deliver(ctx, m)
			continue
		}
		select {
		case <-h.more:
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer cancel()
	for m, ok := h.next(); ok; m, ok = h.next() {
		_, err := h.post(last, m)
		h.settle(m, err)
	}
}

// deliver tries until the receiver took the message, refused it for good, or
// nobody wants to know any more. At the end of ctx the message goes back, for
// the last flush.
func (h *hook) deliver(ctx context.Context, m message) {
	wait := retryFirst
	for {
		again, err := h.post(context.WithoutCancel(ctx), m) // one under way is not cut off: the receiver may have read it
		if ctx.Err() != nil && err != nil {
			h.mu.Lock()
			h.waiting = append([]message{m}, h.waiting...)
			h.mu.Unlock()
			return
		}
		if err == nil || again < 0 || time.Since(m.at) > giveUp {
			h.settle(m, err)
			return
		}
		timer := time.NewTimer(max(again, wait/2+rand.N(wait/2)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		wait = min(2*wait, retryMost)
	}
}

// settle counts what became of a message.
func (h *hook) settle(m message, err error) {
	h.done(err == nil)
	if err != nil {
		h.log.Warn("webhook was not told of an incident", zap.String("incident", m.incident.ID), zap.Error(err))
	}
}

// never is the wait before a try that makes no sense.
const never = -1

// post sends a message once. After an error, again is how long the receiver
// wants to be left alone at least, or never.
func (h *hook) post(ctx context.Context, m message) (again time.Duration, err error) {
	body, err := h.body(&m)
	if err != nil {
		return never, err
	}
	defer func() { h.failing.Note(cause(err)) }()
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return never, errors.New("the address of the webhook is not a URL")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "streamwatch")
	request.Header.Set("X-Streamwatch-Delivery", fmt.Sprintf("%s-%s-%d", m.incident.ID, m.incident.State, m.at.UnixMilli()))
	if h.Secret != "" {
		request.Header.Set("X-Streamwatch-Signature", Signature(h.Secret, time.Now(), body))
	}
	response, err := h.client.Do(request)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // the rest of it is the address
		}
		return 0, fmt.Errorf("posting: %w", err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)) // so that the connection can be used again
	return verdict(response)
}

// verdict reads what a receiver means by its status.
func verdict(r *http.Response) (again time.Duration, err error) {
	switch {
	case r.StatusCode >= 200 && r.StatusCode < 300:
		return 0, nil
	case r.StatusCode == http.StatusRequestTimeout, r.StatusCode == http.StatusTooManyRequests, r.StatusCode >= 500:
		if n, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && n > 0 {
			again = min(time.Duration(n)*time.Second, 5*time.Minute)
		}
	default:
		again = never
	}
	return again, statusError(r.StatusCode)
}

// statusError is an answer that says no.
type statusError int

func (e statusError) Error() string {
	return fmt.Sprintf("the receiver answered with status %d", int(e))
}

// cause names an error in a few words for the page.
func cause(err error) string {
	if e, ok := errors.AsType[statusError](err); ok {
		return e.Error()
	}
	return probe.Cause(err)
}

// Signature returns the value of X-Streamwatch-Signature for a body: the time in
// Unix seconds, and the HMAC-SHA256 of that time, a dot and the body.
func Signature(secret string, at time.Time, body []byte) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
