package record

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Every field of an observation comes back out of a line.
func TestLookRoundTrip(t *testing.T) {
	var want probe.Observation
	n := 0
	populate(reflect.ValueOf(&want).Elem(), &n)
	want.Target = probe.Target{Stream: "main", Rendition: "720p", Side: probe.Edge}
	want.Exchange.Address, want.Moved.Last.Address = probe.AddressOf("http://a/?t=1"), probe.AddressOf("http://b/")
	pl := map[string]*probe.Playlist{"x": {Text: "x"}, "known": {Text: "known"}, "brought": {Text: "brought"}}
	want.Playlist, want.LowLatency.Known, want.LowLatency.Playlist = pl["x"], pl["known"], pl["brought"]

	text := encode(&Line{Look: lookOf(&want, new(room), func(p *probe.Playlist) string { return p.Text })})
	var l Line
	if err := json.Unmarshal(text, &l); err != nil {
		t.Fatal(err)
	}
	got, err := l.Look.observation(want.Target, func(id string) (*probe.Playlist, error) { return pl[id], nil })
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", *got, want)
	}
}

// populate gives every field a value of its own.
func populate(v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1e9, int64(*n)).UTC()))
		return
	case probe.Address, *probe.Playlist:
		return
	case probe.Severity:
		v.Set(reflect.ValueOf(probe.Warning))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			populate(field, n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		populate(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		populate(v.Index(0), n)
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(probe.Edge))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	default:
		panic("a kind that observations had not: " + v.Kind().String())
	}
}

// A recording begins before the incident did, ends with it, and is for its owner
// alone.
func TestRecordingOfAnIncident(t *testing.T) {
	f := newFixture(t, Options{})
	for range 10 {
		f.poll("main")
	}
	f.tell("one", probe.Opened, "main")
	for range 5 {
		f.poll("main")
	}
	f.rec.Control(true, f.now, time.Second)
	f.tell("one", probe.Closed, "main")
	f.poll("main")
	out := f.replay("one")
	if out.Looks != 30 || len(out.Missing) != 0 || out.Cut || !toldClosed(out) {
		t.Errorf("%d looks, missing %v, cut %v, recorded %v", out.Looks, out.Missing, out.Cut, out.Recorded)
	}
	text := f.read("one")
	if !strings.HasSuffix(text, `"end":{"why":"closed"}}`+"\n") || !strings.Contains(text, `"control":{"ok":true`) {
		t.Errorf("it ends with %q", text[len(text)-200:])
	}
	info, err := os.Stat(filepath.Join(f.folder, "one"+Extension))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	f.rec.mu.Lock()
	defer f.rec.mu.Unlock()
	if len(f.rec.rings["main"].tapes) != 0 {
		t.Error("the ring still feeds a recording that is over")
	}
}

// What a killed process leaves can be read up to its last second, and the next
// process neither loses it nor writes into it.
func TestKilledWhileRecording(t *testing.T) {
	f := newFixture(t, Options{})
	f.tell("one", probe.Opened, "main")
	for range 5 {
		f.poll("main")
	}
	f.rec.flush()
	f.poll("main") // not flushed: lost
	if out := f.replay("one"); out.Looks != 10 || !out.Cut {
		t.Errorf("%d looks, cut %v, want 10 of a file that is cut off", out.Looks, out.Cut)
	}
	next := newFixture(t, Options{Folder: f.folder, Open: []probe.Incident{
		{ID: "one", State: probe.Opened, Check: "x", Severity: probe.Error, Streams: []string{"main"}, Stream: "main"},
	}})
	next.poll("main")
	next.tell("one", probe.Updated, "main")
	next.poll("main")
	next.tell("one", probe.Closed, "main")
	if out := next.replay("one"); out.Looks != 14 || out.Cut || !toldClosed(out) {
		t.Errorf("%d looks after a restart, cut %v, %v; want those 10 and 4 more", out.Looks, out.Cut, out.Recorded)
	}
}

// toldClosed reports whether a recording has one incident, and that it was told of
// as closed.
func toldClosed(out *Replayed) bool {
	return len(out.Recorded) == 1 && out.Recorded[0].State == probe.Closed
}

// Streams that an incident hits later are recorded too, from before.
func TestStreamsThatAreHitLater(t *testing.T) {
	names := make([]string, 50)
	for i := range names {
		names[i] = fmt.Sprintf("s%02d", i)
	}
	hit := append(slices.Clone(names[:28]), "s40", "s41", "s42")
	f := newFixture(t, Options{Streams: names})
	for range 3 {
		for _, name := range names {
			f.poll(name)
		}
	}
	f.tell("one", probe.Opened, hit[:20]...)
	f.tell("one", probe.Updated, hit...)
	f.tell("one", probe.Closed, hit...)
	out := f.replay("one")
	if n := len(out.Header.Streams); n != 32 || out.Header.Others != 18 {
		t.Errorf("recorded %d streams and %d not", n, out.Header.Others)
	}
	f.tell("two", probe.Opened, "s45")
	f.tell("two", probe.Updated, "s45", "s46")
	f.tell("two", probe.Closed, "s45", "s46")
	out = f.replay("two")
	if got := out.Header.Streams; got[0] != "s45" || len(got) != 32 {
		t.Errorf("recorded %v", got)
	}
	for i := range 10 {
		f.tell(fmt.Sprint("i", i), probe.Opened, "s45")
	}
	f.tell("i9", probe.Updated, "s45", "s46")
	if got := f.rec.tape("i9").streams; len(got) != fewStreams {
		t.Errorf("%v while many are under way", got)
	}
}

// A stream that is hit while its event is recorded in part comes with its past.
func TestStreamsThatAreHitLaterHaveAPast(t *testing.T) {
	f := newFixture(t, Options{Streams: []string{"a", "b"}})
	for range 3 {
		f.poll("a")
		f.poll("b")
	}
	h := &Header{Format: Format, Version: Version, ID: "one", Streams: []string{"a"}}
	one := newTape("one", f.rec.masker, filePath(f.folder, "one"), 1<<20, h, f.now)
	for _, name := range []string{"a", "b"} {
		f.rec.ring(name).attach(one)
		if err := one.flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.reel.close(); err != nil {
		t.Fatal(err)
	}
	if out := f.replay("one"); out.Looks != 12 {
		t.Errorf("%d looks, want those of both", out.Looks)
	}
}

// No more than a number of incidents are recorded at once.
func TestTooManyIncidents(t *testing.T) {
	f := newFixture(t, Options{})
	for i := range mostTapes + 3 {
		f.tell(fmt.Sprint("i", i), probe.Opened, "main")
	}
	if !f.rec.Has("i23") || f.rec.Has("i24") {
		t.Error("want 24 recordings")
	}
	for i := range mostTapes + 3 {
		f.tell(fmt.Sprint("i", i), probe.Closed, "main")
	}
	if len(f.rec.tapes) != 0 {
		t.Errorf("%d recordings are still under way", len(f.rec.tapes))
	}
}
