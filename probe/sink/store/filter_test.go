package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Page by page one gets every incident once, newest first, also where several
// began in the same millisecond; and every filter leaves just what it is for.
func TestIncidentsByFilterAndPage(t *testing.T) {
	s, _ := open(t, t.TempDir())
	began := time.Now().Add(-time.Hour).Truncate(time.Second)
	var all []string
	for i := range 25 {
		at := began.Add(time.Duration(i/3) * time.Minute) // three at a time
		in := probe.Incident{
			ID: fmt.Sprintf("i%02d", i), State: probe.Opened, Event: "concert", Stream: "main", Streams: []string{"main"},
			Check: "upd.stale", Severity: probe.Error, Blame: probe.BlameOrigin, Began: at, Opened: at,
			Summary: "playlist stopped moving", Detail: fmt.Sprintf("for %d s", i),
		}
		if i%5 == 0 {
			in.Severity, in.Blame, in.Streams = probe.Critical, probe.BlameCDN, []string{"main", "second"}
		}
		write(t, s, probe.Batch{At: at, Event: "concert", Incidents: []probe.Incident{in}})
		in.State, in.Closed = probe.Closed, new(at.Add(30*time.Second))
		write(t, s, probe.Batch{At: at, Event: "concert", Incidents: []probe.Incident{in}})
		all = append(all, in.ID)
	}
	slices.Reverse(all)
	ids := func(f probe.IncidentFilter) (list []string, last probe.Rank) {
		found, err := s.Incidents(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			list, last = append(list, found[i].ID), probe.RankOf(&found[i])
		}
		return list, last
	}
	var paged []string
	f := probe.IncidentFilter{Limit: 4}
	for range 10 {
		page, last := ids(f)
		paged, f.Before = append(paged, page...), last
		if len(page) < f.Limit {
			break
		}
	}
	if !slices.Equal(paged, all) {
		t.Errorf("by pages: %v", paged)
	}
	minute := func(n time.Duration) time.Time { return began.Add(n * time.Minute) }
	cdn, critical := []probe.Blame{probe.BlameCDN}, []probe.Severity{probe.Critical}
	tenth := probe.Rank{Began: minute(3), ID: "i10"}
	for what, c := range map[string]struct {
		f    probe.IncidentFilter
		want []string
	}{
		"severity and limit": {probe.IncidentFilter{Severities: critical, Limit: 3}, []string{"i20", "i15", "i10"}},
		"blame and page":     {probe.IncidentFilter{Blames: cdn, Before: tenth}, []string{"i05", "i00"}},
		"stream":             {probe.IncidentFilter{Stream: "second", Limit: 1}, []string{"i20"}},
		"text":               {probe.IncidentFilter{Text: "FOR 7 s"}, []string{"i07"}},
		"time":               {probe.IncidentFilter{Since: minute(1), Until: minute(1)}, []string{"i05", "i04", "i03"}},
		"nothing":            {probe.IncidentFilter{Open: probe.State(true)}, nil},
	} {
		if got, _ := ids(c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
}
