package notify

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// A line of a timeline is a second and an incident as it is then: "3 a error cdn
// stream", "9 a closed", "7 a acked", "7 a muted". What was told is written alike.
func TestTeller(t *testing.T) {
	type line = string
	for name, c := range map[string]struct {
		receiver     Receiver
		wait, repeat time.Duration
		happens      []line
		told         []line
	}{
		"a blip of an error within the wait is nobody's business": {
			wait: 5 * time.Second, happens: []line{"0 a error", "4 a closed"},
		},
		"what changes within the wait is one message": {
			wait: 5 * time.Second, happens: []line{"0 a warning", "2 a error", "4 a critical", "20 a closed"},
			told: []line{"5 a opened critical", "20 a closed critical"},
		},
		"without a wait an error is told at once and a warning when it lasts": {
			happens: []line{"0 a error", "0 b warning", "1 c warning", "2 c closed", "9 a closed", "9 b closed"},
			told:    []line{"0 a opened error", "3 b opened warning", "9 a closed error", "9 b closed warning"},
		},
		"a change is told when it has lasted": {
			happens: []line{"0 a error", "10 a critical", "11 a error", "20 a critical", "30 a closed"},
			told:    []line{"0 a opened error", "23 a updated critical", "30 a closed critical"},
		},
		"repeated while nobody is on it": {
			repeat: 10 * time.Second, happens: []line{"0 a error", "15 a critical", "50 a closed"},
			told: []line{
				"0 a opened error", "10 a repeated error", "18 a updated critical", "28 a repeated critical",
				"38 a repeated critical", "48 a repeated critical", "50 a closed critical",
			},
		},
		"not repeated while somebody is on it": {
			repeat: 10 * time.Second, happens: []line{"0 a error", "5 a acked", "20 a critical", "40 a unacked", "45 a closed"},
			told: []line{
				"0 a opened error", "5 a acknowledged error", "23 a updated critical", "40 a repeated critical",
				"45 a closed critical",
			},
		},
		"taken before it is told": {
			wait: 5 * time.Second, repeat: 10 * time.Second, happens: []line{"0 a error", "2 a acked", "40 a closed"},
			told: []line{"5 a opened error", "40 a closed error"},
		},
		"silenced until the silence ends": {
			wait: 5 * time.Second, repeat: 10 * time.Second,
			happens: []line{
				"0 a error", "1 a muted", "20 a unmuted", "30 a muted", "50 a unmuted", "56 a closed",
				"6 b error", "7 b muted", "8 b closed",
			},
			told: []line{"25 a opened error", "55 a updated error", "56 a closed error"},
		},
		"only what is bad enough, and its end": {
			receiver: Receiver{Severity: probe.Critical},
			happens:  []line{"0 a error", "10 a critical", "20 a error", "30 a closed", "31 b error", "40 b closed"},
			told:     []line{"10 a opened critical", "23 a updated error", "30 a closed error"},
		},
		"only the streams that it is for": {
			receiver: Receiver{Streams: []string{"other"}},
			happens:  []line{"0 a error", "10 a error main,other", "20 a closed", "21 b error", "30 b closed"},
			told:     []line{"10 a opened error", "20 a closed error"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := play(t, c.receiver, c.wait, c.repeat, c.happens); !slices.Equal(got, c.told) {
				t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.told, "\n"))
			}
		})
	}
}

func play(t *testing.T, r Receiver, wait, repeat time.Duration, happens []string) (got []string) {
	t.Helper()
	start := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	book := &teller{receiver: &r, wait: wait, repeat: repeat, stories: map[string]*story{}}
	now := map[string]probe.Incident{}
	say := func(second int, m *Message) {
		got = append(got, fmt.Sprintf("%d %s %s %s", second, m.Incident.ID, m.Kind, m.Incident.Severity))
	}
	for second := range 60 {
		at := start.Add(time.Duration(second) * time.Second)
		for _, line := range happens {
			var when int
			var id, what, more string
			if n, _ := fmt.Sscan(line, &when, &id, &what, &more); n < 3 {
				t.Fatalf("line %q", line)
			}
			if when != second {
				continue
			}
			in := happened(t, now[id], id, what, more, at)
			now[id] = in
			if m := book.note(in, at); m != nil {
				say(second, m)
			}
		}
		list, next := book.due(at, false)
		for i := range list {
			say(second, &list[i])
		}
		if !next.IsZero() && !next.After(at) {
			t.Fatalf("at %d s something is due and was not told", second)
		}
	}
	return got
}

func happened(t *testing.T, in probe.Incident, id, what, more string, at time.Time) probe.Incident {
	t.Helper()
	if in.ID == "" {
		in = probe.Incident{ID: id, State: probe.Opened, Began: at, Opened: at, Streams: []string{"main"}, Stream: "main"}
	}
	switch what {
	case "acked":
		in.Acknowledged = &probe.Acknowledgement{By: "ana", At: at}
	case "unacked":
		in.Acknowledged = nil
	case "muted":
		in.Silenced = &probe.Muting{ID: "s"}
	case "unmuted":
		in.Silenced = nil
	case "closed":
		in.State, in.Closed = probe.Closed, &at
	default:
		if err := in.Severity.UnmarshalText([]byte(what)); err != nil {
			t.Fatal(err)
		}
	}
	if more != "" {
		in.Streams = strings.Split(more, ",")
	}
	return in
}
