package record

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// fail files a poll on each side that is answered with 503, a second later.
func (f *fixture) fail(streams ...string) {
	time.Sleep(time.Second)
	f.now = time.Now()
	for _, stream := range streams {
		for _, t := range targetsFor(stream) {
			f.rec.Look(&probe.Observation{Target: t, Exchange: probe.Exchange{
				Method: "GET", URL: fetch.Shown(t.URL), Address: probe.AddressOf(t.URL), Started: f.now,
				Done: f.now.Add(20 * time.Millisecond), Status: 503, Proto: "HTTP/2.0",
			}})
		}
	}
}

func only(stream, check string, o checks.Override) checks.Overrides {
	return checks.Overrides{Streams: map[string]map[string]checks.Override{stream: {check: o}}}
}

// A recording knows what each stream sets of the checks, and when that changed. A
// replay may set it otherwise.
func TestChecksOfStreamsAreRecorded(t *testing.T) {
	both := []string{"main", "second"}
	off := only("second", "http.status", checks.Override{Off: true})
	on := map[string]checks.Override{"http.status": {Severity: probe.Error}}
	for name, c := range map[string]struct {
		first, then checks.Overrides
		change      Change
		want        []string // streams that are hit
	}{
		"none":                  {want: both},
		"off from the start":    {first: off, then: off, want: both[:1]},
		"off for all at first":  {first: checks.Overrides{Event: off.Streams["second"]}, want: both},
		"off, and then not":     {first: off, want: both},
		"off over a replay":     {change: Overriding(&off, nil), want: both[:1]},
		"written over a stream": {first: off, then: off, change: Overriding(nil, on), want: both},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, Options{Streams: both, Checks: c.first})
			f.now = time.Now()
			f.tell("one", probe.Opened, both...)
			for range 6 {
				f.fail("main")
			}
			f.rec.Override(c.then)
			for range 6 {
				f.fail(both...)
			}
			f.tell("one", probe.Closed, both...)
			file, err := f.rec.Open("one")
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			out, err := Replay(file, c.change)
			if err != nil {
				t.Fatal(err)
			}
			hit := map[string]bool{}
			for i := range out.Incidents {
				for _, s := range out.Incidents[i].Streams {
					hit[s] = true
				}
			}
			if got := slices.Sorted(maps.Keys(hit)); !slices.Equal(got, c.want) {
				t.Errorf("%s: hit %v, want %v", name, got, c.want)
			}
		})
	}
}

// Settings are written where they change, and again at the beginning of each part:
// the one that they stand in may be dropped.
func TestSettingsOfEachPart(t *testing.T) {
	off := only("main", "gap", checks.Override{Off: true})
	f := newFixture(t, Options{Limits: Limits{Incident: 6000}})
	f.tell("one", probe.Opened, "main")
	f.poll("main")
	f.rec.Override(off)
	f.rec.Override(off)
	for range 300 {
		f.poll("main")
		f.rec.flush()
	}
	f.tell("one", probe.Closed, "main")
	text := f.read("one")
	parts := strings.Count(text, `"part":{"number":`)
	const line = `"settings":{"stream_checks":{"main":{"gap":{"off":true}}}}`
	if n := strings.Count(text, line); parts < 2 || n < 2 || n > parts+1 {
		t.Errorf("%d parts, %d times the settings", parts, n)
	}
	if last := strings.LastIndex(text, `"part":{"number":`); !strings.Contains(text[last-4000:], line) {
		t.Error("the last part has no settings")
	}
}
