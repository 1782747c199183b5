package prom

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/streamwatch/streamwatch/probe"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var start = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

// filled returns a sink with one sample of every metric, two incidents and one
// observed fetch.
func filled(t *testing.T) *Sink {
	t.Helper()
	s := New(Options{Event: "concert", Version: "v1.2.3", Sinks: func() []probe.SinkHealth {
		return []probe.SinkHealth{
			{Name: "store", FailingSince: start, Error: "no space left on device", Waiting: 7, Dropped: 1},
			{Name: "web"},
		}
	}})
	b := probe.Batch{At: start, Event: "concert", Stream: "main"}
	for i, m := range probe.Catalog() {
		sample := probe.Sample{Metric: m, Value: float64(i) / 4, At: start}
		if m.Scope != probe.ByEvent {
			sample.Stream, sample.Rendition = "main", "720p"
		}
		if m.Scope == probe.ByViewer {
			sample.Rendition = "hlsjs"
		}
		if m.Scope == probe.BySide {
			sample.Side = probe.Edge
		}
		b.Samples = append(b.Samples, sample)
	}
	b.Incidents = []probe.Incident{
		incident("a", probe.Opened, probe.BlameCDN), incident("b", probe.Opened, probe.BlameOrigin),
	}
	write(t, s, b)
	s.Notified("webhook-1", "sent", 2)
	s.Notified("webhook-1", "dropped", 0)
	s.Observe(&probe.Observation{
		Target: probe.Target{Stream: "main", Rendition: "720p", Side: probe.Edge},
		Exchange: probe.Exchange{
			Started: start, Done: start.Add(30 * time.Millisecond), DNS: time.Millisecond, Connect: 2 * time.Millisecond,
			FirstByte: 20 * time.Millisecond, Status: 200,
		},
	})
	return s
}

func incident(id string, state probe.IncidentState, blame probe.Blame) probe.Incident {
	return probe.Incident{
		ID: id, State: state, Check: "upd.stale", Severity: probe.Critical, Blame: blame, Event: "concert", Stream: "main",
		Scope: probe.ScopeEdge, Streams: []string{"main", "other"},
	}
}

func write(t *testing.T, s *Sink, b probe.Batch) {
	t.Helper()
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func scrape(t *testing.T, s *Sink) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	text, err := io.ReadAll(w.Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("status %d, %v", w.Code, err)
	}
	return string(text)
}

// ours keeps the lines of a scrape that do not depend on the machine.
func ours(text string) string {
	var b strings.Builder
	line := regexp.MustCompile(`^(# (HELP|TYPE) )?streamwatch_`)
	for l := range strings.Lines(text) {
		if line.MatchString(l) && (!strings.Contains(l, "fetch_phase_seconds_") ||
			strings.Contains(l, `kind="playlist",phase="first_byte",side="edge"`)) {
			b.WriteString(l)
		}
	}
	return b.String()
}

func TestScrape(t *testing.T) {
	got := ours(scrape(t, filled(t)))
	const golden = "testdata/scrape.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if i >= len(gotLines) || i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs at line %d; got\n%s", golden, i+1,
				strings.Join(gotLines[min(i, len(gotLines)):min(i+3, len(gotLines))], "\n"))
		}
	}
	for _, name := range []string{"go_goroutines", "process_open_fds"} {
		if !strings.Contains(scrape(t, filled(t)), "\n"+name+" ") {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestLint(t *testing.T) {
	families, err := filled(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestVanishedSeries(t *testing.T) {
	s := filled(t)
	stays := probe.Batch{At: start.Add(staleness + time.Minute), Event: "concert", Stream: "main", Samples: []probe.Sample{
		{Metric: probe.ManifestAge, Stream: "main", Rendition: "360p", Side: probe.Edge, Value: 1},
	}}
	write(t, s, stays)
	text := scrape(t, s)
	if strings.Contains(text, `rendition="720p"`) {
		t.Error("720p is still shown 6 minutes after its last sample")
	}
	want := `streamwatch_manifest_age_seconds{event="concert",rendition="360p",side="edge",stream="main"} 1`
	if !strings.Contains(text, want) {
		t.Error("360p is not shown")
	}
	if !strings.Contains(text, "streamwatch_findings_active"+
		`{blame="cdn",check="upd.stale",event="concert",scope="edge",severity="critical",silenced="false"} 1`) {
		t.Error("the incident, which is still open, is not shown")
	}
}

func TestHostileNames(t *testing.T) {
	s := New(Options{Event: "concert"})
	for _, name := range []string{"\"}\n# HELP x", "a\xff\xfe", strings.Repeat("x", 10_000)} {
		write(t, s, probe.Batch{
			At: start, Samples: []probe.Sample{{Metric: probe.ManifestAge, Stream: "main", Rendition: name, Side: probe.Edge}},
		})
	}
	for l := range strings.Lines(scrape(t, s)) {
		if len(l) > 1000 {
			t.Errorf("a line of %d bytes", len(l))
		}
	}
}

func TestTooManySeries(t *testing.T) {
	s := New(Options{Event: "concert"})
	s.limit = 3
	for i := range 10 {
		write(t, s, probe.Batch{
			At:      start,
			Samples: []probe.Sample{{Metric: probe.ManifestAge, Stream: "main", Rendition: fmt.Sprint(i), Side: probe.Edge}},
		})
	}
	text := scrape(t, s)
	if n := strings.Count(text, "streamwatch_manifest_age_seconds{"); n != 3 ||
		!strings.Contains(text, "streamwatch_samples_refused_total 7\n") {
		t.Errorf("%d series and not 3, or not 7 samples refused", n)
	}
}

func BenchmarkWrite(b *testing.B) {
	s := New(Options{Event: "load"})
	metrics := probe.Catalog()
	batches := make([]probe.Batch, 2000)
	for i := range batches {
		batches[i] = probe.Batch{Event: "load", Stream: fmt.Sprintf("stream-%03d", i%500)}
		for m := range 8 {
			batches[i].Samples = append(batches[i].Samples, probe.Sample{
				Metric: metrics[m], Stream: batches[i].Stream, Rendition: []string{"360p", "720p"}[i/500%2],
				Side: probe.Sides[i/1000], Value: float64(i),
			})
		}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		batch := batches[n%len(batches)]
		batch.At = start.Add(time.Duration(n) * time.Millisecond / 2)
		if err := s.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// The vantage is a label on every metric, so that several monitors of one event
// can be told apart.
func TestVantage(t *testing.T) {
	s := New(Options{Event: "e", Vantage: "eu-west-1-a"})
	if err := s.Write(t.Context(), probe.Batch{
		At: time.Now(), Samples: []probe.Sample{{Metric: probe.MonitorHeartbeat, Value: 1}},
	}); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	want := `streamwatch_monitor_heartbeat{event="e",vantage="eu-west-1-a"} 1`
	if !strings.Contains(w.Body.String(), want) {
		t.Errorf("no %s in\n%s", want, w.Body)
	}
}
