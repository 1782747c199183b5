package drill_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

var update = flag.Bool("update", false, "rewrite docs/rehearsal.md")

// act is something that happens in the rehearsal.
type act struct {
	at, lasts time.Duration
	what      string
	fault     sim.Injection // none: people act by themselves
}

// The rehearsal: thirty streams behind one edge, thirty minutes.
var acts = []act{
	{3 * time.Minute, 5 * time.Minute, "planned maintenance of s07, as event.yaml has it", sim.Injection{}},
	{4 * time.Minute, 2 * time.Minute, "its encoder is off", sim.Injection{Fault: "stall", Stream: "s07"}},
	{10 * time.Minute, 2 * time.Minute, "the edge answers 503 to everything", sim.Injection{Fault: "edge-503"}},
	{
		15 * time.Minute, 3 * time.Minute, "the encoder of s03 stands still, and is restarted",
		sim.Injection{Fault: "stall", Stream: "s03"},
	},
	{15*time.Minute + 40*time.Second, 0, "ana acknowledges it: restarting the encoder", sim.Injection{}},
	{
		22 * time.Minute, 90 * time.Second, "a false lead: the edge answers errors, because its origin hangs",
		sim.Injection{Fault: "origin-hang"},
	},
}

const rehearsed = 30 * time.Minute

// shown is what the page showed for a while: how many streams fared how when it
// was worst.
type shown struct {
	from          time.Time
	verdict       probe.Verdict
	streams, open string
	bad           int
}

// rehearsal is what came of it.
type rehearsal struct {
	start  time.Time
	page   []shown // what the page showed, by changes
	report *report.Run
	json   *channel
	others []*channel
}

func TestRehearsal(t *testing.T) {
	if proctest.Race {
		t.Skip("30 streams for 30 minutes: too slow with the race detector; TestFleets runs with it")
	}
	t.Parallel()
	dir := t.TempDir()
	var page strings.Builder
	defer func() { shootReport(t, page.String()) }()
	synctest.Test(t, func(t *testing.T) {
		r := rehearse(t, dir)
		r.check(t)
		if err := r.report.HTML(&page); err != nil {
			t.Fatal(err)
		}
		text := r.markdown()
		const path = "../../docs/rehearsal.md"
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := stable(text); got != stable(string(want)) {
			t.Errorf("docs/rehearsal.md is not what happens now: run go test -run TestRehearsal ./probe/drill -update\n%s", got)
		}
	})
}

// stable leaves out of the page what a few polls more or less change.
func stable(text string) string {
	for _, change := range [][2]string{
		{`\d{8}T\d{6}Z`, "ID"},
		{`\d+(\.\d+)?( (h|min|s|ms) \d+)? (min|s|ms|%)`, "N"},
		{`\d+`, "N"},
		{`N(\.N)+`, "N"},
		{` +`, " "},
	} {
		text = regexp.MustCompile(change[0]).ReplaceAllString(text, change[1])
	}
	return text
}

// rehearse plays all acts.
func rehearse(t *testing.T, dir string) *rehearsal {
	t.Helper()
	r := &rehearsal{start: time.Now().UTC()}
	at := func(d time.Duration) time.Time { return r.start.Add(d) }
	clock := func() string { return time.Now().UTC().Format("15:04:05") }
	history, err := store.Open(dir, "rehearsal", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()

	r.json, r.others = doubles(clock)
	sinks, feeds := tellers(r.json, r.others)
	planned := []probe.Silence{{
		ID: "maintenance", Maintenance: true, Streams: []string{"s07"},
		From: at(acts[0].at), Until: at(acts[0].at + acts[0].lasts),
		By: "event file", Reason: "new encoder",
	}}
	w := drill.New(drill.Setup{
		Origin: sim.Config{
			Streams: names(30), Stagger: true, TargetDuration: 6 * time.Second, Renditions: make([]sim.Rendition, 1),
		},
		Monitor: monitor.Options{
			Event: "rehearsal", Sinks: append(sinks, history), Feeds: feeds, Maintenance: planned, Journal: history.Act,
		},
	})
	w.Run(t.Context(), func(ctx context.Context) {
		for _, s := range acts {
			if s.fault.Fault != "" {
				in := s.fault
				in.From, in.Until = at(s.at), at(s.at+s.lasts)
				if err := w.Break(in); err != nil {
					t.Fatal(err)
				}
			}
		}
		for time.Since(r.start) < rehearsed {
			r.look(w.Monitor.Snapshot())
			if acked := acts[4].at; time.Since(r.start) >= acked && time.Since(r.start) < acked+time.Second {
				r.acknowledge(ctx, t, w)
			}
			time.Sleep(time.Second)
		}
	})
	if err := history.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	records, err := report.Read(t.Context(), history, r.start, at(rehearsed))
	if err != nil {
		t.Fatal(err)
	}
	incidents, err := history.Incidents(t.Context(), probe.IncidentFilter{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(incidents)
	actions, err := history.Actions(t.Context(), r.start)
	if err != nil {
		t.Fatal(err)
	}
	r.report = &report.Run{
		Version: "dev", Event: "rehearsal", From: r.start, Until: at(rehearsed), Records: records, Incidents: incidents,
		Silences: planned, Actions: actions,
	}
	return r
}

// acknowledge takes the open incident of s03.
func (r *rehearsal) acknowledge(ctx context.Context, t *testing.T, w *drill.Watch) {
	t.Helper()
	for _, in := range w.Seen.Open() {
		if in.Stream == "s03" {
			a := probe.Action{Kind: probe.ActAcknowledge, By: "ana", Incident: in.ID, Note: "restarting the encoder"}
			if _, err := w.Monitor.Act(ctx, a); err != nil {
				t.Error(err)
			}
		}
	}
}

// look notes what the page shows, where that is not what it showed.
func (r *rehearsal) look(s *probe.Snapshot) {
	tally := map[probe.Verdict]int{}
	for i := range s.Streams {
		tally[s.Streams[i].Verdict]++
	}
	var counts []string
	for _, v := range probe.Verdicts {
		if tally[v] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", tally[v], v))
		}
	}
	var open []string
	for i := range s.Incidents {
		in := &s.Incidents[i]
		text := in.Summary + ", " + in.Where() + ", blame " + string(in.Blame)
		if in.Silenced != nil {
			text += " (in maintenance)"
		}
		if in.Acknowledged != nil {
			text += " (acknowledged by " + in.Acknowledged.By + ")"
		}
		open = append(open, text)
	}
	now := shown{
		s.At, s.Verdict, strings.Join(counts, ", "), strings.Join(open, "; "), tally[probe.Down] + tally[probe.Degraded],
	}
	if n := len(r.page); n == 0 || r.page[n-1].verdict != now.verdict || stable(r.page[n-1].open) != stable(now.open) {
		r.page = append(r.page, now)
	} else if last := &r.page[n-1]; now.bad > last.bad {
		last.streams, last.bad, last.open = now.streams, now.bad, now.open
	}
}

func first(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// kinds counts messages by what they say.
func kinds(told []string) map[string]int {
	count := map[string]int{}
	for _, line := range told {
		count[strings.Fields(line)[1]]++
	}
	return count
}

// check holds what must come of it: one message each for what opened, changed and
// closed,
// nothing of the maintenance; and the false lead blames the origin from the beginning.
func (r *rehearsal) check(t *testing.T) {
	t.Helper()
	perID := map[string]map[string]int{}
	for _, line := range r.json.told {
		f := strings.Fields(line)
		if perID[f[2]] == nil {
			perID[f[2]] = map[string]int{}
		}
		perID[f[2]][f[1]]++
	}
	told := 0
	for i := range r.report.Incidents {
		in := &r.report.Incidents[i]
		got := perID[in.ID]
		if in.Stream == "s07" && len(in.Streams) == 1 {
			if len(got) > 0 {
				t.Errorf("the maintenance was told of: %v", got)
			}
			continue
		}
		told++
		if in.Began.After(r.start.Add(20*time.Minute)) && (in.Blame != probe.BlameOrigin || len(in.Updates) > 0) {
			t.Errorf("the false lead: %s blames %s, updates %v", in.ID, in.Blame, in.Updates)
		}
		if got["opened"] != 1 || got["closed"] != 1 || got["updated"] > len(in.Updates) || got["repeated"] > 0 {
			t.Errorf("%s (%s): %v, want one opened, an update for each of %d changes, one closed",
				in.ID, in.Check, got, len(in.Updates))
		}
	}
	if told != 3 {
		t.Errorf("%d incidents were told of, want 3: the edge, the encoder, the origin", told)
	}
	n := kinds(r.json.told)
	for _, c := range r.others {
		got := kinds(c.told)
		if over := got["resolve"] + got["close"] + got["CLOSED"]; over != n["closed"] {
			t.Errorf("%s: %v, the webhook %v", c.name, got, n)
		}
	}
	all := r.report.All()
	if all.Share == nil || all.ShareOutside == nil || *all.ShareOutside <= *all.Share {
		t.Errorf("availability: %v, outside the maintenance %v", all.Share, all.ShareOutside)
	}
}
