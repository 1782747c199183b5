package web

import (
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// ask sends a request to a handler as a client on the same machine would.
func ask(t *testing.T, h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:8090"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAPIGoldens(t *testing.T) {
	f := &fake{
		snap: sick(start), past: []probe.Incident{stale(start), over(start)},
		sinks: []probe.SinkHealth{
			{Name: "store", FailingSince: start, Error: "no space left on device", Waiting: 3},
			{Name: "web"},
		},
	}
	h := New(f.options()).Handler()
	for name, target := range map[string]string{
		"status":           "/api/v1/status",
		"incidents":        "/api/v1/incidents",
		"incidents-open":   "/api/v1/incidents?open=true",
		"incidents-stream": "/api/v1/incidents?stream=other",
		"incident":         "/api/v1/incidents/01J9ZK",
		"incident-past":    "/api/v1/incidents/01J9AA",
		"incident-unknown": "/api/v1/incidents/nope",
		"incidents-limit":  "/api/v1/incidents?open=false&limit=1",
		"incidents-first":  "/api/v1/incidents?limit=1",
		"incidents-second": "/api/v1/incidents?limit=1&before=2026-11-28T18:59:32.000Z~01J9ZK",
		"incidents-none":   "/api/v1/incidents?severity=warning,info&blame=cdn",
		"incidents-text":   "/api/v1/incidents?text=404%20for",
		"incidents-until":  "/api/v1/incidents?until=2026-11-28T18:55:00Z",
		"bad-before":       "/api/v1/incidents?before=2",
		"bad-severity":     "/api/v1/incidents?severity=grave",
		"bad-blame":        "/api/v1/incidents?blame=them",
		"bad-parameter":    "/api/v1/incidents?opened=true",
		"bad-query":        "/api/v1/incidents?open=true;severity=critical",
		"bad-twice":        "/api/v1/incidents?open=true&open=false",
		"bad-until": "/api/v1/series?stream=main&metric=edge_lag_seconds" +
			"&since=2026-11-28T19:00:00Z&until=2026-11-28T18:00:00Z",
		"bad-points":     "/api/v1/series?stream=main&metric=edge_lag_seconds&points=100000",
		"check":          "/api/v1/checks/upd.stale",
		"check-unknown":  "/api/v1/checks/nope",
		"series-empty":   "/api/v1/series?stream=main&metric=EdgeLagSeconds&since=2099-01-01T00:00:00Z",
		"faults":         "/api/v1/demo/faults",
		"healthz":        "/healthz",
		"readyz":         "/readyz",
		"unknown":        "/api/v2/status",
		"unknown-stream": "/api/v1/series?stream=nope&metric=edge_lag_seconds",
		"bad-open":       "/api/v1/incidents?open=maybe",
		"bad-limit":      "/api/v1/incidents?limit=0",
		"bad-since":      "/api/v1/incidents?since=yesterday",
		"bad-metric":     "/api/v1/series?stream=main&metric=nope",
		"bad-side":       "/api/v1/series?stream=main&metric=manifest_age_seconds&side=left",
		"no-side":        "/api/v1/series?stream=main&metric=manifest_age_seconds",
		"needless-side":  "/api/v1/series?stream=main&metric=edge_lag_seconds&side=edge",
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(t, h, "GET", target, "")
			golden(t, filepath.Join("testdata", name+".json"),
				http.StatusText(w.Code)+" "+w.Header().Get("Content-Type")+"\n"+indent(t, w.Body.Bytes()))
		})
	}
}

func indent(t *testing.T, text []byte) string {
	t.Helper()
	var v json.RawMessage
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

func TestMethodsAndAbsence(t *testing.T) {
	full := New((&fake{snap: sick(start)}).options()).Handler()
	bare := New(Options{Source: &fake{}}).Handler()
	for _, c := range []struct {
		h              http.Handler
		method, target string
		want           int
	}{
		{full, "GET", "/", 200},
		{full, "HEAD", "/", 200},
		{full, "POST", "/", 405},
		{full, "POST", "/api/v1/status", 405},
		{full, "HEAD", "/api/v1/events", 405},
		{full, "PUT", "/api/v1/demo/faults", 405},
		{full, "DELETE", "/healthz", 405},
		{full, "GET", "/metrics", 200},
		{full, "GET", "/embed/main/hlsjs", 200},
		{full, "GET", "/embed/other/hlsjs", 404},
		{full, "GET", "/assets/page.js", 200},
		{full, "GET", "/assets/uPlot.min.css", 200},
		{full, "GET", "/assets/index.html", 404},
		{full, "GET", "/assets/..%2f..%2fweb.go", 404},
		{full, "GET", "/favicon.ico", 200},
		{full, "GET", "/checks/upd.stale", 200},
		{full, "GET", "/checks/nope", 404},
		{bare, "GET", "/checks/upd.stale", 404},
		{bare, "GET", "/api/v1/incidents/x", 404},
		{full, "GET", "/nope", 404},
		{bare, "GET", "/", 200},
		{bare, "GET", "/api/v1/status", 503},
		{bare, "GET", "/readyz", 503},
		{bare, "GET", "/healthz", 200},
		{bare, "GET", "/api/v1/incidents", 200},
		{bare, "GET", "/api/v1/series?metric=edge_lag_seconds", 404},
		{bare, "GET", "/metrics", 404},
		{bare, "GET", "/embed/main/hlsjs", 404},
		{bare, "GET", "/api/v1/demo/faults", 404},
		{bare, "POST", "/api/v1/demo/faults", 404},
	} {
		w := ask(t, c.h, c.method, c.target, "")
		if w.Code != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.target, w.Code, c.want)
		}
		if w.Code >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d is not a JSON problem", c.method, c.target, w.Code)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s: 405 without Allow", c.method, c.target)
		}
	}
}

func TestStoreErrorsStayInside(t *testing.T) {
	f := &fake{snap: sick(start), fail: errDisk}
	h := New(f.options()).Handler()
	for _, target := range []string{"/api/v1/incidents", "/api/v1/series?stream=main&metric=edge_lag_seconds"} {
		w := ask(t, h, "GET", target, "")
		if w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestReady(t *testing.T) {
	f := &fake{snap: sick(start)}
	f.snap.Streams[0].Renditions[1].Edge.Checked = start.Truncate(0).AddDate(-3000, 0, 0)
	h := New(f.options()).Handler()
	if w := ask(t, h, "GET", "/readyz", ""); w.Code != 200 {
		t.Errorf("all sides checked: %d", w.Code)
	}
	f.snap.Streams[0].Renditions[1].Edge = &probe.SideSnapshot{}
	if w := ask(t, h, "GET", "/readyz", ""); w.Code != 503 {
		t.Errorf("a side not checked yet: %d", w.Code)
	}
	o := f.options()
	o.Ready = func() bool { return true }
	if w := ask(t, New(o).Handler(), "GET", "/readyz", ""); w.Code != 200 {
		t.Errorf("the monitor says ready: %d", w.Code)
	}
}

func TestFaults(t *testing.T) {
	f := &fake{snap: sick(start)}
	h := New(f.options()).Handler()
	const target, inject = "/api/v1/demo/faults", `{"name":"stale-edge","stream":"main","for_seconds":30}`
	type header = []string
	for _, c := range []struct {
		name, method, body string
		header             header
		want               int
	}{
		{"from curl", "POST", inject, header{"Content-Type", "application/json"}, 200},
		{
			"from our page", "POST", inject,
			header{"Content-Type", "application/json", "Origin", "http://127.0.0.1:8090", "Sec-Fetch-Site", "same-origin"},
			200,
		},
		{
			"from a foreign page", "POST", inject,
			header{"Content-Type", "application/json", "Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"},
			403,
		},
		{
			"from an old foreign browser", "POST", inject,
			header{"Content-Type", "application/json", "Origin", "http://evil.example"},
			403,
		},
		{"from a form", "POST", inject, header{"Content-Type", "text/plain"}, 415},
		{"unknown fault", "POST", `{"name":"nope"}`, header{"Content-Type", "application/json"}, 400},
		{"unknown key", "POST", `{"nam":"stale-edge"}`, header{"Content-Type", "application/json"}, 400},
		{"no time", "POST", `{"name":"stale-edge","for_seconds":-1}`, header{"Content-Type", "application/json"}, 400},
		{
			"too large", "POST", `{"name":"` + strings.Repeat("x", maxBodyBytes) + `"}`,
			header{"Content-Type", "application/json"},
			400,
		},
		{"clear", "DELETE", `{}`, header{"Content-Type", "application/json"}, 200},
		{
			"clear from a foreign page", "DELETE", `{}`,
			header{"Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"},
			403,
		},
	} {
		if w := ask(t, h, c.method, target, c.body, c.header...); w.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, w.Code, c.want, w.Body)
		}
	}
	if len(f.Active()) != 0 {
		t.Errorf("active after clear: %v", f.Active())
	}
}
