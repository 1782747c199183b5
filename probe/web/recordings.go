package web

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe/record"
)

// Recordings gives what was served around incidents. An error is fs.ErrNotExist
// where nothing was recorded.
type Recordings interface {
	Open(id string) (*os.File, error)
	Served(id string, c *record.Choice) (*record.Served, error)
}

// recording sends the file of an incident. One that is under way ends with what
// was written last.
func (s *Server) recording(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	f, err := s.o.Recordings.Open(id)
	if err != nil {
		s.unrecorded(w, id, err)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		s.unrecorded(w, id, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/gzip")
	h.Set("Content-Disposition", `attachment; filename*=UTF-8''`+url.PathEscape(id)+record.Extension)
	h.Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// served sends what both sides served when an incident opened. ?stream= and
// ?rendition= choose a playlist.
func (s *Server) served(w http.ResponseWriter, r *http.Request) {
	id, q := r.PathValue("id"), r.URL.Query()
	var c *record.Choice
	if q.Has("stream") {
		c = &record.Choice{Stream: q.Get("stream"), Rendition: q.Get("rendition")}
	} else if q.Has("rendition") {
		problem(w, http.StatusBadRequest, "stream is missing: renditions of the same name can be in several")
		return
	}
	found, err := s.o.Recordings.Served(id, c)
	if err != nil && c != nil && errors.Is(err, fs.ErrNotExist) {
		text := fmt.Sprintf("nothing was recorded of stream %q, rendition %q around incident %q", c.Stream, c.Rendition, id)
		problem(w, http.StatusNotFound, text)
		return
	}
	if err != nil {
		s.unrecorded(w, id, err)
		return
	}
	send(w, http.StatusOK, "application/json", found)
}

// unrecorded says why there is no recording to show.
func (s *Server) unrecorded(w http.ResponseWriter, id string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		problem(w, http.StatusNotFound, "nothing was recorded of incident "+strconv.Quote(id)+", or no longer")
		return
	}
	s.o.Log.Warn("recording could not be read", zap.String("incident", id), zap.Error(err))
	problem(w, http.StatusInternalServerError, fmt.Sprintf("the recording of incident %q could not be read", id))
}
