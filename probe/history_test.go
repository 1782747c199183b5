package probe

import (
	"testing"
	"time"
)

func TestIncidentFilterChooses(t *testing.T) {
	at := time.Date(2026, 11, 28, 19, 0, 0, 123_456_789, time.UTC)
	closed := at.Add(10 * time.Minute)
	in := Incident{
		ID: "20261128T190000Z-main", State: Closed, Check: "upd.stale", Severity: Critical, Blame: BlameCDN,
		Stream: "main", Streams: []string{"main", "second"}, Summary: "Playlist stopped moving",
		Detail: "no new segment for 9 s", Because: "the origin advanced", Host: "edge.example", Began: at, Closed: &closed,
	}
	begin := at.Truncate(time.Millisecond)
	yes := []IncidentFilter{
		{},
		{ID: in.ID},
		{Open: State(false)},
		{Stream: "second"},
		{Severities: []Severity{Error, Critical}},
		{Blames: []Blame{BlameCDN}},
		{Text: "STOPPED"},
		{Text: "edge.ex"},
		{Text: "second"},
		{Text: "t190000z"},
		{Since: closed},
		{Until: at},
		{Before: Rank{at.Add(time.Millisecond), "a"}},
		{Before: Rank{begin, "20261128T190000Z-main-2"}},
	}
	no := []IncidentFilter{
		{ID: "x"},
		{Open: State(true)},
		{Stream: "third"},
		{Severities: []Severity{Warning}},
		{Blames: []Blame{BlameOrigin, BlamePath}},
		{Text: "stopped never"},
		{Since: closed.Add(1)},
		{Until: at.Add(-1)},
		{Before: RankOf(&in)},
		{Before: Rank{at.Add(-time.Millisecond), "z"}},
		{Before: Rank{begin, "2026"}},
	}
	for _, f := range yes {
		if !f.Chooses(&in) {
			t.Errorf("%+v does not choose it", f)
		}
	}
	for _, f := range no {
		if f.Chooses(&in) {
			t.Errorf("%+v chooses it", f)
		}
	}
}
