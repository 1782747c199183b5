package fleet

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// fill puts something into every field, so that one which a message leaves out is
// seen.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*checks.Check]() {
			v.Set(reflect.ValueOf(checks.All()[*n%len(checks.All())]))
			return
		}
		if v.Type() == reflect.TypeFor[*probe.Playlist]() {
			return // no message has one
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Struct:
		if v.Type() == timeType {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 28, 19, 0, *n, 123456789, time.UTC)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), n)
			}
		}
	case reflect.String:
		v.SetString("w" + string(rune('a'+*n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n) / 4)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) * 1000)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	default:
	}
}

func filled[T any]() (v T) {
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

// sickView is a view of which every field says something.
func sickView() *incident.View {
	v := filled[incident.View]()
	v.Stream, v.Vantage, v.Watcher = "main", "eu-west-1", "a1#7"
	for i := range v.Pulses {
		v.Pulses[i].Stream, v.Pulses[i].Side = "main", probe.Sides[i]
	}
	v.Sick.Name = "main"
	for i := range v.Sick.Targets {
		t := &v.Sick.Targets[i]
		t.Target.URL = ""
		for _, o := range []**probe.Observation{&t.Current, &t.Good} { // of an observation only its exchange is told
			*o = &probe.Observation{Target: t.Target, Exchange: (*o).Exchange}
		}
	}
	for i := range v.Sick.Symptoms {
		v.Sick.Symptoms[i].Target = i
	}
	return &v
}

var testHead = head{V: Protocol, Vantage: "eu-west-1", Agent: "a1"}

// A view comes out as it went in, but for what may not travel: URLs that can be
// requested, and playlists.
func TestViewsComeOutAsTheyWentIn(t *testing.T) {
	v := sickView()
	data, err := encodeView(testHead, order{7, 9}, v)
	if err != nil {
		t.Fatal(err)
	}
	got, o, err := decodeView(data)
	if err != nil {
		t.Fatal(err)
	}
	if o != (order{7, 9}) {
		t.Errorf("order %v", o)
	}
	if !reflect.DeepEqual(got, v) {
		a, _ := json.Marshal(got.Sick.Symptoms)
		b, _ := json.Marshal(v.Sick.Symptoms)
		t.Errorf("got\n%+v\n%s\nwant\n%+v\n%s", got, a, v, b)
	}
	t.Logf("a view of 2 targets and 2 symptoms: %d bytes", len(data))
}

// No message holds a URL that can be requested: those have tokens in them.
func TestNoMessageHoldsAnAddress(t *testing.T) {
	v := sickView()
	v.Sick.Targets[0].Target.URL = "https://edge.example/hunter2/a.m3u8"
	v.Sick.Targets[0].Current.Exchange.Address = probe.AddressOf("https://edge.example/hunter2/a.m3u8")
	data, err := encodeView(testHead, order{}, v)
	if err != nil || strings.Contains(string(data), "hunter2") {
		t.Errorf("%v: %s", err, data)
	}
}

func TestTimesAreByTheHubsClock(t *testing.T) {
	v := sickView()
	h := testHead
	h.Clock = -90 * time.Second
	data, err := encodeView(h, order{}, v)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := decodeView(data)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]time.Time{
		"at": {got.At, v.At}, "pulse": {got.Pulses[0].Round, v.Pulses[0].Round}, "since": {got.Sick.Symptoms[1].Since, v.Sick.Symptoms[1].Since},
		"exchange": {got.Sick.Targets[0].Current.Exchange.Started, v.Sick.Targets[0].Current.Exchange.Started},
		"evidence": {got.Sick.Symptoms[0].Evidence[0].At, v.Sick.Symptoms[0].Evidence[0].At},
	} {
		if d := pair[0].Sub(pair[1]); d != -90*time.Second {
			t.Errorf("%s moved by %s", what, d)
		}
	}
}

func TestMessagesThatAreNone(t *testing.T) {
	good, err := encodeView(testHead, order{}, sickView())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":       {"{", "cannot be read"},
		"other version": {strings.Replace(string(good), `"v":1`, `"v":2`, 1), "protocol 2, this streamwatch speaks 1"},
		"unknown check": {strings.Replace(string(good), `"check":"`, `"check":"no.`, 1), "is not known here"},
		"no target":     {strings.Replace(string(good), `"target":0`, `"target":9`, 1), "about target 9 of 2"},
		"no side":       {strings.Replace(string(good), `"side":"origin"`, `"side":""`, 1), "has no side"},
	} {
		if _, _, err := decodeView([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// FuzzDecode: whatever comes, nobody panics, and what is taken can be diagnosed.
func FuzzDecode(f *testing.F) {
	good, err := encodeView(testHead, order{1, 2}, sickView())
	if err != nil {
		f.Fatal(err)
	}
	m := reportMessage{head: testHead, ID: "a-1", At: time.Unix(9, 0), Rows: rows(someSamples()), Looks: []streamLook{{Stream: "main"}}}
	report, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{good, report, []byte("{}"), []byte(`{"v":1}`), []byte(`{"v":1,"sick":true,"targets":[{"polls":1}]}`)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, _, err := decodeView(data); err == nil {
			desk := incident.NewDesk(incident.Options{Event: "e"}, v.At)
			desk.Report(v)
			desk.Tick(v.At.Add(time.Hour))
		}
		if r, err := decodeReport(data); err == nil {
			r.samples()
			for i := range r.Looks {
				_, _ = r.view(&r.Looks[i])
			}
		}
	})
}

func someSamples() []probe.Sample {
	at := time.Date(2026, 11, 28, 19, 0, 0, 5000, time.UTC)
	return []probe.Sample{
		{Metric: probe.ManifestAge, Stream: "main", Rendition: "720p", Side: probe.Edge, Value: 1.25, At: at},
		{Metric: probe.MediaSequence, Stream: "main", Rendition: "720p", Side: probe.Edge, Value: 1204, At: at},
		{Metric: probe.ManifestFetch, Stream: "main", Side: probe.Origin, Value: 0.012, At: at.Add(time.Second)},
		{Metric: probe.OpenIncidents, Stream: "main", Value: 3, At: at}, // the hub's own
	}
}

func TestReportsComeOutAsTheyWentIn(t *testing.T) {
	samples := someSamples()
	m := reportMessage{
		head: testHead, ID: "a-1", At: samples[0].At, Rows: rows(samples), Dropped: 7,
		Control: &controlMessage{true, samples[0].At, time.Millisecond}, Busy: &busyMessage{samples[0].At, samples[0].At.Add(time.Second)},
	}
	data, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeReport(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, &m) {
		t.Errorf("got %+v, want %+v", got, m)
	}
	for i := range samples {
		samples[i].Vantage = "eu-west-1"
	}
	have := map[probe.Sample]bool{}
	for _, s := range got.samples() {
		have[s] = true
	}
	for i, s := range samples {
		if have[s] != (i < 3) {
			t.Errorf("sample %+v: %v", s, have[s])
		}
	}
}

// What is told to an agent's monitor is all that is told to one in run. A new
// option must be told, or be named here as one process's own.
func TestSetupTellsEverything(t *testing.T) {
	own := map[string]bool{
		"Secrets": true, "Transport": true, "Resume": true, "Sinks": true, "Feeds": true, "Observe": true, "Log": true, "Delay": true,
		"Desk": true, "Remote": true, "Actions": true, "Journal": true, "Maintenance": true, "EdgeSign": true, // its options are told: TestSetupSigns
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
	got, err := readSetup(data)
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
		{30 * time.Millisecond, 0, true}, {-40 * time.Millisecond, 0, false}, {3 * time.Second, 3 * time.Second, true},
		{3*time.Second + 50*time.Millisecond, 3 * time.Second, false}, {5 * time.Second, 5 * time.Second, true},
	} {
		if changed := c.set(step.measured); changed != step.changed || c.get() != step.want {
			t.Errorf("measured %s: %v, %s; want %v, %s", step.measured, changed, c.get(), step.changed, step.want)
		}
	}
}

func TestReconcile(t *testing.T) {
	open := func(id string) probe.Incident { return probe.Incident{ID: id, State: probe.Opened} }
	closed := probe.Incident{ID: "closed", State: probe.Closed}
	lacks, now := Reconcile([]probe.Incident{open("both"), open("theirs"), closed}, []probe.Incident{open("both"), open("closed"), open("before")})
	ids := func(list []probe.Incident) (s string) {
		for _, in := range list {
			s += in.ID + " "
		}
		return s
	}
	if ids(lacks) != "theirs closed " || ids(now) != "both theirs before " {
		t.Errorf("lacks %s, open %s", ids(lacks), ids(now))
	}
}

var _ = []any{diagnose.Pulse{}, evidence.State{}}
