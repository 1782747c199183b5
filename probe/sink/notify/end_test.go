package notify

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// An incident that closes although nobody saw its fault end is no recovery, and
// every format that people read says so.
func TestAnEndThatIsNoRecovery(t *testing.T) {
	in := outage()
	in.State, in.Closed, in.ClosedBecause = probe.Closed, new(in.Began.Add(4*time.Hour)), "the event is over"
	m := Message{Kind: Closed, Incident: in, At: *in.Closed}
	if head := m.Headline(); !strings.HasPrefix(head, "CLOSED, the event is over, after 4 h: 28 streams, ") {
		t.Errorf("headline %s", head)
	}
	if !strings.Contains(m.text(), "\nWhy: the event is over; nobody saw the fault end\n") {
		t.Errorf("text %s", m.text())
	}
	if color(&m) == color(&Message{Kind: Closed, Incident: outage()}) || teamsColor(&m) == "Good" {
		t.Error("it is as green as a recovery")
	}
}

// What somebody took before it was told wakes nobody: the services that call one
// after the other hear of that with the opening.
func TestTakenBeforeItIsTold(t *testing.T) {
	in := outage()
	in.Acknowledged = &probe.Acknowledgement{By: "ana", At: in.Opened, Note: "on it"}
	m := Message{Kind: Opened, Incident: in, At: in.Opened.Add(5 * time.Second)}
	for _, c := range []struct {
		receiver Receiver
		want     []string
	}{
		{Receiver{Format: PagerDuty, Key: "k"}, []string{"trigger", "acknowledge"}},
		{Receiver{Format: Opsgenie, Key: "k"}, []string{"alerts", "acknowledge"}},
	} {
		requests, err := c.receiver.Requests(&m)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range requests {
			var e struct {
				Action string `json:"event_action"`
			}
			if err := json.Unmarshal(r.Body, &e); err != nil {
				t.Fatal(err)
			}
			if e.Action == "" {
				e.Action, _, _ = strings.Cut(path.Base(r.URL), "?")
			}
			got = append(got, e.Action)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.receiver.Format, got, c.want)
		}
	}
}
