package probe

import (
	"encoding/json"
	"testing"
	"time"
)

func TestWireTimes(t *testing.T) {
	at := time.Date(2026, 11, 28, 19, 0, 0, 120_999_999, time.FixedZone("", 3600))
	for _, c := range []struct {
		name string
		give any
		want string
	}{
		{
			"evidence",
			Evidence{At: at, URL: "u", Status: 200, Curl: "c"},
			`{"at":"2026-11-28T18:00:00.120Z","url":"u","status":200,"curl":"c"}`,
		},
		{
			"incident",
			Incident{
				ID: "1", State: Opened, Severity: Critical, Blame: BlameCDN, Side: Edge,
				Began: at, Opened: at.Truncate(time.Second),
			},
			`{"id":"1","state":"opened","check":"","severity":"critical","blame":"cdn","because":"","scope":"","event":"",` +
				`"streams":[],"stream":"","rendition":"","side":"edge","summary":"","detail":"","count":0,"spec":"",` +
				`"evidence":[],"began":"2026-11-28T18:00:00.120Z","opened":"2026-11-28T18:00:00.000Z","closed":null}`,
		},
		{
			"side",
			SideSnapshot{Verdict: OK, MediaSequence: State(uint64(7)), LastSegmentAge: State(1500 * time.Millisecond)},
			`{"verdict":"ok","media_sequence":7,"last_segment_age_seconds":1.5,"status":0,"cache":"",` +
				`"object_age_seconds":null,"fetch_seconds":null,"url":"","checked":null}`,
		},
		{
			"snapshot",
			Snapshot{Event: "e", Since: at, Streams: []StreamSnapshot{{Name: "s"}}},
			`{"at":null,"started":null,"since":"2026-11-28T18:00:00.120Z","event":"e","verdict":"","edge":"","origin":"",` +
				`"silences":[],"streams":[{"since":null,"name":"s","verdict":"","open_incidents":[],"renditions":[]}]}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(c.give)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestIncidentRoundTrip(t *testing.T) {
	closed := time.Date(2026, 11, 28, 19, 0, 1, 0, time.UTC)
	in := Incident{
		ID: "1", State: Closed, Severity: Error, Side: Origin, Began: closed.Add(-time.Minute),
		Opened: closed.Add(-time.Second), Closed: &closed,
		Evidence: []Evidence{{At: closed, Age: State(3 * time.Second)}},
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out Incident
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if !out.Closed.Equal(closed) || !out.Began.Equal(in.Began) || out.Severity != Error || out.Side != Origin ||
		out.Evidence[0].Age != in.Evidence[0].Age {
		t.Errorf("got %+v, want %+v", out, in)
	}
}
