package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"go.uber.org/zap"
)

// Changes changes the event while it is watched. An error that is a *Refusal
// says why nothing was changed; any other is a fault of ours.
type Changes interface {
	Reload(ctx context.Context) (Change, error)
	// SetStream adds a stream, or changes the one of that name. text is YAML or JSON.
	SetStream(ctx context.Context, name string, text []byte) (Change, error)
	RemoveStream(ctx context.Context, name string) (Change, error)
}

// Change is what became of the event.
type Change struct {
	Changed []string `json:"changed"`         // "streams.second added"; empty where all was as it is
	Notes   []string `json:"notes,omitempty"` // what is left to people
	Added   bool     `json:"-"`               // the stream is new
}

// Refusal says why nothing was changed, in the form of RFC 9457.
type Refusal struct {
	Title        string    `json:"title"`
	Status       int       `json:"status"` // of HTTP
	Detail       string    `json:"detail"`
	Hint         string    `json:"hint,omitempty"`
	Problems     []Problem `json:"problems,omitempty"`      // of the files, all of them
	NeedsRestart []string  `json:"needs_restart,omitempty"` // what differs and cannot change in a process that runs
}

// Problem is one thing that is wrong in a file, or in what a request holds.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (r *Refusal) Error() string { return r.Detail }

// reload is POST /api/v1/reload.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	change, err := s.o.Changes.Reload(r.Context())
	s.answerChange(w, change, err, http.StatusOK)
}

// stream is PUT and DELETE /api/v1/streams/NAME.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if r.Method == http.MethodDelete {
		change, err := s.o.Changes.RemoveStream(r.Context(), name)
		s.answerChange(w, change, err, http.StatusNoContent)
		return
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		problem(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a stream has at most %d bytes", maxBodyBytes))
		return
	}
	if err != nil {
		problem(w, http.StatusBadRequest, "reading the request: "+err.Error())
		return
	}
	change, err := s.o.Changes.SetStream(r.Context(), name, text)
	status := http.StatusOK
	if change.Added {
		status = http.StatusCreated
	}
	s.answerChange(w, change, err, status)
}

func (s *Server) answerChange(w http.ResponseWriter, change Change, err error, status int) {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		refusal.Title = http.StatusText(refusal.Status)
		send(w, refusal.Status, "application/problem+json", refusal)
		return
	}
	if err != nil {
		s.o.Log.Error("the event could not be changed", zap.Error(err))
		problem(w, http.StatusInternalServerError, "the event could not be changed: the log says why")
		return
	}
	if status == http.StatusNoContent {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		return
	}
	if change.Changed == nil {
		change.Changed = []string{}
	}
	send(w, status, "application/json", change)
}

// Repaint has every open page begin anew, with the whole event: streams came or
// went, and an ordinary event only says what changed in those that there are.
// The pages' connections end, and they make new ones within two seconds.
func (s *Server) Repaint() { s.hub.turnAway() }

// turnAway ends all connections. Their pages come back.
func (h *hub) turnAway() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		h.drop(c)
	}
}
