package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	maxPoints     = 1500
	defaultSeries = time.Hour
)

// send writes JSON. An encoding that fails is a bug, and is said.
func send(w http.ResponseWriter, status int, kind string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"title":"Internal Server Error","status":500}`)
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

// problem answers with an error in the form of RFC 9457.
func problem(w http.ResponseWriter, status int, detail string) { hinted(w, status, detail, "") }

// hinted answers with an error and with what to do about it.
func hinted(w http.ResponseWriter, status int, detail, hint string) {
	send(w, status, "application/problem+json", struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		Hint   string `json:"hint,omitempty"`
	}{http.StatusText(status), status, detail, hint})
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, "application/json", map[string]bool{"ok": true})
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	ready := false
	if s.o.Ready != nil {
		ready = s.o.Ready()
	} else {
		ready = observed(s.o.Source.Snapshot())
	}
	if !ready {
		problem(w, http.StatusServiceUnavailable, "the first round is not over yet")
		return
	}
	answer := struct {
		Ready bool               `json:"ready"`
		Sinks []probe.SinkHealth `json:"sinks,omitempty"`
	}{Ready: true}
	if s.o.Sinks != nil {
		answer.Sinks = s.o.Sinks() // a sick one does not make the monitor unready: it goes on watching
	}
	send(w, http.StatusOK, "application/json", answer)
}

// observed reports whether every side of every stream was looked at.
func observed(snap *probe.Snapshot) bool {
	if snap == nil {
		return false
	}
	for _, stream := range snap.Streams {
		for _, r := range stream.Renditions {
			for _, side := range []*probe.SideSnapshot{r.Edge, r.Origin} {
				if side != nil && side.Checked.IsZero() {
					return false
				}
			}
		}
		if len(stream.Renditions) == 0 && stream.Verdict == probe.Waiting {
			return false
		}
	}
	return true
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	snap := s.o.Source.Snapshot()
	if snap == nil {
		w.Header().Set("Retry-After", "1")
		problem(w, http.StatusServiceUnavailable, "nothing was observed yet")
		return
	}
	send(w, http.StatusOK, "application/json", snap)
}

// queryOf reads the query of a request, all of it: what is lost of a filter would
// filter nothing, and look as if it did.
func queryOf(r *http.Request) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the query cannot be read: join parameters with &, and write % as %25 and ; as %3B")
	}
	return q, nil
}

// parameters refuses others than those named, for the same reason, and one that
// is given twice.
func parameters(q url.Values, names ...string) error {
	for name, values := range q {
		if len(values) > 1 {
			return fmt.Errorf("%s is given %d times", name, len(values))
		}
		if !slices.Contains(names, name) {
			return fmt.Errorf("unknown parameter %q, want one of %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// moment reads a time: RFC 3339, Unix seconds, or how long ago.
func moment(name, v string, now time.Time) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t, nil
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 {
		return time.Unix(n, 0), nil
	}
	if d, err := time.ParseDuration(strings.TrimPrefix(v, "-")); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%s=%q, want a time such as 2026-11-28T19:00:00Z, Unix seconds, or how long ago, "+
		"such as 15m", name, v)
}

func (s *Server) alarms(w http.ResponseWriter, _ *http.Request) {
	notes := []string{}
	if s.o.AlarmNotes != nil {
		notes = append(notes, s.o.AlarmNotes()...)
	}
	send(w, http.StatusOK, "application/json", map[string]any{"alarms": s.o.Alarms(), "notes": notes})
}

func (s *Server) series(w http.ResponseWriter, r *http.Request) {
	if s.o.History == nil {
		problem(w, http.StatusNotFound, "this monitor keeps no history")
		return
	}
	v, err := queryOf(r)
	var q probe.SeriesQuery
	if err == nil {
		q, err = seriesQuery(v, time.Now())
	}
	if err == nil {
		err = edgeOf(&q, s.o.Edges)
	}
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	points, err := s.o.History.Series(r.Context(), q)
	if err != nil {
		s.o.Log.Warn("series could not be read", zap.Error(err))
		problem(w, http.StatusInternalServerError, "the history could not be read")
		return
	}
	if points == nil {
		points = []probe.Point{}
	}
	if len(points) == 0 && q.Stream != "" && !known(s.o.Source.Snapshot(), q.Stream) {
		problem(w, http.StatusNotFound, fmt.Sprintf("there is no stream %q", q.Stream))
		return
	}
	send(w, http.StatusOK, "application/json", struct {
		Stream    string        `json:"stream"`
		Rendition string        `json:"rendition"`
		Side      probe.Side    `json:"side"`
		Edge      string        `json:"edge,omitempty"`
		Metric    string        `json:"metric"`
		Points    []probe.Point `json:"points"`
	}{q.Stream, q.Rendition, q.Side, q.Edge, q.Metric.Prometheus, points})
}

func seriesQuery(v url.Values, now time.Time) (probe.SeriesQuery, error) {
	q := probe.SeriesQuery{
		Stream: v.Get("stream"), Rendition: v.Get("rendition"), Edge: v.Get("edge"),
		MaxPoints: maxPoints,
	}
	if err := parameters(v, "stream", "rendition", "side", "edge", "metric", "since", "until", "points"); err != nil {
		return q, err
	}
	metric, ok := probe.FindMetric(strings.TrimPrefix(v.Get("metric"), "streamwatch_"))
	if !ok {
		return q, fmt.Errorf("metric=%q, want one of %s", v.Get("metric"), strings.Join(metricNames(), ", "))
	}
	q.Metric = metric
	if err := q.Side.UnmarshalText([]byte(v.Get("side"))); err != nil {
		return q, fmt.Errorf("side=%q, want edge or origin", v.Get("side"))
	}
	if (q.Side != probe.NoSide) != (metric.Scope == probe.BySide) {
		if metric.Scope == probe.BySide {
			return q, fmt.Errorf("side is missing: %s is measured at the edge and at the origin", metric.Prometheus)
		}
		return q, fmt.Errorf("side=%q: %s has no side", v.Get("side"), metric.Prometheus)
	}
	if q.Stream == "" && metric.Scope != probe.ByEvent {
		return q, fmt.Errorf("stream is missing: %s is measured of each stream", metric.Prometheus)
	}
	var err error
	if q.Since, err = moment("since", v.Get("since"), now); err != nil {
		return q, err
	}
	if q.Until, err = moment("until", v.Get("until"), now); err != nil {
		return q, err
	}
	if q.Since.IsZero() {
		q.Since = now.Add(-defaultSeries)
	}
	if !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return q, fmt.Errorf("until=%q is not after since=%q", v.Get("until"), v.Get("since"))
	}
	if n := v.Get("points"); n != "" {
		if q.MaxPoints, err = strconv.Atoi(n); err != nil || q.MaxPoints < 2 || q.MaxPoints > maxPoints {
			return q, fmt.Errorf("points=%q, want 2 to %d", n, maxPoints)
		}
	}
	return q, nil
}

// edgeOf chooses the edge of a query: where the event has several, the first
// unless another is named.
func edgeOf(q *probe.SeriesQuery, names []string) error {
	switch {
	case !q.Metric.OfEdge(q.Side) && q.Edge != "":
		return fmt.Errorf("edge=%q: %s at the %s is not told apart by edge", q.Edge, q.Metric.Prometheus,
			cmp.Or(q.Side.String(), "stream"))
	case len(names) == 0 && q.Edge != "":
		return fmt.Errorf("edge=%q: the event has one edge", q.Edge)
	case len(names) == 0 || !q.Metric.OfEdge(q.Side):
		return nil
	case q.Edge == "":
		q.Edge = names[0]
	case !slices.Contains(names, q.Edge):
		return fmt.Errorf("edge=%q, want one of %s", q.Edge, strings.Join(names, ", "))
	}
	return nil
}

func metricNames() []string {
	var names []string
	for _, m := range probe.Catalog() {
		names = append(names, m.Prometheus)
	}
	return names
}

func known(snap *probe.Snapshot, stream string) bool {
	return snap != nil && slices.ContainsFunc(snap.Streams, func(s probe.StreamSnapshot) bool { return s.Name == stream })
}
