package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// errTooLarge ends the reading of an object that is passed on instead.
var errTooLarge = errors.New("object is too large to keep")

// ask is one request to the origin.
type ask struct {
	key, query string
	old        *Object // what is to be revalidated or served instead, or nil
	ttl        TTL
	behind     bool // viewers get the old object meanwhile
}

// fetch asks the origin and decides what viewers get and what is kept.
func (e *Edge) fetch(ctx context.Context, a ask) Result {
	// Age runs from the request, not from the answer (RFC 9111 §4.2.3): a viewer
	// who asks once in a TTL then finds that it is over each time.
	now := time.Now()
	got, tail, err := e.request(ctx, a, now)
	switch {
	case err != nil:
		return e.failed(a, gatewayError(a.key, err, time.Now()))
	case tail != nil:
		return Result{Object: got, Word: WordMiss, tail: tail}
	case got.Status == http.StatusNotModified && a.old != nil:
		fresh := *a.old
		fresh.Header = a.old.Header.Clone()
		for name, values := range got.Header {
			if name != "Content-Type" && name != "Content-Encoding" {
				fresh.Header[name] = values
			}
		}
		fresh.Obtained = now
		e.keep(&fresh, a.ttl)
		return Result{Object: &fresh, Word: WordRefresh}
	case got.Status >= http.StatusInternalServerError:
		return e.failed(a, got)
	case got.Status >= http.StatusBadRequest:
		e.keepError(got)
		return Result{Object: got, Word: WordError}
	}
	e.keep(got, a.ttl)
	if a.old != nil {
		return Result{Object: got, Word: WordExpired}
	}
	return Result{Object: got, Word: WordMiss}
}

// failed answers while the origin fails: with the copy there is, though it has
// expired, else with the error. Either holds until the next try.
func (e *Edge) failed(a ask, failure *Object) Result {
	now, old := failure.Obtained, a.old
	if old == nil || old.Status != http.StatusOK || !old.spoils.IsZero() && now.After(old.spoils) {
		if !a.behind { // a failure that no viewer waits for leaves things as they are
			e.keepError(failure)
		}
		return Result{Object: failure, Word: WordError}
	}
	stale := *old
	stale.expires = now.Add(e.config.ErrorTTL)
	e.cache.Store(&stale)
	return Result{Object: &stale, Word: WordFallback}
}

// keep stores an answer for as long as its headers and the TTL say.
func (e *Edge) keep(o *Object, ttl TTL) {
	d := directivesOf(o.Header)
	life := d.life(ttl)
	o.expires = o.Obtained.Add(life)
	if e.config.WholeSeconds && life > 0 {
		o.expires = o.expires.Truncate(time.Second).Add(time.Second)
	}
	o.grace = o.expires.Add(e.config.Grace)
	o.spoils = time.Time{}
	switch {
	case d.staleIfError >= 0:
		o.spoils = o.expires.Add(d.staleIfError)
	case e.config.StaleIfError != 0:
		o.spoils = o.expires.Add(max(0, e.config.StaleIfError))
	}
	switch {
	case life > 0 && o.Status < http.StatusMultipleChoices, life > 0 && d.stated():
		e.cache.Store(o)
	default:
		e.cache.drop(o.Key)
	}
}

// keepError stores an error answer. Some statuses are kept always, some when
// the origin asks for it, the rest never; a 4xx replaces what there was.
func (e *Edge) keepError(o *Object) {
	d := directivesOf(o.Header)
	life := time.Duration(0)
	switch o.Status {
	case 404:
		life = max(e.config.NegativeTTL, d.maxAge)
	case 414, 500, 501, 502, 503, 504:
		life = max(e.config.ErrorTTL, d.maxAge)
	case 400, 403, 405, 412, 415:
		if d.maxAge >= 0 {
			life = max(e.config.ErrorTTL, d.maxAge)
		}
	}
	o.expires = o.Obtained.Add(life)
	if e.config.WholeSeconds && life > 0 {
		o.expires = o.expires.Truncate(time.Second).Add(time.Second)
	}
	if life > 0 {
		e.cache.Store(o)
	} else {
		e.cache.drop(o.Key)
	}
}

// request sends one request to the origin, now. tail is the unread rest of an
// object that is too large to keep.
func (e *Edge) request(ctx context.Context, a ask, now time.Time) (o *Object, tail io.ReadCloser, err error) {
	// A viewer who leaves must not look like an origin that fails, and others
	// may wait for the same answer.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	timer := time.AfterFunc(e.config.ConnectTimeout+e.config.ReadTimeout, func() { cancel(context.DeadlineExceeded) })
	defer func() {
		if tail == nil {
			timer.Stop()
			cancel(nil)
		}
	}()
	u := *e.config.Origin
	u.RawPath, u.RawQuery, u.User = "", a.query, nil
	target := u.JoinPath(strings.TrimSuffix(a.key, "?"+a.query))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("asking the origin: %w", err)
	}
	for name, values := range e.config.Headers {
		req.Header[textproto.CanonicalMIMEHeaderKey(name)] = values
	}
	req.Header.Set("User-Agent", "streamwatch-edge")
	if via := e.config.Marks.Via; via != "" {
		req.Header.Set("Via", e.fill(via, Result{Word: WordMiss}, 0))
	}
	if old := a.old; old != nil && old.Status == http.StatusOK && !e.config.NoRevalidation {
		if tag := old.Blob.ETag; tag != "" {
			req.Header.Set("If-None-Match", tag)
		} else if !old.Blob.Modified.IsZero() {
			req.Header.Set("If-Modified-Since", old.Blob.Modified.UTC().Format(http.TimeFormat))
		}
	}
	resp, err := e.config.Transport.RoundTrip(req)
	if err != nil {
		return nil, nil, fmt.Errorf("asking the origin: %w", orCause(ctx, err))
	}
	limited := &patientReader{body: resp.Body, timer: timer, patience: e.config.ReadTimeout, cancel: cancel}
	body, err := limited.all(resp.ContentLength, e.config.ObjectBytes)
	o = e.received(a.key, resp, body, now)
	if errors.Is(err, errTooLarge) {
		if resp.ContentLength >= 0 {
			o.Header.Set("Content-Length", fmt.Sprint(resp.ContentLength))
		}
		return o, limited, nil
	}
	_ = resp.Body.Close()
	if err != nil {
		return nil, nil, fmt.Errorf("reading from the origin: %w", orCause(ctx, err))
	}
	return o, nil, nil
}

// orCause prefers the reason for which a context ended.
func orCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// received makes an object of an answer to a request sent at a time.
func (e *Edge) received(key string, resp *http.Response, body []byte, asked time.Time) *Object {
	h := e.viewerHeader(resp.Header)
	b := &Blob{Body: body, Type: resp.Header.Get("Content-Type"), ETag: resp.Header.Get("Etag")}
	b.Modified, _ = http.ParseTime(resp.Header.Get("Last-Modified")) // zero when there is none
	if h.Get("Date") == "" {
		h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	return &Object{
		Key: key, Status: resp.StatusCode, Header: h, Blob: b, fill: e.asked.Add(1), Obtained: asked,
		expires: asked,
	}
}

// hopHeaders are not passed on: they belong to one connection (RFC 9110 §7.6.1),
// are made anew for each viewer, or must not be shared between viewers.
var hopHeaders = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Content-Length", "Age", "X-Cache", "X-Amz-Cf-Id", "X-Amz-Cf-Pop", "Set-Cookie",
	"Accept-Ranges", "Etag", "Last-Modified",
}

// viewerHeader is what viewers may see of the origin's header.
func (e *Edge) viewerHeader(h http.Header) http.Header {
	h = h.Clone()
	drop := slices.Clone(hopHeaders)
	for _, line := range h.Values("Connection") {
		for name := range strings.SplitSeq(line, ",") {
			drop = append(drop, strings.TrimSpace(name))
		}
	}
	for name := range e.config.Headers { // an origin may echo its secret
		drop = append(drop, name)
	}
	for _, name := range drop {
		h.Del(name)
	}
	return h
}

// gatewayError is the edge's own answer when there is none from the origin. It
// names neither the origin nor the cause.
func gatewayError(key string, err error, now time.Time) *Object {
	status := http.StatusBadGateway
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		status = http.StatusGatewayTimeout
	}
	text := fmt.Sprintf("<!DOCTYPE html>\n<html><head><title>%d %s</title></head>\n"+
		"<body><h1>%[1]d %[2]s</h1><p>The edge could not get an answer from the origin.</p></body></html>\n",
		status, http.StatusText(status))
	return &Object{
		Key: key, Status: status, Header: http.Header{"Date": {now.UTC().Format(http.TimeFormat)}},
		Blob: &Blob{Body: []byte(text), Type: "text/html; charset=utf-8"}, Obtained: now,
	}
}

// patientReader allows a time between two reads, not for the whole.
type patientReader struct {
	body     io.ReadCloser
	timer    *time.Timer
	patience time.Duration
	cancel   context.CancelCauseFunc
}

// Read allows the patience anew; between reads time belongs to the viewer.
func (p *patientReader) Read(b []byte) (int, error) {
	p.timer.Reset(p.patience)
	defer p.timer.Stop()
	return p.body.Read(b)
}

// Close ends the exchange.
func (p *patientReader) Close() error {
	p.timer.Stop()
	defer p.cancel(nil)
	return p.body.Close()
}

// all reads up to limit bytes; errTooLarge says that there are more.
func (p *patientReader) all(length, limit int64) ([]byte, error) {
	if length > limit {
		return nil, errTooLarge
	}
	var body bytes.Buffer
	if length > 0 {
		body.Grow(int(length) + bytes.MinRead) // as much as ReadFrom wants free at the end
	}
	_, err := body.ReadFrom(io.LimitReader(p, limit+1))
	if err == nil && int64(body.Len()) > limit {
		err = errTooLarge
	}
	return body.Bytes(), err
}
