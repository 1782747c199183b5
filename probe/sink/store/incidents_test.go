package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

func incident(id string, state probe.IncidentState) probe.Incident {
	inc := probe.Incident{
		ID: id, State: state, Check: "upd.stale", Severity: probe.Critical, Blame: probe.BlameCDN, Event: "concert",
		Stream: "main", Rendition: "720p",
		Side: probe.Edge, Summary: "playlist stopped moving", Began: start,
		Opened: start.Add(3 * time.Second), Evidence: []probe.Evidence{{At: start, URL: "https://edge/x"}},
	}
	if state == probe.Closed {
		inc.Closed = new(start.Add(time.Minute))
	}
	return inc
}

func incidents(list ...probe.Incident) probe.Batch {
	return probe.Batch{At: start, Event: "concert", Stream: "main", Incidents: list}
}

func lines(t *testing.T, dir string) (states []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "concert", logName))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var inc probe.Incident
		if err := json.Unmarshal(line, &inc); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		states = append(states, inc.ID+" "+string(inc.State))
	}
	return states
}

func wantLines(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := lines(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("log has %q, want %q", got, want)
	}
}

func TestIncidentLines(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	write(t, s, incidents(incident("a", probe.Opened)))
	changed := incident("a", probe.Opened)
	changed.Blame = probe.BlameConfig
	write(t, s, incidents(changed))
	write(t, s, incidents(incident("b", probe.Opened)))
	write(t, s, incidents(incident("b", probe.Closed)))
	write(t, s, incidents(incident("b", probe.Closed))) // written again after an error elsewhere
	wantLines(t, dir, "a opened", "a updated", "b opened", "b closed")

	open1, err := s.OpenIncidents(t.Context())
	if err != nil || len(open1) != 1 || open1[0].Blame != probe.BlameConfig {
		t.Fatalf("open incidents: %v, %v; want a with the changed blame", open1, err)
	}
	closed, err := s.Incidents(t.Context(), probe.IncidentFilter{
		Open: probe.State(false), Stream: "main", Since: start, Limit: 5,
	})
	if err != nil || len(closed) != 1 || closed[0].ID != "b" || closed[0].Closed == nil {
		t.Fatalf("closed incidents: %v, %v; want b", closed, err)
	}
	late, _ := s.Incidents(t.Context(), probe.IncidentFilter{Open: probe.State(false), Since: start.Add(time.Hour)})
	if len(late) != 0 {
		t.Errorf("closed since an hour later: got %v", late)
	}

	_ = s.Close()
	s, _ = open(t, dir)
	write(t, s, incidents(incident("a", probe.Closed)))
	wantLines(t, dir, "a opened", "a updated", "b opened", "b closed", "a closed")
}

// A line is written when what an incident claims changes, whatever its state
// says, and never because of anything else.
func TestLinesTellClaims(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	in := incident("a", probe.Opened)
	change := func(change func(*probe.Incident)) {
		in.State = probe.Updated
		change(&in)
		write(t, s, incidents(in))
	}
	write(t, s, incidents(in))
	change(func(in *probe.Incident) { in.Detail = "no new segment for 12 s" })
	change(func(in *probe.Incident) { in.Streams = []string{"main", "other"} })
	change(func(in *probe.Incident) { in.Consequences, in.Count, in.Because = []string{"edge.lag"}, 2, "it is" })
	wantLines(t, dir, "a opened")
	change(func(in *probe.Incident) { in.Check = "edge.lag" })
	change(func(in *probe.Incident) { in.Severity = probe.Error })
	change(func(in *probe.Incident) { in.Scope, in.Host = probe.ScopeEdge, "d111.example" })
	change(func(in *probe.Incident) { in.Host = "d222.example" })
	change(func(in *probe.Incident) { in.Blame = probe.BlameOrigin })
	write(t, s, incidents(in)) // again
	wantLines(t, dir, "a opened", "a updated", "a updated", "a updated", "a updated", "a updated")
	_ = s.Close()
	s, _ = open(t, dir)
	write(t, s, incidents(in)) // as the book says what it took up
	wantLines(t, dir, "a opened", "a updated", "a updated", "a updated", "a updated", "a updated")
	for stream, want := range map[string]int{"": 1, "main": 1, "other": 1, "third": 0, "mai": 0} {
		if list, err := s.Incidents(t.Context(), probe.IncidentFilter{Stream: stream}); err != nil || len(list) != want {
			t.Errorf("stream %q: %d incidents, %v, want %d", stream, len(list), err, want)
		}
	}
	if list, err := s.Incidents(t.Context(), probe.IncidentFilter{ID: "a"}); err != nil || len(list) != 1 ||
		list[0].Count != 2 {
		t.Errorf("by id: %v, %v", list, err)
	}
	if list, err := s.Incidents(t.Context(), probe.IncidentFilter{ID: "b"}); err != nil || len(list) != 0 {
		t.Errorf("by another id: %v, %v", list, err)
	}
}

// Every incident has its opened and its closed line, once: also one that is
// first heard of late, and one of which something comes after its end.
func TestBothLinesOnce(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	write(t, s, incidents(incident("late", probe.Updated)))
	write(t, s, incidents(incident("over", probe.Closed)))
	write(t, s, incidents(incident("over", probe.Opened), incident("over", probe.Closed), incident("late", probe.Closed)))
	write(t, s, incidents(incident("late", probe.Updated)))
	wantLines(t, dir, "late opened", "over opened", "over closed", "late closed")
	if open, err := s.OpenIncidents(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("open: %v, %v", open, err)
	}
}

// A process that was killed leaves a torn line, or a line that the database
// does not know, or the other way round.
func TestReconcileAfterKill(t *testing.T) {
	path := func(dir string) string { return filepath.Join(dir, "concert", logName) }
	prepare := func(t *testing.T) string {
		dir := t.TempDir()
		s, _ := open(t, dir)
		write(t, s, incidents(incident("a", probe.Opened)))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	appendText := func(t *testing.T, dir, text string) {
		f, err := os.OpenFile(path(dir), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("torn line", func(t *testing.T) {
		dir := prepare(t)
		appendText(t, dir, `{"id":"a","state":"clos`)
		s, logs := open(t, dir)
		if logs.FilterMessageSnippet("torn").Len() != 1 {
			t.Errorf("logs: %v, want one about a torn line", logs.All())
		}
		write(t, s, incidents(incident("a", probe.Closed)))
		wantLines(t, dir, "a opened", "a closed")
	})
	t.Run("torn update", func(t *testing.T) {
		dir := prepare(t)
		appendText(t, dir, `{"id":"a","state":"updated","blame":"orig`)
		s, _ := open(t, dir)
		changed := incident("a", probe.Updated)
		changed.Blame = probe.BlameOrigin
		write(t, s, incidents(changed))
		wantLines(t, dir, "a opened", "a updated")
	})
	t.Run("update without row", func(t *testing.T) {
		dir := prepare(t)
		changed := incident("a", probe.Updated)
		changed.Blame = probe.BlameOrigin
		text, _ := json.Marshal(changed)
		appendText(t, dir, string(text)+"\n")
		s, _ := open(t, dir)
		if open, err := s.OpenIncidents(t.Context()); err != nil || len(open) != 1 || open[0].Blame != probe.BlameOrigin ||
			open[0].State != probe.Updated {
			t.Errorf("open incidents: %v, %v; want a with the new blame", open, err)
		}
		write(t, s, incidents(changed))
		wantLines(t, dir, "a opened", "a updated")
	})
	t.Run("line without row", func(t *testing.T) {
		dir := prepare(t)
		a, _ := json.Marshal(incident("a", probe.Closed))
		b, _ := json.Marshal(incident("b", probe.Opened))
		appendText(t, dir, string(a)+"\n"+string(b)+"\n")
		s, _ := open(t, dir)
		if open, err := s.OpenIncidents(t.Context()); err != nil || len(open) != 1 || open[0].ID != "b" {
			t.Errorf("open incidents: %v, %v; want b", open, err)
		}
		write(t, s, incidents(incident("b", probe.Closed)))
		wantLines(t, dir, "a opened", "a closed", "b opened", "b closed")
	})
	t.Run("row without line", func(t *testing.T) {
		dir := prepare(t)
		s, _ := open(t, dir)
		closed := incident("a", probe.Closed)
		if err := upsert(t.Context(), s.db, &closed); err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		open(t, dir)
		wantLines(t, dir, "a opened", "a closed")
	})
	t.Run("database lost", func(t *testing.T) {
		dir := prepare(t)
		text := []byte(strings.Repeat("no database ", 1000))
		if err := os.WriteFile(filepath.Join(dir, "concert", dbName), text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, logs := open(t, dir)
		if logs.FilterMessageSnippet("corrupt").Len() != 1 {
			t.Errorf("logs: %v, want one about corruption", logs.All())
		}
		if aside, _ := filepath.Glob(filepath.Join(dir, "concert", dbName+".corrupt-*")); len(aside) != 1 {
			t.Errorf("moved aside: %v, want one file", aside)
		}
		if open, err := s.OpenIncidents(t.Context()); err != nil || len(open) != 1 || open[0].ID != "a" {
			t.Errorf("open incidents: %v, %v; want a", open, err)
		}
	})
}

func TestCorruptWhileRunning(t *testing.T) {
	dir := t.TempDir()
	s, logs := open(t, dir)
	write(t, s, incidents(incident("a", probe.Opened)))
	if err := s.replaceDatabase(errCorrupt); err != nil {
		t.Fatal(err)
	}
	write(t, s, age(start, 1))
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := series(t, s, ageQuery); len(got) != 1 {
		t.Errorf("series after replacement: %v, want one point", got)
	}
	if open, err := s.OpenIncidents(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("open incidents: %v, %v; want a", open, err)
	}
	if logs.Len() != 1 {
		t.Errorf("logs: %v, want one warning", logs.All())
	}
}
