package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// status is what people see of a snapshot.
func status(t *testing.T, snap *probe.Snapshot) string {
	t.Helper()
	var out strings.Builder
	if err := Status(&out, snap, func(word string) string { return word }); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// One dead edge host under five streams is one entry, which says how far it
// reaches, whose fault it is and what proves that.
func TestStatusShowsCauses(t *testing.T) {
	at := time.Date(2026, 11, 28, 19, 0, 5, 0, time.UTC)
	host := probe.Incident{
		ID: "a", State: probe.Updated, Check: "http.unreachable", Severity: probe.Critical,
		Blame: probe.BlameCDN, Because: "nobody connects to the edge; the origin answers for all 5",
		Scope: probe.ScopeEdge, Host: "d111.cloudfront.net", Summary: "playlist cannot be fetched", Detail: "refused",
		Began: at, Opened: at, Count: 3, URL: "http://127.0.0.1:8090/#incident=a",
		Recording: "http://127.0.0.1:8090/api/v1/incidents/a/recording",
	}
	small := probe.Incident{
		ID: "b", State: probe.Opened, Check: "td.exceeded", Severity: probe.Warning, Blame: probe.BlameEncoder,
		Scope: probe.ScopeStream, Stream: "s1", Streams: []string{"s1"},
		Side: probe.Origin, Summary: "a segment is too long", Detail: "6.6 s", Began: at, Opened: at, Count: 1,
	}
	snap := &probe.Snapshot{
		Event: "concert", Verdict: probe.Blind, Reason: "this machine is too busy", Since: at, At: at,
		Sinks: []probe.SinkHealth{
			{Name: "store", FailingSince: at, Error: "no space left on device", Waiting: 2},
			{Name: "web"},
		},
	}
	for i := range 5 {
		name := fmt.Sprint("s", i+1)
		host.Streams = append(host.Streams, name)
		snap.Streams = append(
			snap.Streams,
			probe.StreamSnapshot{Name: name, Verdict: probe.Down, OpenIncidents: []string{"a"}},
		)
	}
	snap.Streams[0].OpenIncidents = []string{"a", "b"}
	snap.Incidents = []probe.Incident{small, host}
	golden(t, "status.txt", []byte(status(t, snap)))
}

// A status says what is silenced and who takes care of what.
func TestStatusShowsWhatPeopleSaid(t *testing.T) {
	at := time.Date(2026, 11, 28, 19, 0, 5, 0, time.UTC)
	silence := probe.Silence{
		ID: "s", State: probe.SilenceActive, Streams: []string{"main"}, From: at, Until: at.Add(2 * time.Hour),
		By: "ana", Reason: "new encoder",
	}
	in := probe.Incident{
		ID: "a", State: probe.Opened, Check: "upd.stale", Severity: probe.Critical, Streams: []string{"main"}, Stream: "main",
		Began: at, Opened: at, Count: 1,
		Acknowledged: &probe.Acknowledgement{By: "ben", At: at.Add(time.Minute), Note: "on it"},
		Silenced:     &probe.Muting{ID: "s", Until: silence.Until, By: "ana", Reason: "new encoder"},
	}
	got := status(t, &probe.Snapshot{
		Event: "concert", Verdict: probe.Down, Since: at, Silences: []probe.Silence{silence}, Incidents: []probe.Incident{in},
	})
	for _, want := range []string{
		"\nmain: silenced until 2026-11-28 21:00:05 UTC by ana: new encoder\n",
		"\n  acknowledged by ben at 2026-11-28 19:01:05 UTC: on it\n",
		"\n  silenced until 2026-11-28 21:00:05 UTC by ana: new encoder\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
}
