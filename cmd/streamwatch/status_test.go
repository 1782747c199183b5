package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/web"
)

// still is an event that does not change.
type still struct{ snap *probe.Snapshot }

func (s still) Snapshot() *probe.Snapshot { return s.snap }

// status asks a page that shows a snapshot.
func status(t *testing.T, snap *probe.Snapshot, format string) string {
	t.Helper()
	server := httptest.NewServer(web.New(web.Options{Source: still{snap}}).Handler())
	defer server.Close()
	page, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := &cli{stdout: &out, env: os.LookupEnv}
	if err := c.status(t.Context(), page, format, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// One dead edge host under five streams is one entry, which says how far it
// reaches, whose fault it is and what proves that.
func TestStatusShowsCauses(t *testing.T) {
	at := time.Date(2026, 11, 28, 19, 0, 5, 0, time.UTC)
	host := probe.Incident{
		ID: "a", State: probe.Updated, Check: "http.unreachable", Severity: probe.Critical, Blame: probe.BlameCDN, Because: "nobody connects to the edge; the origin answers for all 5",
		Scope: probe.ScopeEdge, Host: "d111.cloudfront.net", Summary: "playlist cannot be fetched", Detail: "refused", Began: at, Opened: at, Count: 3, URL: "http://127.0.0.1:8090/#incident=a",
		Recording: "http://127.0.0.1:8090/api/v1/incidents/a/recording",
	}
	small := probe.Incident{
		ID: "b", State: probe.Opened, Check: "td.exceeded", Severity: probe.Warning, Blame: probe.BlameEncoder, Scope: probe.ScopeStream, Stream: "s1", Streams: []string{"s1"},
		Side: probe.Origin, Summary: "a segment is too long", Detail: "6.6 s", Began: at, Opened: at, Count: 1,
	}
	snap := &probe.Snapshot{
		Event: "concert", Verdict: probe.Blind, Reason: "this machine is too busy", Since: at, At: at,
		Sinks: []probe.SinkHealth{{Name: "store", FailingSince: at, Error: "no space left on device", Waiting: 2}, {Name: "web"}},
	}
	for i := range 5 {
		name := fmt.Sprint("s", i+1)
		host.Streams = append(host.Streams, name)
		snap.Streams = append(snap.Streams, probe.StreamSnapshot{Name: name, Verdict: probe.Down, OpenIncidents: []string{"a"}})
	}
	snap.Streams[0].OpenIncidents = []string{"a", "b"}
	snap.Incidents = []probe.Incident{small, host}
	compare(t, "testdata/status.txt", status(t, snap, "text"))

	var got struct {
		Verdict   string
		Streams   []struct{ Name string }
		Incidents []struct {
			ID, Scope, Because string
			Streams            []string
			Count              int
		}
	}
	if err := json.Unmarshal([]byte(status(t, snap, "json")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Incidents) != 2 || len(got.Streams) != 5 || got.Verdict != "blind" {
		t.Fatalf("%+v", got)
	}
	for _, in := range got.Incidents {
		if in.ID == "a" && (in.Scope != "edge" || in.Count != 3 || len(in.Streams) != 5 || !strings.Contains(in.Because, "nobody connects")) {
			t.Errorf("%+v", in)
		}
	}
}
