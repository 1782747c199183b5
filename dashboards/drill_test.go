package dashboards_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

const (
	healthy = 3 * time.Minute // before the fault
	faulty  = 5 * time.Minute
	arrival = 3 * time.Second // from the end of a period until CloudWatch has it
	target  = 6 * time.Second
)

// watched is a board with its own moment of evaluation, as each alarm has.
type watched struct {
	board *dashboards.Board
	every time.Duration
	phase time.Duration
	first map[string]time.Duration // when each alarm fired, since the fault
	early []string                 // what fired before it
}

// boards evaluate the same samples at several moments within the minute.
type boards struct {
	mu    sync.Mutex
	all   []*watched
	pages time.Duration // by then a dead stream must have woken someone
}

func newBoards(period, pages time.Duration) *boards {
	b := &boards{pages: pages}
	every := min(period, time.Minute)
	for phase := time.Duration(0); phase < every; phase += every / 4 {
		o := dashboards.Options{
			Event: "drill", Period: period, Streams: []dashboards.Stream{{Name: "main", TargetDuration: target}},
		}
		b.all = append(b.all, &watched{
			board: dashboards.NewBoard(o, arrival), every: every, phase: phase, first: map[string]time.Duration{},
		})
	}
	return b
}

func (b *boards) add(samples []probe.Sample) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.all {
		w.board.Add(samples)
	}
}

func (b *boards) evaluate(now, began time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.all {
		if time.Duration(now.UnixNano())%w.every != w.phase {
			continue
		}
		for name, state := range w.board.Evaluate(now) {
			if _, known := w.first[name]; known || state != dashboards.InAlarm {
				continue
			}
			if now.Before(began) && name == "heartbeat" {
				continue // it is in alarm until the monitor has started
			}
			if now.Before(began) {
				w.early = append(w.early, name)
			}
			w.first[name] = now.Sub(began)
		}
	}
}

// worst returns how long after the fault an alarm fired at the latest moment of
// evaluation; "-" when it did not fire at any.
func (b *boards) worst(name string) (text string, took time.Duration) {
	fired := 0
	for _, w := range b.all {
		if at, ok := w.first[name]; ok {
			fired, took = fired+1, max(took, at)
		}
	}
	switch fired {
	case 0:
		return "-", 0
	case len(b.all):
		return fmt.Sprintf("%.0f s", took.Round(time.Second).Seconds()), took
	default:
		return "at times", took
	}
}

type boardSink struct{ minute, tens *boards }

func (boardSink) Name() string { return "boards" }

func (s boardSink) Write(_ context.Context, b probe.Batch) error {
	s.minute.add(b.Samples)
	s.tens.add(b.Samples)
	return nil
}

// args are those of faults whose default is for segments of 2 s. A node that is one
// segment behind is as good as sound: three it is, as in the drill.
var args = map[string]string{"edge-old-node": "18s"}

// hold breaks a stream as the drill says and lets the boards watch. It returns
// how long after the fault the verdict was down; zero is never. A fault that
// changes nothing that is served is an error.
func hold(fault string, sink boardSink) (down time.Duration, err error) {
	setup := drill.Settings{TargetDuration: target, Renditions: 2}.Setup(fault)
	setup.Monitor.Sinks = []probe.Sink{sink}
	w := drill.New(setup)
	w.Run(context.Background(), func(context.Context) {
		began := time.Now().Truncate(time.Minute).Add(healthy + 7*time.Second)
		tick := time.Now().Truncate(500 * time.Millisecond)
		watch := func(until time.Time) {
			for time.Now().Before(until) {
				tick = tick.Add(500 * time.Millisecond)
				time.Sleep(time.Until(tick))
				sink.minute.evaluate(tick, began)
				sink.tens.evaluate(tick, began)
				if down == 0 && w.Monitor.Snapshot().Verdict == probe.Down {
					down = tick.Sub(began)
				}
			}
		}
		watch(began)
		if err = w.Break(sim.Injection{Fault: fault, Arg: args[fault]}); err == nil {
			watch(began.Add(faulty))
		}
	})
	n, _, early := w.Differences()
	if err == nil && (n == 0 || early != "") {
		err = fmt.Errorf("%s changed %d responses; before it one was another: %q", fault, n, early)
	}
	return down, err
}

var update = flag.Lookup("update")

// What each alarm says of each fault of the drill, at both resolutions. Each
// that takes the stream down pages in time, no alarm fires before its fault, and no fault of the CDN is taken for the
// origin's or the other way round.
func TestAlarmsOfDrills(t *testing.T) {
	if proctest.Race {
		t.Skip("takes minutes with the race detector: make test runs it without")
	}
	rows := make([]string, len(drill.All()))
	t.Run("of", func(t *testing.T) {
		for i, d := range drill.All() {
			t.Run(d.Fault, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { rows[i] = rowOf(t, d) })
			})
		}
	})
	var out strings.Builder
	fmt.Fprintf(&out, "Each fault of the drill, 6 s segments: the time until the stream's verdict is down, "+
		"and until the alarm,\n")
	fmt.Fprintf(&out, "at the least lucky of four moments of evaluation; - is never.\n\n")
	fmt.Fprintf(&out, "%-34s %44s %44s\n%-18s %-8s %6s", "", "every 60 s", "every 10 s", "fault", "blame", "down")
	for range 2 {
		for _, kind := range kindsOfFault {
			fmt.Fprintf(&out, " %14s", kind)
		}
	}
	out.WriteString("\n" + strings.Join(rows, "\n") + "\n")
	if update.Value.String() == "true" {
		if err := os.WriteFile("testdata/drills.txt", []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/drills.txt")
	if err != nil {
		t.Fatal(err)
	}
	// Times follow the pace of polling, which others tune; what fires does not.
	figure := regexp.MustCompile(` *\d+ s| *at times`)
	for line := range strings.Lines(out.String()) {
		known := strings.Contains(figure.ReplaceAllString(string(want), " N"), figure.ReplaceAllString(line, " N"))
		if strings.TrimSpace(line) != "" && !known {
			t.Errorf("testdata/drills.txt has no line %s", line)
		}
	}
}

// kindsOfFault are the alarms that say whose fault it is, and that viewers have it.
var kindsOfFault = []string{"viewer-impact", "cdn-fault", "origin-fault"}

// rowOf holds a drill, in a bubble, and returns when each alarm fired.
func rowOf(t *testing.T, d drill.Drill) string {
	t.Helper()
	sink := boardSink{newBoards(time.Minute, 3*time.Minute), newBoards(10*time.Second, 45*time.Second)}
	down, err := hold(d.Fault, sink)
	if err != nil {
		t.Fatal(err)
	}
	row := fmt.Sprintf("%-18s %-8s %6s", d.Fault, d.Blame[0], "-")
	if down > 0 {
		row = fmt.Sprintf("%-18s %-8s %4.0f s", d.Fault, d.Blame[0], math.Ceil(down.Seconds()))
	}
	for _, b := range []*boards{sink.minute, sink.tens} {
		limit := max(b.pages, down+30*time.Second) // the ladder alone is looked at twice a minute
		if text, took := b.worst("viewer-impact"); down > 0 && (took == 0 || took > limit) {
			t.Errorf("%s: the stream is down after %s, and pages after %s, want %s at most", d.Fault, down, text, limit)
		}
		for _, kind := range kindsOfFault {
			text, took := b.worst(kind)
			// Five updates of six seconds until an older segment is looked at.
			if limit := b.all[0].every*3 + time.Minute; took > limit {
				t.Errorf("%s: %s only after %s, want %s at most", d.Fault, kind, took, limit)
			}
			row += fmt.Sprintf(" %14s", text)
		}
		for _, w := range b.all {
			if len(w.early) > 0 {
				t.Errorf("%s: in alarm before the fault: %v", d.Fault, w.early)
			}
		}
		wrong := "cdn-fault"
		if d.Blame[0] == probe.BlameCDN || d.Blame[0] == probe.BlameConfig {
			wrong = "origin-fault"
		}
		if text, _ := b.worst(wrong); text != "-" {
			t.Errorf("%s: %s after %s", d.Fault, wrong, text)
		}
	}
	return row
}
