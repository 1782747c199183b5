// Package beacon takes what viewers' players report and makes samples of it:
// startup, latency, stalls and errors, by stream and kind of embed.
//
// The rule that keeps it simple: nothing a viewer sends is kept but numbers.
// Names are compared with those of the event, never stored; every number has a
// limit; and memory is that of the event's streams, whatever comes in.
package beacon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// Path is where the monitor takes beacons.
const Path = "/api/v1/beacon"

const (
	maxBody    = 1 << 10 // a player's is about 200 bytes
	maxReading = 256     // beacons that are read at the same time
	maxPending = 20_000  // values that wait to be handed over
	readLimit  = 2 * time.Second
	handOver   = time.Second
	tellEvery  = time.Minute
)

// Kinds are the embeds that report. An iframe shows one of them.
var kinds = []string{"hlsjs", "videojs", "native"}

// Options say whose beacons are taken.
type Options struct {
	Event   string
	Streams []string          // by name
	Emit    func(probe.Batch) // gets the samples of each stream, once a second; it does not block
	Log     *zap.Logger
}

// Receiver takes beacons by HTTP. Its methods may be called from several
// goroutines.
type Receiver struct {
	o       Options
	limits  limiter
	reading atomic.Int32

	mu      sync.Mutex
	streams map[string]*stream
	waiting int            // values in all streams
	refused map[string]int // by reason, since they were last told
	over    bool           // Run has ended: nobody would hear of more
}

// stream is what was reported of one stream.
type stream struct {
	totals  map[series]float64
	singles []probe.Sample
	recent  recent
}

type series struct {
	metric *probe.Metric
	kind   string
}

// New makes a receiver. Run hands over what it took.
func New(o Options) *Receiver {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	r := &Receiver{o: o, streams: map[string]*stream{}, refused: map[string]int{}}
	for _, name := range o.Streams {
		r.streams[name] = &stream{totals: map[series]float64{}}
	}
	return r
}

// Watch makes other streams those whose beacons are taken.
func (r *Receiver) Watch(streams []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := map[string]*stream{}
	for _, name := range streams {
		if next[name] = r.streams[name]; next[name] == nil {
			next[name] = &stream{totals: map[series]float64{}}
		}
	}
	r.streams = next
}

// Run hands samples over until ctx is done, and once more then. After that no
// beacon is taken.
func (r *Receiver) Run(ctx context.Context) {
	tick := time.NewTicker(handOver)
	defer tick.Stop()
	told := time.Now()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			r.mu.Lock()
			r.over = true
			r.mu.Unlock()
		}
		now := time.Now()
		for _, b := range r.take(now) {
			r.o.Emit(b)
		}
		if now.Sub(told) >= tellEvery || ctx.Err() != nil {
			told = now
			r.tell()
		}
	}
}

// take removes what waits, as one batch for each stream.
func (r *Receiver) take(now time.Time) (list []probe.Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, s := range r.streams {
		b := probe.Batch{At: now, Event: r.o.Event, Stream: name, Samples: s.singles}
		for of, sum := range s.totals {
			b.Samples = append(b.Samples, probe.Sample{Metric: of.metric, Stream: name, Rendition: of.kind, Value: sum, At: now})
		}
		s.singles = nil
		clear(s.totals)
		if len(b.Samples) > 0 {
			list = append(list, b)
		}
	}
	r.waiting = 0
	slices.SortFunc(list, func(a, b probe.Batch) int { return cmp.Compare(a.Stream, b.Stream) })
	return list
}

// tell logs how many beacons were refused, and why.
func (r *Receiver) tell() {
	r.mu.Lock()
	refused := r.refused
	r.refused = map[string]int{}
	r.mu.Unlock()
	if len(refused) > 0 {
		r.o.Log.Warn("beacons refused", zap.Any("by_reason", refused))
	}
}

// Viewers sums up the recent reports of a stream; nil when there are none.
func (r *Receiver) Viewers(name string, now time.Time) *probe.Viewers {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.streams[name]
	if s == nil || s.recent.began.IsZero() {
		return nil
	}
	return s.recent.summary(now)
}

var errOver = errors.New("the monitor is ending")

// note counts a report, or says why not.
func (r *Receiver) note(rep *report, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return errOver
	}
	s := r.streams[rep.Stream]
	if rep.Event != r.o.Event || s == nil || !slices.Contains(kinds, rep.Kind) {
		return errors.New("the event, the stream or the kind is not one of this monitor")
	}
	for _, v := range rep.values() {
		if !v.stated.Stated {
			continue
		}
		n := min(v.stated.Value, v.limit)
		if !v.metric.Total() {
			// thousands of viewers give few different values: each takes its place on the
			// way to CloudWatch
			n = math.Round(n*10) / 10
		}
		s.recent.note(v.metric, n, now)
		switch {
		case v.metric.Total():
			s.totals[series{v.metric, rep.Kind}] += n
		case r.waiting < maxPending:
			r.waiting++
			s.singles = append(s.singles, probe.Sample{
				Metric: v.metric, Stream: rep.Stream, Rendition: rep.Kind, Value: n,
				At: now,
			})
		}
	}
	return nil
}

// ServeHTTP takes a POST as navigator.sendBeacon makes it: text/plain from any
// origin, so that browsers ask for no permission first. It needs none: it
// answers nothing but whether the beacon counts.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	w.Header().Set("Cache-Control", "no-store")
	now := time.Now()
	defer r.reading.Add(-1)
	switch {
	case r.reading.Add(1) > maxReading:
		r.refuse(w, http.StatusServiceUnavailable, "too many at once")
		return
	case !r.limits.allow(client(req), now):
		r.refuse(w, http.StatusTooManyRequests, "too many")
		return
	}
	if kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type")); kind != "text/plain" {
		r.refuse(w, http.StatusUnsupportedMediaType, "not text/plain")
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(now.Add(readLimit)) // a recorder in a test has none
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		r.refuse(w, http.StatusRequestEntityTooLarge, "too large")
		return
	}
	var rep *report
	if err == nil {
		rep, err = decode(body)
	}
	if err == nil {
		err = r.note(rep, now)
	}
	if errors.Is(err, errOver) {
		r.refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	if err != nil {
		r.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// refuse answers in the form of RFC 9457 and counts. Reasons are ours alone, so
// there are few, and none needs an escape.
func (r *Receiver) refuse(w http.ResponseWriter, status int, why string) {
	r.mu.Lock()
	r.refused[why]++
	r.mu.Unlock()
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	fmt.Fprintf(w, "{\"title\":%q,\"status\":%d,\"detail\":%q}\n", http.StatusText(status), status, why)
}
