package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	defaultIncidents = 200
	maxIncidents     = 1000
)

func (s *Server) incidents(w http.ResponseWriter, r *http.Request) {
	f, err := incidentFilter(r.URL.Query(), time.Now())
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	list, ok := s.find(r.Context(), w, f)
	if ok {
		send(w, http.StatusOK, "application/json", map[string][]probe.Incident{"incidents": list})
	}
}

func (s *Server) incident(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	list, ok := s.find(r.Context(), w, probe.IncidentFilter{ID: id, Limit: 1})
	switch {
	case !ok:
	case len(list) == 0:
		problem(w, http.StatusNotFound, fmt.Sprintf("there is no incident %q, or it closed more than 14 days ago", id))
	default:
		send(w, http.StatusOK, "application/json", &list[0])
	}
}

// find returns the incidents that a filter chooses, newest first, or answers
// with a problem. Those that are open it takes from the snapshot: it is newer
// than the store, and there without one and while the disk is full.
func (s *Server) find(ctx context.Context, w http.ResponseWriter, f probe.IncidentFilter) (list []probe.Incident, ok bool) {
	list = []probe.Incident{}
	if f.Open.Or(true) {
		list = append(list, openIncidents(s.o.Source.Snapshot(), f)...)
	}
	if s.o.History != nil && !f.Open.Or(false) {
		stored, err := s.o.History.Incidents(ctx, f)
		if err != nil {
			s.o.Log.Warn("incidents could not be read", zap.Error(err))
			problem(w, http.StatusInternalServerError, "the history could not be read")
			return nil, false
		}
		known := map[string]bool{}
		for i := range list {
			known[list[i].ID] = true
		}
		for i := range stored {
			if !known[stored[i].ID] {
				list = append(list, stored[i])
			}
		}
	}
	slices.SortStableFunc(list, func(a, b probe.Incident) int { return b.Began.Compare(a.Began) })
	return list[:min(len(list), f.Limit)], true
}

func openIncidents(snap *probe.Snapshot, f probe.IncidentFilter) (list []probe.Incident) {
	if snap == nil {
		return nil
	}
	for i := range snap.Incidents {
		in := &snap.Incidents[i]
		if (f.Stream == "" || slices.Contains(in.Streams, f.Stream)) && (f.ID == "" || f.ID == in.ID) {
			list = append(list, *in)
		}
	}
	return list
}

func incidentFilter(q url.Values, now time.Time) (probe.IncidentFilter, error) {
	f := probe.IncidentFilter{Stream: q.Get("stream"), Limit: defaultIncidents}
	if v := q.Get("open"); v != "" {
		open, err := strconv.ParseBool(v)
		if err != nil {
			return f, fmt.Errorf("open=%q, want true or false", v)
		}
		f.Open = probe.State(open)
	}
	if v := q.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > maxIncidents {
			return f, fmt.Errorf("limit=%q, want 1 to %d", v, maxIncidents)
		}
		f.Limit = n
	}
	var err error
	f.Since, err = moment("since", q.Get("since"), now)
	return f, err
}
