package sim

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

// errorPage is what web servers answer instead of a playlist when they break.
const errorPage = "<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>\n" +
	"<body><h1>Service unavailable</h1><p>Please try again later.</p></body></html>\n"

// apply lets every fault that concerns the resource change the answer.
func (a *answer) apply(faults []*injected, now time.Time) {
	for _, in := range faults {
		if in.fault.reply != nil && in.fault.kinds&a.kind != 0 {
			in.fault.reply(in, now, a)
		}
	}
}

// serve answers with the resource, or as the faults want it.
func (a *answer) serve(w http.ResponseWriter, r *http.Request, b *edge.Blob) {
	switch {
	case a.hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case a.abort:
		panic(http.ErrAbortHandler)
	}
	if a.wait > 0 {
		pause(r.Context(), a.wait)
	}
	if a.spread > 0 && r.Method == http.MethodHead {
		pause(r.Context(), a.spread)
	}
	switch {
	case a.status != 0:
		w.Header().Del("Cache-Control")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(errorPage)))
		w.WriteHeader(a.status)
		if r.Method != http.MethodHead {
			_, _ = w.Write([]byte(errorPage)) // the client has gone
		}
		return
	case a.html:
		b = &edge.Blob{Body: []byte(errorPage), Type: "text/html; charset=utf-8"}
	case a.body != nil:
		b = edge.NewBlob(a.body(b.Body), b.Type, b.Modified)
	}
	if a.mime != "" {
		b = &edge.Blob{Body: b.Body, Type: a.mime, ETag: b.ETag, Modified: b.Modified}
	}
	if a.tag != "" {
		b = &edge.Blob{Body: b.Body, Type: b.Type, ETag: a.tag}
	}
	if a.spread > 0 {
		w = &slowWriter{ResponseWriter: w, ctx: r.Context(), spread: a.spread}
	}
	if a.cut > 0 {
		w = &cuttingWriter{ResponseWriter: w, share: a.cut}
	}
	b.Serve(w, r)
}

// pause waits, or ends the handler when the client has gone.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// slowWriter spreads a body evenly over a time.
type slowWriter struct {
	http.ResponseWriter
	ctx    context.Context
	spread time.Duration
}

// slowPieces is into how many writes a slow body is cut.
const slowPieces = 10

func (w *slowWriter) Write(b []byte) (int, error) {
	total, _ := strconv.Atoi(w.Header().Get("Content-Length"))
	piece := max(1, max(total, len(b))/slowPieces)
	done := 0
	for done < len(b) {
		n := min(piece, len(b)-done)
		pause(w.ctx, time.Duration(float64(w.spread)*float64(n)/float64(max(total, len(b)))))
		if _, err := w.ResponseWriter.Write(b[done : done+n]); err != nil {
			return done, err
		}
		done += n
		_ = http.NewResponseController(w.ResponseWriter).Flush() // some cannot, and need not
	}
	return done, nil
}

// cuttingWriter closes the connection after a share of the body.
type cuttingWriter struct {
	http.ResponseWriter
	share   float64
	written int
}

func (w *cuttingWriter) Write(b []byte) (int, error) {
	total, _ := strconv.Atoi(w.Header().Get("Content-Length"))
	if left := int(w.share*float64(max(total, 1))) - w.written; len(b) > left {
		_, _ = w.ResponseWriter.Write(b[:max(0, left)])
		_ = http.NewResponseController(w.ResponseWriter).Flush() // else the head is lost too
		panic(http.ErrAbortHandler)
	}
	n, err := w.ResponseWriter.Write(b)
	w.written += n
	return n, err
}
