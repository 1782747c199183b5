package prom

import (
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

func TestIncidents(t *testing.T) {
	s := New(Options{Event: "concert"})
	active := func(blame string) string {
		for l := range strings.Lines(scrape(t, s)) {
			if strings.HasPrefix(l, "streamwatch_findings_active{") && strings.Contains(l, `blame="`+blame+`"`) {
				return strings.TrimSpace(l[strings.LastIndexByte(l, ' '):])
			}
		}
		return "absent"
	}
	step := func(after time.Duration, list ...probe.Incident) {
		write(t, s, probe.Batch{At: start.Add(after), Event: "concert", Stream: "main", Incidents: list})
	}
	want := func(cdn, config string) {
		t.Helper()
		if got := active("cdn"); got != cdn {
			t.Errorf("cdn: got %s, want %s", got, cdn)
		}
		if got := active("config"); got != config {
			t.Errorf("config: got %s, want %s", got, config)
		}
	}
	step(0, incident("a", probe.Opened, probe.BlameCDN), incident("b", probe.Opened, probe.BlameCDN))
	wider := incident("a", probe.Updated, probe.BlameCDN)
	wider.Streams, wider.Stream = append(wider.Streams, "third"), "third"
	step(time.Second, wider) // one more stream is no other incident
	want("2", "absent")
	step(time.Second, incident("a", probe.Opened, probe.BlameConfig))
	want("1", "1")
	step(2*time.Second, incident("a", probe.Closed, probe.BlameConfig), incident("c", probe.Closed, probe.BlameCDN))
	want("1", "0")
	step(staleness + time.Minute)
	want("1", "absent")
	counted := `streamwatch_incidents_total{blame="cdn",check="upd.stale",event="concert",scope="edge",` +
		`severity="critical"} 2`
	if !strings.Contains(scrape(t, s), counted) {
		t.Errorf("the scrape lacks %s", counted)
	}
}

// An incident that an earlier process opened is active from the start, and was
// not opened by this one.
func TestOpenFromBefore(t *testing.T) {
	s := New(Options{Event: "concert", Open: []probe.Incident{incident("a", probe.Updated, probe.BlameCDN)}})
	labels := `{blame="cdn",check="upd.stale",event="concert",scope="edge",severity="critical",silenced="false"} `
	if text := scrape(t, s); !strings.Contains(text, "streamwatch_findings_active"+labels+"1\n") ||
		strings.Contains(text, "streamwatch_incidents_total{") {
		t.Error("before anything happened, it is not active, or counted")
	}
	closed := incident("a", probe.Closed, probe.BlameCDN)
	write(t, s, probe.Batch{At: start, Incidents: []probe.Incident{closed}})
	if text := scrape(t, s); !strings.Contains(text, "streamwatch_findings_active"+labels+"0\n") ||
		strings.Contains(text, "streamwatch_incidents_total{") {
		t.Error("after it closed, it is active, or counted")
	}
}

// A silenced incident is active and says so; it was opened once.
func TestSilenced(t *testing.T) {
	silences := []probe.Silence{
		{State: probe.SilenceActive}, {State: probe.SilenceExpired}, {State: probe.SilencePending, Maintenance: true},
	}
	s := New(Options{Event: "concert", Silences: func() []probe.Silence { return silences }})
	in := incident("a", probe.Opened, probe.BlameCDN)
	want := func(lines ...string) {
		t.Helper()
		text := scrape(t, s)
		for _, line := range lines {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("the scrape lacks %s", line)
			}
		}
	}
	const labels = `{blame="cdn",check="upd.stale",event="concert",scope="edge",severity="critical"`
	in.Silenced = &probe.Muting{ID: "a"}
	write(t, s, probe.Batch{At: start, Incidents: []probe.Incident{in}})
	want("streamwatch_findings_active"+labels+`,silenced="true"} 1`,
		`streamwatch_silences_active{event="concert",maintenance="false"} 1`,
		`streamwatch_silences_active{event="concert",maintenance="true"} 0`)
	in.Silenced = nil
	write(t, s, probe.Batch{At: start, Incidents: []probe.Incident{in}})
	want("streamwatch_findings_active"+labels+`,silenced="true"} 0`,
		"streamwatch_findings_active"+labels+`,silenced="false"} 1`,
		"streamwatch_incidents_total"+labels+"} 1")
}
