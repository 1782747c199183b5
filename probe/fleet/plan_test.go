package fleet

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// What is told to an agent's monitor is all that is told to one in run. A new
// option must be told, or be named here as one process's own.
func TestSetupTellsEverything(t *testing.T) {
	own := map[string]bool{
		"Secrets": true, "Transport": true, "Resume": true, "Sinks": true, "Feeds": true, "Observe": true, "Log": true,
		"Delay": true, "Desk": true, "Remote": true, "Actions": true, "Journal": true, "Maintenance": true, "Record": true,
		"EdgeSign": true, // its options are told: TestSetupSigns
	}
	o := monitor.Options{}
	v := reflect.ValueOf(&o).Elem()
	n := 0
	for i := range v.NumField() {
		if !own[v.Type().Field(i).Name] {
			fill(v.Field(i), &n)
		}
	}
	o.Grace = time.Hour
	data, err := Setup(&o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readSetup(data, new(fetch.Secrets))
	if err != nil {
		t.Fatal(err)
	}
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		a, b := reflect.ValueOf(got).Field(i).Interface(), v.Field(i).Interface()
		if name == "Grace" {
			if got.Grace < time.Minute || got.Grace > time.Hour {
				t.Errorf("grace %s", got.Grace)
			}
		} else if !own[name] && !reflect.DeepEqual(a, b) {
			t.Errorf("%s: %v, want %v", name, a, b)
		}
	}
	if text := got.Secrets.Mask("x " + o.Streams[0].Headers["w"] + " y"); text == "" {
		t.Error("nothing is masked")
	}
}

// What a stream sets of the checks goes beside what the event sets: an agent that
// does not know it goes by the latter, and an event without any is told as before.
func TestSetupTellsChecksOfStreams(t *testing.T) {
	o := monitor.Options{
		Event: "e", Overrides: map[string]checks.Override{"upd.stale": {After: 4}},
		Streams: []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}, {Name: "second", Manifest: "/s.m3u8"}},
	}
	plain, err := Setup(&o)
	if err != nil || strings.Contains(string(plain), "stream_overrides") || strings.Contains(string(plain), "Checks") {
		t.Errorf("%s, %v", plain, err)
	}
	own := map[string]checks.Override{"upd.stale": {Severity: probe.Warning}, "gap": {Off: true}}
	o.Streams[1].Checks = own
	text, err := Setup(&o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readSetup(text, new(fetch.Secrets))
	if err != nil || len(got.Streams[0].Checks) > 0 || !maps.Equal(got.Streams[1].Checks, own) ||
		!maps.Equal(got.Overrides, o.Overrides) {
		t.Errorf("%+v, over %+v, %v", got.Streams, got.Overrides, err)
	}
}

func TestDealing(t *testing.T) {
	members := []string{"a", "b", "c", "d"}
	count := map[string]int{}
	moved := 0
	for n := range 64 {
		was := owner(n, members)
		count[was]++
		if now := owner(n, members[:3]); was != "d" && now != was {
			moved++
		}
	}
	if moved > 0 {
		t.Errorf("%d shards moved that were not those of the member that went", moved)
	}
	for _, m := range members {
		if count[m] < 6 || count[m] > 30 {
			t.Errorf("%s is dealt %d of 64 shards", m, count[m])
		}
	}
	if owner(3, nil) != "" || owner(3, []string{"x", "x"}) != "x" {
		t.Error("nobody, or one alone")
	}
	shards := map[int]int{}
	for range 6400 {
		shards[shardOf(string(rune(rand.IntN(1<<20)+256)), 64)]++
	}
	if len(shards) != 64 {
		t.Errorf("streams are in %d of 64 shards", len(shards))
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	a := &Plan{Parts: map[string]string{"ends": "1", "streams.main": "2", "origin.url": "3"}}
	b := &Plan{Parts: map[string]string{"ends": "1", "streams.main": "9", "streams.more": "4"}}
	if got := strings.Join(a.Differences(b), " "); got != "origin.url streams.main streams.more" {
		t.Error(got)
	}
}

func TestAClockThatWaversIsKept(t *testing.T) {
	var c clock
	for _, step := range []struct {
		measured, want time.Duration
		changed        bool
	}{
		{30 * time.Millisecond, 0, true},
		{-40 * time.Millisecond, 0, false},
		{3 * time.Second, 3 * time.Second, true},
		{3*time.Second + 50*time.Millisecond, 3 * time.Second, false},
		{5 * time.Second, 5 * time.Second, true},
	} {
		if changed := c.set(step.measured); changed != step.changed || c.get() != step.want {
			t.Errorf("measured %s: %v, %s; want %v, %s", step.measured, changed, c.get(), step.changed, step.want)
		}
	}
}

// A hub that takes the lead has in its own history what other hubs saw open and
// close meanwhile: its API and its report are the event's.
func TestReconcile(t *testing.T) {
	open := func(id string) probe.Incident { return probe.Incident{ID: id, State: probe.Opened} }
	closed := func(id string) probe.Incident { return probe.Incident{ID: id, State: probe.Closed} }
	lacks, now := Reconcile(
		[]probe.Incident{open("both"), open("theirs"), closed("closed"), closed("missed"), closed("known")},
		[]probe.Incident{open("both"), open("closed"), open("before"), closed("known"), closed("old")},
	)
	ids := func(list []probe.Incident) (s string) {
		for _, in := range list {
			s += in.ID + " "
		}
		return s
	}
	if ids(lacks) != "theirs closed missed " || ids(now) != "both theirs before " {
		t.Errorf("lacks %s, open %s", ids(lacks), ids(now))
	}
}
