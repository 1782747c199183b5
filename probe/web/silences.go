package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// silenceRequest is the body of POST /api/v1/silences.
type silenceRequest struct {
	Stream     string      `json:"stream"`  // the same as one of streams
	Streams    []string    `json:"streams"` // absent is every stream
	Check      string      `json:"check"`
	Scope      probe.Scope `json:"scope"`
	All        bool        `json:"all"` // needed where nothing above is given
	For        string      `json:"for"` // "2h"; or one of the next two
	ForSeconds float64     `json:"for_seconds"`
	Until      time.Time   `json:"until"`
	By         string      `json:"by"` // absent is the user name of the request
	Reason     string      `json:"reason"`
}

// deedRequest is the body of what is done to a silence or an incident that exists.
type deedRequest struct {
	By   string `json:"by"`
	Note string `json:"note"`
}

// silences lists them, or makes one.
func (s *Server) silences(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		list := append([]probe.Silence{}, s.o.Desk.Silences()...)
		send(w, http.StatusOK, "application/json", map[string][]probe.Silence{"silences": list})
		return
	}
	var req silenceRequest
	if !receive(w, r, &req) {
		return
	}
	silence, err := req.silence(time.Now())
	if err != nil {
		s.refuse(w, err)
		return
	}
	done, err := s.o.Desk.Act(r.Context(), probe.Action{Kind: probe.ActSilence, By: by(r, req.By), Silence: silence})
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header().Set("Location", "/api/v1/silences/"+url.PathEscape(done.Silence.ID))
	send(w, http.StatusCreated, "application/json", done.Silence)
}

// silence reads what is to be muted and for how long. The desk checks the rest.
func (q *silenceRequest) silence(now time.Time) (*probe.Silence, error) {
	s := &probe.Silence{Streams: q.Streams, Check: q.Check, Scope: q.Scope, Reason: q.Reason}
	if q.Stream != "" {
		s.Streams = append(s.Streams, q.Stream)
	}
	switch matches := len(s.Streams) > 0 || s.Check != "" || s.Scope != ""; {
	case !matches && !q.All:
		return nil, &probe.Refusal{
			Text: "nothing says what to silence", Hint: "give stream, check or scope, or \"all\": true for everything",
		}
	case matches && q.All:
		return nil, &probe.Refusal{
			Text: "\"all\": true and a stream, check or scope exclude each other", Hint: "leave one of the two out",
		}
	}
	given := 0
	for _, there := range []bool{q.For != "", q.ForSeconds != 0, !q.Until.IsZero()} {
		if there {
			given++
		}
	}
	const one = "give one of for (\"2h\"), for_seconds (7200) and until (\"2026-11-28T21:00:00Z\")"
	if given != 1 {
		return nil, &probe.Refusal{Text: "it is not clear how long the silence lasts", Hint: one}
	}
	lasts := probe.Seconds(min(q.ForSeconds, 1e9))
	if q.For != "" {
		var err error
		if lasts, err = time.ParseDuration(q.For); err != nil {
			return nil, &probe.Refusal{Text: fmt.Sprintf("for is %q, want a duration", q.For), Hint: one}
		}
	}
	if s.Until = q.Until; s.Until.IsZero() {
		s.Until = now.Add(lasts)
	}
	return s, nil
}

// silence shows one, or ends it.
func (s *Server) silence(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if r.Method != http.MethodDelete {
		list := s.o.Desk.Silences()
		i := slices.IndexFunc(list, func(one probe.Silence) bool { return one.ID == id })
		if i < 0 {
			problem(w, http.StatusNotFound, fmt.Sprintf("there is no silence %q, or it ended more than a day ago", id))
			return
		}
		send(w, http.StatusOK, "application/json", &list[i])
		return
	}
	var req deedRequest
	if !receiveAny(w, r, &req) {
		return
	}
	expire := probe.Action{Kind: probe.ActExpire, By: by(r, req.By), Silence: &probe.Silence{ID: id}}
	done, err := s.o.Desk.Act(r.Context(), expire)
	if err != nil {
		s.refuse(w, err)
		return
	}
	send(w, http.StatusOK, "application/json", done.Silence)
}

// acknowledge notes that somebody takes care of an incident, or takes that back.
func (s *Server) acknowledge(w http.ResponseWriter, r *http.Request) {
	var req deedRequest
	if !receiveAny(w, r, &req) {
		return
	}
	a := probe.Action{Kind: probe.ActAcknowledge, By: by(r, req.By), Incident: r.PathValue("id"), Note: req.Note}
	if r.Method == http.MethodDelete {
		a.Kind = probe.ActUnacknowledge
	}
	_, err := s.o.Desk.Act(r.Context(), a)
	if refusal, ok := errors.AsType[*probe.Refusal](err); ok && refusal.Reason == probe.NotFound {
		s.notOpen(w, r, a.Incident)
		return
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.incident(w, r)
}

// notOpen says why an incident cannot be acknowledged: it is over, or never was.
func (s *Server) notOpen(w http.ResponseWriter, r *http.Request, id string) {
	list, ok := s.find(r.Context(), w, probe.IncidentFilter{ID: id, Limit: 1})
	switch {
	case !ok:
	case len(list) == 0:
		problem(w, http.StatusNotFound, fmt.Sprintf("there is no incident %q", id))
	case list[0].Closed != nil:
		hinted(w, http.StatusConflict, "the incident closed at "+probe.FormatTime(*list[0].Closed),
			"there is nothing left to take care of")
	default:
		hinted(w, http.StatusConflict, "the incident is closing", "look again")
	}
}

// refuse answers with why something was not done.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	refusal, ok := errors.AsType[*probe.Refusal](err)
	if !ok {
		s.o.Log.Warn("what a person asked for was not done", zap.Error(err))
		hinted(w, http.StatusServiceUnavailable, "nothing was done, because it could not be noted: "+probe.Cause(err),
			"look at the disk of the output folder")
		return
	}
	status := http.StatusBadRequest
	switch refusal.Reason {
	case probe.Invalid:
	case probe.NotFound:
		status = http.StatusNotFound
	case probe.Conflict:
		status = http.StatusConflict
	}
	hinted(w, status, refusal.Text, refusal.Hint)
}

// by is who asks: as the request says, or as whom it came in.
func by(r *http.Request, said string) string {
	user, _, _ := r.BasicAuth()
	return cmp.Or(said, user)
}

// receive reads the JSON body of a request, and answers where it cannot. A body
// in JSON cannot come from a foreign page without a preflight, which is never
// granted.
func receive(w http.ResponseWriter, r *http.Request, into any) bool {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		hinted(w, http.StatusUnsupportedMediaType, "send application/json",
			"curl -H 'Content-Type: application/json' -d '{…}'")
		return false
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	body.DisallowUnknownFields()
	err := body.Decode(into)
	if err == nil {
		if _, more := body.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON object")
		}
	}
	if err != nil {
		hinted(w, http.StatusBadRequest, "reading the request: "+err.Error(),
			"the fields are "+strings.Join(fields(into), ", "))
		return false
	}
	return true
}

// receiveAny is receive for a body that may be left out.
func receiveAny(w http.ResponseWriter, r *http.Request, into any) bool {
	return r.ContentLength == 0 && r.Header.Get("Content-Type") == "" || receive(w, r, into)
}

// fields are the names that a body may have.
func fields(of any) (names []string) {
	for f := range reflect.TypeOf(of).Elem().Fields() {
		names = append(names, f.Tag.Get("json"))
	}
	return names
}
