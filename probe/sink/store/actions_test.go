package store

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// deeds are actions of every kind, about a silence until a time.
func deeds(until time.Time) []probe.Action {
	silence := probe.Silence{
		ID: "s1", State: probe.SilenceActive, Streams: []string{"main"}, Scope: probe.ScopeEdge, From: start, Until: until,
		By: "ana", Reason: "new encoder",
	}
	over := silence
	over.Until, over.State = start.Add(3*time.Second), probe.SilenceExpired
	return []probe.Action{
		{Kind: probe.ActSilence, At: start, By: "ana", Silence: &silence},
		{Kind: probe.ActAcknowledge, At: start.Add(time.Second), By: "ben", Incident: "a", Note: "on it"},
		{Kind: probe.ActUnacknowledge, At: start.Add(2 * time.Second), By: "ben", Incident: "a"},
		{Kind: probe.ActExpire, At: start.Add(3 * time.Second), By: "ana", Silence: &over},
	}
}

func said(list []probe.Action) (all []string) {
	for i := range list {
		all = append(all, probe.FormatTime(list[i].At)+" "+list[i].By+" "+list[i].String())
	}
	return all
}

func wantActions(t *testing.T, s *Store, want []probe.Action) {
	t.Helper()
	got, err := s.Actions(t.Context(), start.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(said(got), said(want)) {
		t.Errorf("got\n%q\nwant\n%q", said(got), said(want))
	}
}

// What people did is on disk when Act returns: it is there after a kill, which
// closes nothing, after the database was lost, and after the log was.
func TestActions(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	all := deeds(start.Add(time.Hour))
	write(t, s, incidents(incident("a", probe.Opened)))
	for i := range all {
		if err := s.Act(t.Context(), &all[i]); err != nil {
			t.Fatal(err)
		}
	}
	write(t, s, incidents(incident("a", probe.Closed)))
	wantActions(t, s, all)
	text, err := os.ReadFile(filepath.Join(dir, "concert", logName))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"silence", "acknowledge", "unacknowledge", "expire"} {
		if n := strings.Count(string(text), `{"kind":"`+kind+`","at":"2026-`); n != 1 {
			t.Errorf("%d lines of kind %s:\n%s", n, kind, text)
		}
	}
	_ = s.lines.file.Close() // as a kill does: the lock is gone, nothing is flushed
	again, _ := open(t, dir)
	wantActions(t, again, all)
	list, err := again.Incidents(t.Context(), probe.IncidentFilter{})
	if err != nil || len(list) != 1 || list[0].Open() {
		t.Errorf("incidents beside the actions: %+v, %v", list, err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	for _, lost := range []string{dbName, logName} {
		if err := os.Remove(filepath.Join(dir, "concert", lost)); err != nil {
			t.Fatal(err)
		}
		s, _ := open(t, dir)
		wantActions(t, s, all)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Those of a silence are kept for as long as it is known, however old they are.
func TestOldActions(t *testing.T) {
	s, _ := open(t, t.TempDir())
	long := deeds(start.Add(retention + time.Hour))[:1]
	for _, a := range append(long, deeds(start.Add(time.Hour))[1]) {
		if err := s.Act(t.Context(), &a); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.prune(t.Context(), start.Add(retention+time.Minute)); err != nil {
		t.Fatal(err)
	}
	wantActions(t, s, long)
	if got, err := s.Actions(t.Context(), start.Add(retention)); err != nil || len(got) != 1 {
		t.Errorf("of a silence that still lasts: %v, %v", said(got), err)
	}
}
