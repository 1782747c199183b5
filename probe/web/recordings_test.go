package web

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe/record"
)

// shelf has one recording, that of a drill.
type shelf struct{ path string }

func (s shelf) Open(id string) (*os.File, error) {
	switch id {
	case "kept":
		return os.Open(s.path)
	case "damaged":
		return nil, errors.New("input/output error on /secret/path")
	}
	return nil, fs.ErrNotExist
}

func (s shelf) Served(id string, chosen *record.Choice) (*record.Served, error) {
	f, err := s.Open(id)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return record.ServedIn(f, chosen)
}

// What was served around an incident can be looked at and downloaded.
func TestRecordings(t *testing.T) {
	o := (&fake{snap: sick(start)}).options()
	o.Recordings = shelf{filepath.Join("..", "..", "cmd", "streamwatch", "testdata", "stale-edge.jsonl.gz")}
	h := New(o).Handler()
	for name, target := range map[string]string{
		"served":           "/api/v1/incidents/kept/served",
		"served-chosen":    "/api/v1/incidents/kept/served?stream=main",
		"served-unknown":   "/api/v1/incidents/kept/served?stream=nope&rendition=1",
		"served-no-stream": "/api/v1/incidents/kept/served?rendition=1",
		"served-none":      "/api/v1/incidents/nope/served",
		"recording-none":   "/api/v1/incidents/nope/recording",
		"recording-broken": "/api/v1/incidents/damaged/recording",
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(t, h, "GET", target, "")
			head := http.StatusText(w.Code) + " " + w.Header().Get("Content-Type") + "\n"
			golden(t, filepath.Join("testdata", name+".json"), head+indent(t, w.Body.Bytes()))
		})
	}
	w := ask(t, h, "GET", "/api/v1/incidents/kept/recording", "")
	want, err := os.ReadFile(o.Recordings.(shelf).path)
	if err != nil {
		t.Fatal(err)
	}
	name := w.Header().Get("Content-Disposition")
	if w.Code != http.StatusOK || w.Body.String() != string(want) || name != "attachment; filename*=UTF-8''kept.jsonl.gz" {
		t.Errorf("%d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
	if w := ask(t, h, "POST", "/api/v1/incidents/kept/recording", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	o.Auth = Auth{Username: "ops", Password: "pw"}
	for _, path := range []string{"served", "recording"} {
		if w := ask(t, New(o).Handler(), "GET", "/api/v1/incidents/kept/"+path, ""); w.Code != http.StatusUnauthorized {
			t.Errorf("%s without a password: %d", path, w.Code)
		}
	}
	o.Recordings, o.Auth = nil, Auth{}
	w = ask(t, New(o).Handler(), "GET", "/api/v1/incidents/kept/recording", "")
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "there is nothing at") {
		t.Errorf("without recordings: %d %s", w.Code, w.Body)
	}
}
