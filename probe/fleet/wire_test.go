package fleet

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/incident"
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
	for _, t := range v.Sick.Targets {
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
	data, err := encodeView(testHead, order{7, 9}, v, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, o, _, err := decodeView(data)
	if err != nil {
		t.Fatal(err)
	}
	if o != (order{7, 9}) {
		t.Errorf("order %v", o)
	}
	if !reflect.DeepEqual(got, v) {
		t.Errorf("got\n%+v\nwant\n%+v", got, v)
	}
	t.Logf("a view of 2 targets and 2 symptoms: %d bytes", len(data))
}

// No message holds a URL that can be requested: those have tokens in them.
func TestNoMessageHoldsAnAddress(t *testing.T) {
	v := sickView()
	v.Sick.Targets[0].Target.URL = "https://edge.example/hunter2/a.m3u8"
	v.Sick.Targets[0].Current.Exchange.Address = probe.AddressOf("https://edge.example/hunter2/a.m3u8")
	data, err := encodeView(testHead, order{}, v, nil)
	if err != nil || strings.Contains(string(data), "hunter2") {
		t.Errorf("%v: %s", err, data)
	}
}

func TestTimesAreByTheHubsClock(t *testing.T) {
	v := sickView()
	h := testHead
	h.Clock = -90 * time.Second
	data, err := encodeView(h, order{}, v, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, _, _, err := decodeView(data)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]time.Time{
		"at": {got.At, v.At}, "pulse": {got.Pulses[0].Round, v.Pulses[0].Round},
		"since":    {got.Sick.Symptoms[1].Since, v.Sick.Symptoms[1].Since},
		"exchange": {got.Sick.Targets[0].Current.Exchange.Started, v.Sick.Targets[0].Current.Exchange.Started},
		"evidence": {got.Sick.Symptoms[0].Evidence[0].At, v.Sick.Symptoms[0].Evidence[0].At},
	} {
		if d := pair[0].Sub(pair[1]); d != -90*time.Second {
			t.Errorf("%s moved by %s", what, d)
		}
	}
}

func TestMessagesThatAreNone(t *testing.T) {
	good, err := encodeView(testHead, order{}, sickView(), nil)
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
		if _, _, _, err := decodeView([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// FuzzDecode: whatever comes, nobody panics, and what is taken can be diagnosed.
func FuzzDecode(f *testing.F) {
	good, err := encodeView(testHead, order{1, 2}, sickView(), nil)
	if err != nil {
		f.Fatal(err)
	}
	m := reportMessage{
		head:  testHead,
		ID:    "a-1",
		At:    time.Unix(9, 0),
		Rows:  rows(someSamples()),
		Looks: []streamLook{{Stream: "main"}},
	}
	report, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{
		good, report, []byte("{}"), []byte(`{"v":1}`), []byte(`{"v":1,"sick":true,"targets":[{"polls":1}]}`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		if v, _, _, err := decodeView(data); err == nil {
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
		Control: &controlMessage{
			true,
			samples[0].At,
			time.Millisecond,
		}, Busy: &busyMessage{samples[0].At, samples[0].At.Add(time.Second)},
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

var _ = []any{diagnose.Pulse{}, evidence.State{}}
