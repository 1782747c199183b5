package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var began = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

func incident(check string, s probe.Severity, blame probe.Blame, from, to time.Duration) probe.Incident {
	in := probe.Incident{
		ID: check, State: probe.Opened, Check: check, Severity: s, Blame: blame, Event: "concert", Stream: "main",
		Rendition: "720p", Side: probe.Edge,
		Scope: probe.ScopeRendition, Streams: []string{"main"}, Because: "the origin <moves> on", Count: 1,
		Summary: "playlist stopped <moving>", Detail: "no new segment for 9.4 s (limit 9 s)",
		Began: began.Add(from), Opened: began.Add(from + time.Second),
		Spec: "RFC 8216bis §6.2.1", Consequences: []string{"edge.lag"},
		Evidence: []probe.Evidence{{
			At: began.Add(from), URL: "https://e.example/a.m3u8", Status: 200, Cache: "hit",
			Curl: "curl -sS 'https://e.example/a.m3u8'",
		}},
	}
	if to > 0 {
		closed := began.Add(to)
		in.State, in.Closed = probe.Closed, &closed
	}
	return in
}

// wide is an incident of a whole edge host: one, for all its streams.
func wide() probe.Incident {
	in := incident("http.unreachable", probe.Critical, probe.BlameCDN, 10*time.Minute, 12*time.Minute)
	in.Scope, in.Host, in.Rendition, in.Summary, in.Count = probe.ScopeEdge, "d111.cloudfront.net", "",
		"playlist cannot be fetched", 3
	in.Because = "no connection to the edge host in 4 s, the origin answered all of them meanwhile"
	in.Streams = []string{"extra", "main", "second", "third"}
	return in
}

func example() *Check {
	media := &probe.Playlist{
		Kind: probe.Media, TargetDuration: probe.State(6 * time.Second), MediaSequence: probe.State(uint64(7)),
		Segments: []probe.Segment{
			{Duration: 6 * time.Second, Parts: make([]probe.Part, 3)},
			{Duration: 4 * time.Second, Gap: true, Discontinuity: true},
		},
	}
	c := &Check{
		URL: "https://e.example/m.m3u8", Verdict: probe.Down,
		Findings: []Finding{
			FindingOf(incident("td.exceeded", probe.Warning, probe.BlameEncoder, 0, 0)),
			FindingOf(incident("upd.stale", probe.Critical, probe.BlameCDN, 0, 0)),
			FindingOf(wide()),
			AdviceOf("main", &probe.Advice{
				Check: "win.few", Blame: probe.BlameEncoder, Side: probe.Origin, Renditions: []string{"720p"},
				Summary: "window has few segments", Detail: "5 segments", Spec: "AS 8.11",
			}),
		},
		Playlists: []Playlist{
			PlaylistOf("https://e.example/m.m3u8", &probe.Playlist{
				Kind: probe.Multivariant, Variants: make([]probe.Variant, 2),
			}),
			PlaylistOf("https://e.example/a.m3u8", media),
		},
	}
	c.Sort()
	return c
}

func TestCheckFormats(t *testing.T) {
	rules := []Rule{
		{
			"upd.stale", "playlist stopped moving", "Doc.", "RFC 8216bis §6.2.1", "What to do:\n1. Look.",
			"https://docs.example/checks/upd.stale.md",
		},
		{"gap", "x", "y", "z", "", ""},
	}
	c := example()
	for name, write := range map[string]func(io.Writer) error{
		"check.txt":   func(w io.Writer) error { return c.Text(w, nil) },
		"check.json":  c.JSON,
		"check.xml":   c.JUnit,
		"check.sarif": func(w io.Writer) error { return c.SARIF(w, "v1.2.3", rules) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
			if ext := filepath.Ext(name); (ext == ".json" || ext == ".sarif") && !json.Valid(b.Bytes()) {
				t.Error("not JSON")
			}
			if filepath.Ext(name) == ".xml" && xml.Unmarshal(b.Bytes(), &junitSuite{}) != nil {
				t.Error("not XML")
			}
		})
	}
	if !c.Bad() || (&Check{Findings: c.Findings[2:]}).Bad() {
		t.Error("an error or worse makes a check bad, a warning does not")
	}
}

func TestEmptyListsAreLists(t *testing.T) {
	var b bytes.Buffer
	if err := (&Check{}).JSON(&b); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); strings.Contains(s, "null") {
		t.Errorf("got %s", s)
	}
}

func TestRun(t *testing.T) {
	r := &Run{
		Version: "v1.2.3", Event: "concert", From: began, Until: began.Add(90 * time.Minute), Records: records(t),
		Snapshot: &probe.Snapshot{
			Event: "concert", Verdict: probe.Blind, Reason: "this machine is too busy", Started: began, Since: began, At: began,
			Edge: "https://e.example", Origin: "http://o.example",
			Streams: []probe.StreamSnapshot{{Name: "main", Verdict: probe.OK, Renditions: []probe.RenditionSnapshot{{
				Name: "720p", Verdict: probe.OK,
				Edge: &probe.SideSnapshot{
					Verdict: probe.OK, MediaSequence: probe.State(uint64(9)), LastSegmentAge: probe.State(3 * time.Second),
				},
			}}}},
		},
		Incidents: []probe.Incident{
			incident("upd.stale", probe.Critical, probe.BlameCDN, time.Minute, 3*time.Minute),
			incident("edge.age", probe.Error, probe.BlameCDN, 2*time.Minute, 4*time.Minute),
			wide(),
			incident("gap", probe.Error, probe.BlameEncoder, 89*time.Minute, 0),
		},
	}
	r.Incidents[0].Acknowledged = &probe.Acknowledgement{By: "ben", At: began.Add(2 * time.Minute), Note: "<on it>"}
	r.Incidents[0].Silenced = &probe.Muting{ID: "s", Until: began.Add(time.Hour), By: "ana", Reason: "new encoder"}
	silence := probe.Silence{
		ID: "s", Streams: []string{"main"}, From: began, Until: began.Add(time.Hour), By: "ana", Reason: "new encoder",
	}
	expired := silence
	expired.Until = began.Add(30 * time.Minute)
	r.Silences = []probe.Silence{
		{
			ID: "m", Maintenance: true, From: began.Add(time.Hour), Until: began.Add(2 * time.Hour),
			By: "event file", Reason: "second act",
		},
		{ID: "before", From: began.Add(-time.Hour), Until: began.Add(-time.Minute), Reason: "not in the run"},
		{
			ID: "after", Maintenance: true, From: began.Add(5 * time.Hour),
			Until: began.Add(6 * time.Hour), Reason: "not in the run",
		},
	}
	r.Actions = []probe.Action{
		{Kind: probe.ActSilence, At: began, By: "ana", Silence: &silence},
		{Kind: probe.ActAcknowledge, At: began.Add(2 * time.Minute), By: "ben", Incident: r.Incidents[0].ID, Note: "<on it>"},
		{Kind: probe.ActUnacknowledge, At: began.Add(3 * time.Minute), Incident: r.Incidents[0].ID},
		{Kind: probe.ActExpire, At: began.Add(30 * time.Minute), By: "cleo", Silence: &expired},
	}
	want := []Total{{probe.BlameCDN, 3, 300}, {probe.BlameEncoder, 1, 60}}
	if got := r.Totals(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, write := range map[string]func(io.Writer) error{"run.html": r.HTML, "run.json": r.JSON, "run.txt": r.Text} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
		if strings.Contains(b.String(), "<moving>") && name == "run.html" {
			t.Error("text is not escaped")
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}
