package main_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// fieldFault breaks something by real means, behind all caches at once, and
// repairs it again.
type fieldFault struct {
	name   string
	harm   func(f *field)
	repair func(f *field)
	lasts  bool // caches keep what came of it for an hour
	want   fieldWant
	// differs is what some caches make of it, by name.
	differs map[string]fieldWant
}

// fieldWant is what must be said. The zero value of a field asks for nothing.
type fieldWant struct {
	blames []probe.Blame  // one of these
	stream string         // whom it hits
	side   probe.Side     // where it shows
	least  probe.Severity // no incident: NoSeverity
	most   probe.Severity // of everything that is said
	within time.Duration
	never  []probe.Blame // of anything above info
}

// TestFieldFaults breaks what runs, one thing after another, and asks of each
// monitor that it says what, whose fault and how bad it is.
func TestFieldFaults(t *testing.T) {
	if _, all := fieldSpan(t); !all {
		t.Skip("a measurement on a quiet machine, since real servers take their time: make field")
	}
	t.Parallel()
	faults, caches := fieldFaults(), chosen(fieldCaches(), fieldCache.String, "STREAMWATCH_FIELD_CACHE")
	if only := os.Getenv("STREAMWATCH_FIELD_FAULT"); only != "" {
		faults = slices.DeleteFunc(faults, func(f fieldFault) bool {
			return !slices.ContainsFunc(strings.Split(only, ","), func(part string) bool {
				return strings.Contains(f.name, part)
			})
		})
	}
	encoders := pick(fieldEncoders(), fieldEncoder.String, "ts", "fmp4")
	f := newField(t, encoders, caches)
	f.viewers()
	time.Sleep(10 * time.Second) // a history to compare with

	rows := newTable(faultColumns...)
	for _, fault := range faults {
		f.run(fault, rows)
	}
	t.Logf("faults behind real caches\n%s", rows)
}

var faultColumns = []string{"FAULT", "CACHE", "DELAY", "BLAME", "SEVERITY", "SCOPE", "SIDE", "CHECK", "RIGHT", "ALSO"}

// run breaks one thing, watches all monitors until each said what it must or its
// time is over, repairs, and waits until all is well.
func (f *field) run(fault fieldFault, rows *table) {
	f.t.Helper()
	f.t.Logf("breaking: %s", fault.name)
	watches := make([]*faultWatch, len(f.monitors))
	for i, m := range f.monitors {
		want, differs := fault.differs[m.cache.name]
		if !differs {
			want = fault.want
		}
		watches[i] = &faultWatch{m: m, want: want, known: m.incidents()}
	}
	began := time.Now()
	fault.harm(f)
	var all sync.WaitGroup
	for _, w := range watches {
		all.Go(func() { w.watch(began) })
	}
	all.Wait()
	fault.repair(f)
	for _, w := range watches {
		if !fault.lasts {
			w.recover()
		}
		row, right := fault.name+" behind "+w.m.cache.name, "yes"
		problems := strings.Join(w.problems(), "; ")
		switch {
		case problems == "":
		case w.busy():
			right = "busy"
			f.t.Logf("%s is not judged, for the monitor did not get to run: %s", row, problems)
		default:
			right = "no"
			f.t.Errorf("%s: %s", row, problems)
		}
		rows.add(append([]string{fault.name, w.m.cache.name}, w.row(right)...)...)
	}
}

// restartBreaks is what ffmpeg itself breaks when it goes on after a restart.
var restartBreaks = map[string]string{
	"dseq.missing": "RFC 8216bis §4.4.3.3: it never states EXT-X-DISCONTINUITY-SEQUENCE",
	"dseq.math":    "RFC 8216bis §6.2.2: nor does it count the discontinuities that left",
}

// faultWatch is one monitor during one fault.
type faultWatch struct {
	m     *fieldMonitor
	want  fieldWant
	known []probe.Incident // from before the fault

	began    time.Time                 // of the fault
	seen     map[string]probe.Incident // at their worst, by id
	met      *probe.Incident           // the one that was asked for
	delay    time.Duration
	verdicts []string
	stuck    []probe.Incident // still open long after
}

// watch polls until the monitor said what it must. The most that any cache is
// given is 30 s; where nothing must be said it takes one look a while later.
func (w *faultWatch) watch(began time.Time) {
	w.began, w.seen = began, map[string]probe.Incident{}
	limit := w.want.within
	if limit == 0 {
		limit = 6 * time.Second
	}
	for time.Since(began) < limit {
		w.look()
		if w.met != nil && w.met.Severity >= w.want.least {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// busy reports whether the monitor said that it did not get to run.
func (w *faultWatch) busy() bool {
	return slices.ContainsFunc(w.verdicts, func(v string) bool { return strings.Contains(v, "too busy") })
}

// look notes every incident at its worst, and when what was asked for held.
func (w *faultWatch) look() {
	if v := w.m.verdict(); !slices.Contains(w.verdicts, v) {
		w.verdicts = append(w.verdicts, v)
	}
	for _, in := range w.m.incidents() {
		if slices.ContainsFunc(w.known, func(old probe.Incident) bool { return old.ID == in.ID && old.Count == in.Count }) {
			continue
		}
		if old, ok := w.seen[in.ID]; !ok || in.Severity >= old.Severity {
			w.seen[in.ID] = in
		}
		if w.met == nil && w.want.meets(in) {
			w.met, w.delay = &in, time.Since(w.began)
		}
	}
}

func (want fieldWant) meets(in probe.Incident) bool {
	return want.least > probe.NoSeverity && in.Severity >= want.least && slices.Contains(want.blames, in.Blame) &&
		(want.side == probe.NoSide || in.Side == want.side) && (want.stream == "" || slices.Contains(in.Streams, want.stream))
}

// recover waits until nothing above info is open.
func (w *faultWatch) recover() {
	for end := time.Now().Add(75 * time.Second); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		w.look()
		w.stuck = slices.DeleteFunc(w.m.incidents(), func(in probe.Incident) bool {
			return !in.Open() || in.Severity <= probe.Info
		})
		if len(w.stuck) == 0 {
			return
		}
	}
}

// problems are what was said wrongly.
func (w *faultWatch) problems() []string {
	var all []string
	if w.want.least > probe.NoSeverity && w.met == nil {
		all = append(all, "never said as it must be, but\n\t"+w.said())
	}
	for _, v := range w.verdicts {
		if strings.HasPrefix(v, string(probe.Blind)) {
			all = append(all, "the verdict was "+v)
		}
	}
	for _, in := range w.seen {
		switch {
		case restartBreaks[in.Check] != "":
		case in.Severity > w.want.most:
			all = append(all, "too loud: "+w.brief(in))
		case in.Severity > probe.Info && slices.Contains(w.want.never, in.Blame):
			all = append(all, "wrong blame: "+w.brief(in))
		}
	}
	for _, in := range w.stuck {
		all = append(all, "still open 75 s after: "+w.brief(in))
	}
	return all
}

// said is all that was said.
func (w *faultWatch) said() string {
	var all []string
	for _, in := range w.seen {
		all = append(all, w.brief(in))
	}
	return strings.Join(all, "\n\t")
}

func (w *faultWatch) brief(in probe.Incident) string {
	said := fmt.Sprintf("%.1f s after, %s %s blame %s at the %s of %s (%s; %s)", in.Opened.Sub(w.began).Seconds(),
		in.Check, in.Severity, in.Blame, in.Side, in.Streams, in.Detail, in.Because)
	for _, u := range in.Updates {
		said += fmt.Sprintf("; %.1f s later: %s", u.At.Sub(in.Opened).Seconds(), u.What)
	}
	return said
}

// row is what the table says of it: the incident that was asked for, or the worst.
func (w *faultWatch) row(right string) []string {
	main := w.met
	var also []string
	for _, in := range w.seen {
		if main == nil || w.met == nil && in.Severity > main.Severity {
			main = &in
		}
	}
	for _, in := range w.seen {
		if main != nil && in.ID != main.ID {
			also = append(also, fmt.Sprintf("%s %s %s", in.Check, in.Severity, in.Blame))
		}
	}
	slices.Sort(also)
	if main == nil {
		return []string{"-", "-", "-", "-", "-", "-", right, ""}
	}
	delay := "-"
	if w.met != nil {
		delay = fmt.Sprintf("%.1f s", w.delay.Seconds())
	}
	return []string{
		delay, string(main.Blame), main.Severity.String(), fmt.Sprint(main.Scope), main.Side.String(), main.Check, right,
		strings.Join(also, ", "),
	}
}
