package web

import (
	"context"
	"fmt"
	"iter"
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
	defaultIncidents = 200
	maxIncidents     = 1000
)

func (s *Server) incidents(w http.ResponseWriter, r *http.Request) {
	v, err := queryOf(r)
	var f probe.IncidentFilter
	if err == nil {
		f, err = incidentFilter(v, time.Now())
	}
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	limit := f.Limit
	f.Limit++ // one more tells whether there is a next page
	list, ok := s.find(r.Context(), w, f)
	if !ok {
		return
	}
	answer := struct {
		Incidents []probe.Incident `json:"incidents"`
		Next      string           `json:"next,omitempty"` // before= of the next page; absent on the last
	}{Incidents: list}
	if len(list) > limit {
		answer.Incidents, answer.Next = list[:limit], cursor(&list[limit-1])
	}
	send(w, http.StatusOK, "application/json", answer)
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
// with a problem. Those that are open it takes from the source: that is newer
// than the store, and there without one and while the disk is full.
func (s *Server) find(ctx context.Context, w http.ResponseWriter, f probe.IncidentFilter) (list []probe.Incident,
	ok bool,
) {
	list = []probe.Incident{}
	open := map[string]bool{}
	now := s.o.Source.Open()
	for i := range now {
		open[now[i].ID] = true
		if f.Chooses(&now[i]) {
			list = append(list, now[i])
		}
	}
	if s.o.History != nil && !f.Open.Or(false) {
		stored, err := s.o.History.Incidents(ctx, f)
		if err != nil {
			s.o.Log.Warn("incidents could not be read", zap.Error(err))
			problem(w, http.StatusInternalServerError, "the history could not be read")
			return nil, false
		}
		for i := range stored {
			if !open[stored[i].ID] { // else the source has said how it is now
				list = append(list, stored[i])
			}
		}
	}
	slices.SortFunc(list, func(a, b probe.Incident) int { return probe.RankOf(&a).Compare(probe.RankOf(&b)) })
	return list[:min(len(list), f.Limit)], true
}

// A cursor names the last incident of a page: "2026-11-28T19:00:00.000Z~ID".
func cursor(in *probe.Incident) string { return probe.FormatTime(in.Began) + "~" + in.ID }

func place(v string) (probe.Rank, error) {
	began, id, ok := strings.Cut(v, "~")
	at, err := time.Parse(time.RFC3339, began)
	if !ok || err != nil {
		return probe.Rank{}, fmt.Errorf("before=%q, want the `next` of the page before", v)
	}
	return probe.Rank{Began: at, ID: id}, nil
}

func incidentFilter(q url.Values, now time.Time) (f probe.IncidentFilter, err error) {
	f = probe.IncidentFilter{Stream: q.Get("stream"), Text: q.Get("text"), Limit: defaultIncidents}
	err = parameters(q, "open", "limit", "before", "stream", "severity", "blame", "text", "since", "until")
	if err != nil {
		return f, err
	}
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
	if v := q.Get("before"); v != "" {
		if f.Before, err = place(v); err != nil {
			return f, err
		}
	}
	for name := range listed(q["severity"]) {
		var severity probe.Severity
		if err := severity.UnmarshalText([]byte(name)); err != nil {
			return f, fmt.Errorf("severity=%q, want info, warning, error or critical", name)
		}
		f.Severities = append(f.Severities, severity)
	}
	for name := range listed(q["blame"]) {
		blame := probe.Blame(name)
		if !slices.Contains(blames, blame) {
			return f, fmt.Errorf("blame=%q, want encoder, origin, cdn, path, config or unknown", name)
		}
		f.Blames = append(f.Blames, blame)
	}
	if f.Since, err = moment("since", q.Get("since"), now); err != nil {
		return f, err
	}
	f.Until, err = moment("until", q.Get("until"), now)
	return f, err
}

var blames = []probe.Blame{
	probe.BlameEncoder, probe.BlameOrigin, probe.BlameCDN, probe.BlamePath, probe.BlameConfig, probe.BlameUnknown,
}

// listed gives the values of a parameter that may stand several times, or with
// commas.
func listed(values []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, v := range values {
			for part := range strings.SplitSeq(v, ",") {
				if part != "" && !yield(part) {
					return
				}
			}
		}
	}
}
