package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

//go:embed page third_party/uplot
var files embed.FS

// policy lets the page load from its own server and from nowhere else. There
// is no inline script or style; the preview of an embed is a document of its
// own with its own policy.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	get := func(pattern string, h http.HandlerFunc) {
		mux.Handle(pattern, only(h, http.MethodGet, http.MethodHead))
	}
	assets := newAssets()
	get("/{$}", s.page(assets))
	get("/favicon.ico", assets.serve("page/icon-waiting.svg"))
	get("/assets/{file}", assets.handler)
	get("/api/v1/openapi.json", s.describe)
	get("/api/v1/status", s.status)
	get("/api/v1/incidents", s.incidents)
	get("/api/v1/incidents/{id}", s.incident)
	if s.o.Recordings != nil {
		get("/api/v1/incidents/{id}/recording", s.recording)
		get("/api/v1/incidents/{id}/served", s.served)
	}
	get("/api/v1/series", s.series)
	if s.o.Runbook != nil {
		get("/checks/{id}", s.runbook(assets))
		get("/api/v1/checks/{id}", s.check)
	}
	if s.o.Alarms != nil {
		get("/api/v1/alarms", s.alarms)
	}
	mux.Handle("/api/v1/events", only(s.hub.serve, http.MethodGet)) // a HEAD would wait for ever
	if s.o.Metrics != nil {
		get("/metrics", s.o.Metrics.ServeHTTP)
	}
	if s.o.Embeds != nil {
		get("/embed/{stream}/{file...}", s.embed)
	}
	if s.o.Changes != nil {
		mux.Handle("/api/v1/reload", only(s.reload, http.MethodPost))
		mux.Handle("/api/v1/streams/{name}", only(s.stream, http.MethodPut, http.MethodDelete))
	}
	if s.o.Desk != nil {
		mux.Handle("/api/v1/silences", only(s.silences, http.MethodGet, http.MethodHead, http.MethodPost))
		mux.Handle("/api/v1/silences/{id}", only(s.silence, http.MethodGet, http.MethodHead, http.MethodDelete))
		mux.Handle("/api/v1/incidents/{id}/ack", only(s.acknowledge, http.MethodPost, http.MethodDelete))
	}
	if s.o.Faults != nil {
		mux.Handle("/api/v1/demo/faults", only(s.faults, http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "there is nothing at "+path.Clean("/"+r.URL.Path))
	})

	open := http.NewServeMux() // without auth: they tell nothing about the event
	open.Handle("/healthz", only(s.healthz, http.MethodGet, http.MethodHead))
	open.Handle("/readyz", only(s.readyz, http.MethodGet, http.MethodHead))
	if s.o.Beacon != nil { // viewers have no password, and come from other sites' pages
		open.Handle("/api/v1/beacon", only(s.o.Beacon.ServeHTTP, http.MethodPost))
	}
	open.Handle("/", s.guard(mux))
	return secure(open)
}

func (s *Server) embed(w http.ResponseWriter, r *http.Request) {
	h := s.o.Embeds(r.PathValue("stream"))
	if h == nil {
		problem(w, http.StatusNotFound, "there is no embed of that stream, or not yet")
		return
	}
	h.ServeHTTP(w, r)
}

// only answers 405 to other methods than those it is given.
func only(h http.HandlerFunc, methods ...string) http.Handler {
	allow := strings.Join(methods, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(methods, r.Method) {
			h(w, r)
			return
		}
		w.Header().Set("Allow", allow)
		problem(w, http.StatusMethodNotAllowed, "method "+r.Method+" is not allowed here: use "+allow)
	})
}

// asset is a file of the page in memory.
type asset struct {
	name string
	etag string
	text []byte
}

type assets map[string]asset // by path below the package

func newAssets() assets {
	a := assets{}
	for _, dir := range []string{"page", "third_party/uplot"} {
		entries, err := fs.ReadDir(files, dir)
		if err != nil {
			panic("web: embedded folder " + dir + " is missing") // cannot happen in a binary that was built
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			text, _ := files.ReadFile(name)
			sum := sha256.Sum256(text)
			a[name] = asset{e.Name(), `"` + hex.EncodeToString(sum[:8]) + `"`, text}
		}
	}
	return a
}

func (a assets) handler(w http.ResponseWriter, r *http.Request) {
	for _, dir := range []string{"page", "third_party/uplot"} {
		if name := path.Join(dir, r.PathValue("file")); a[name].text != nil && !strings.HasSuffix(name, ".html") {
			a.serve(name)(w, r)
			return
		}
	}
	problem(w, http.StatusNotFound, "there is no such file")
}

// serve sends a file that the browser keeps, and asks about each time: a new
// version of streamwatch shows its own page at once.
func (a assets) serve(name string) http.HandlerFunc {
	f := a[name]
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", f.etag)
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.text))
	}
}

// drawn is a plot as the page is told of it.
type drawn struct {
	Plot
	Edges bool `json:"edges"` // each of several edges has one
}

func plotsOf(plots []Plot) []drawn {
	list := make([]drawn, len(plots))
	for i, p := range plots {
		m, known := probe.FindMetric(p.Metric)
		list[i] = drawn{p, known && m.OfEdge(probe.Edge)}
	}
	return list
}

// page sends the one HTML document, with what the scripts cannot ask for.
func (s *Server) page(a assets) http.HandlerFunc {
	t := template.Must(template.New("page").Parse(string(a["page/index.html"].text)))
	plots, err := json.Marshal(plotsOf(s.o.Plots))
	if err != nil {
		panic("web: plots are plain text") // cannot happen
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		var event string
		if snap := s.o.Source.Snapshot(); snap != nil {
			event = snap.Event
		}
		kinds := s.o.EmbedKinds
		if s.o.Embeds == nil {
			kinds = nil
		}
		var b bytes.Buffer
		err := t.Execute(&b, struct {
			Event, Kinds, Plots         string
			Demo, History, Alarms, Desk bool
		}{
			event, strings.Join(kinds, " "), string(plots),
			s.o.Faults != nil, s.o.History != nil, s.o.Alarms != nil, s.o.Desk != nil,
		})
		if err != nil {
			problem(w, http.StatusInternalServerError, "the page could not be made")
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(b.Bytes())
	}
}

// check sends what a check means, for the page of an incident.
func (s *Server) check(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	text, ok := s.o.Runbook(id)
	if !ok {
		problem(w, http.StatusNotFound, fmt.Sprintf("there is no check %q: streamwatch checks lists them", id))
		return
	}
	send(w, http.StatusOK, "application/json", map[string]any{"check": id, "text": text, "steps": checks.Steps()})
}

// runbook sends the page of a check.
func (s *Server) runbook(a assets) http.HandlerFunc {
	t := template.Must(template.New("check").Parse(string(a["page/check.html"].text)))
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		text, ok := s.o.Runbook(id)
		if !ok {
			problem(w, http.StatusNotFound, fmt.Sprintf("there is no check %q: streamwatch checks lists them", id))
			return
		}
		var b bytes.Buffer
		if err := t.Execute(&b, struct{ Check, Text string }{id, text}); err != nil {
			problem(w, http.StatusInternalServerError, "the page could not be made")
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(b.Bytes())
	}
}
