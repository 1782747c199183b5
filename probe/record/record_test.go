package record

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/playlist"
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

	text := encode(&Line{Look: lookOf(&want, func(p *probe.Playlist) string { return p.Text })})
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
		for i := range v.NumField() {
			populate(v.Field(i), n)
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

// What is in a fixture: one stream, polled on both sides every second.
type fixture struct {
	t      testing.TB
	folder string
	rec    *Recorder
	now    time.Time
	polls  int
}

func newFixture(t testing.TB, o Options) *fixture {
	t.Helper()
	f := &fixture{t: t, now: time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)}
	if o.Folder == "" {
		o.Folder = filepath.Join(t.TempDir(), "recordings")
	}
	f.folder = o.Folder
	if len(o.Streams) == 0 {
		o.Streams = []string{"main"}
	}
	var err error
	if f.rec, err = New(o); err != nil {
		t.Fatal(err)
	}
	for _, stream := range o.Streams {
		f.rec.Targets(stream, targetsFor(stream))
	}
	return f
}

func targetsFor(stream string) []probe.Target {
	var list []probe.Target
	for _, side := range probe.Sides {
		list = append(list, probe.Target{Stream: stream, Rendition: "media", Side: side, URL: "http://" + side.String() + ".test/" + stream + ".m3u8?token=tok3nSECRETtok3n"})
	}
	return list
}

// poll files a poll on each side, of a window that moves.
func (f *fixture) poll(stream string) {
	f.polls++
	f.now = f.now.Add(time.Second)
	for _, t := range targetsFor(stream) {
		o := &probe.Observation{Target: t, Exchange: probe.Exchange{
			Method: "GET", URL: fetch.Shown(t.URL), Address: probe.AddressOf(t.URL), Started: f.now, Done: f.now.Add(20 * time.Millisecond), Status: 200,
			ContentType: "application/vnd.apple.mpegurl", ETag: fmt.Sprintf(`"%d"`, f.polls), Proto: "HTTP/2.0",
		}}
		text := window(f.polls)
		o.Playlist, o.Hash = playlist.Decode(text, playlist.Inputs{Address: o.Exchange.Address}), playlist.Hash(text)
		f.rec.Look(o)
	}
}

func window(from int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:%d\n", from)
	for i := range 6 {
		fmt.Fprintf(&b, "#EXTINF:2.000,\nseg%d.ts?token=tok3nSECRETtok3n\n", from+i)
	}
	return b.Bytes()
}

func (f *fixture) tell(id string, state probe.IncidentState, streams ...string) {
	f.t.Helper()
	in := probe.Incident{ID: id, State: state, Check: "x", Severity: probe.Error, Streams: streams, Stream: streams[0], Rendition: "media", Side: probe.Edge, Opened: f.now}
	if state == probe.Closed {
		in.Closed = new(f.now)
	}
	if err := f.rec.Write(f.t.Context(), probe.Batch{At: f.now, Incidents: []probe.Incident{in}}); err != nil {
		f.t.Fatal(err)
	}
}

// read returns what a recording holds, decompressed.
func (f *fixture) read(id string) string {
	f.t.Helper()
	file, err := f.rec.Open(id)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	zip, err := gzip.NewReader(file)
	if err != nil {
		f.t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

func (f *fixture) replay(id string) *Replayed {
	f.t.Helper()
	file, err := f.rec.Open(id)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	out, err := Replay(file, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return out
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
	f.rec.Control(true, f.now)
	f.tell("one", probe.Closed, "main")
	f.poll("main")
	out := f.replay("one")
	if out.Looks != 30 || len(out.Missing) != 0 || out.Cut || len(out.Recorded) != 1 || out.Recorded[0].State != probe.Closed {
		t.Errorf("%d looks, missing %v, cut %v, recorded %v", out.Looks, out.Missing, out.Cut, out.Recorded)
	}
	if text := f.read("one"); !strings.HasSuffix(text, `"end":{"why":"closed"}}`+"\n") || !strings.Contains(text, `"control":{"ok":true`) {
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
	if out := next.replay("one"); out.Looks != 14 || out.Cut || len(out.Recorded) != 1 || out.Recorded[0].State != probe.Closed {
		t.Errorf("%d looks after a restart, cut %v, recorded %v; want those 10 and 4 more", out.Looks, out.Cut, out.Recorded)
	}
}

// Of an incident that is too long the beginning and the end are kept, within the
// bound, and the file says what is missing.
func TestLongIncident(t *testing.T) {
	const limit = 16 << 10
	f := newFixture(t, Options{Limits: Limits{Incident: limit}})
	f.tell("one", probe.Opened, "main")
	for range 3000 {
		if f.poll("main"); f.polls%10 == 0 {
			f.rec.flush()
		}
	}
	killed := t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(f.folder)); err != nil {
		t.Fatal(err)
	}
	f.tell("one", probe.Closed, "main")
	entries, err := os.ReadDir(f.folder)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v: want one file", entries, err)
	}
	if info, _ := entries[0].Info(); info.Size() > limit*5/4 || info.Size() < limit/2 {
		t.Errorf("the file has %d bytes, of at most about %d", info.Size(), limit)
	}
	out := f.replay("one")
	if len(out.Missing) != 1 || out.Missing[0].Lines+out.Looks < 6000 || !out.Until.Equal(f.now.Add(20*time.Millisecond)) {
		t.Errorf("%d looks until %s, missing %+v", out.Looks, out.Until, out.Missing)
	}
	if first := f.now.Add(-2999 * time.Second); out.From.After(first.Add(time.Second)) {
		t.Errorf("it begins at %s, want %s", out.From, first)
	}

	next := newFixture(t, Options{Folder: killed}) // puts the parts together
	if entries, _ := os.ReadDir(killed); len(entries) != 1 {
		t.Errorf("%v are left of a kill", entries)
	}
	if out := next.replay("one"); !out.Cut || len(out.Missing) != 1 || out.Looks < 200 {
		t.Errorf("after a kill: %d looks, missing %+v, cut %v", out.Looks, out.Missing, out.Cut)
	}
}

// The ring is bounded, and begins with what a replay needs.
func TestRingIsBounded(t *testing.T) {
	f := newFixture(t, Options{})
	for range 1500 {
		f.poll("main")
	}
	r := f.rec.ring("main")
	if most := r.most() + blockLeast; r.size > most || r.open.Cap() > 2*blockLeast {
		t.Errorf("%d bytes in blocks of at most %d, and an open one of %d", r.size, most, r.open.Cap())
	}
	f.tell("one", probe.Opened, "main")
	f.tell("one", probe.Closed, "main")
	if out := f.replay("one"); out.Looks < 100 || out.Until.Sub(out.From) < time.Minute {
		t.Errorf("%d looks over %s", out.Looks, out.Until.Sub(out.From))
	}
}

// The oldest recordings go when there are too many, when they are too large
// together, and when they are too old; the one under way stays.
func TestRetention(t *testing.T) {
	f := newFixture(t, Options{Limits: Limits{Count: 3, Keep: 1 << 20, Age: time.Hour}})
	names := func() (list []string) {
		entries, err := os.ReadDir(f.folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, strings.TrimSuffix(e.Name(), Extension))
		}
		return list
	}
	put := func(name string, size int, age time.Duration) {
		path := filepath.Join(f.folder, name+Extension)
		at := time.Now().Add(-age)
		if os.WriteFile(path, make([]byte, size), 0o600) != nil || os.Chtimes(path, at, at) != nil {
			t.Fatal("cannot write")
		}
	}
	put("aged", 1, 2*time.Hour)
	put("b", 1, 4*time.Minute)
	put("c", 1, 3*time.Minute)
	put("d", 1, 2*time.Minute)
	f.tell("e", probe.Opened, "main")
	f.tell("e", probe.Closed, "main")
	if got := fmt.Sprint(names()); got != "[c d e]" {
		t.Errorf("kept %s, want the newest three", got)
	}
	put("large", 1<<20, time.Minute)
	f.rec.prune()
	if got := fmt.Sprint(names()); got != "[e]" {
		t.Errorf("kept %s, want what fits", got)
	}
}

// Nothing that is secret is in a file, and what differs by a secret alone still
// differs.
func TestNoSecretIsRecorded(t *testing.T) {
	secrets := new(fetch.Secrets)
	secrets.AddHeader("Bearer hEaDeRsEcReT0123456789")
	f := newFixture(t, Options{Secrets: secrets})
	text := `#EXTM3U
#EXT-X-TARGETDURATION:2
# session=MARKc0mm3nt8f7a6b5c4d3e2f1a0
#EXT-X-DEFINE:NAME="auth",VALUE="MARKdefine8f7a6b5c4d3e2f1a0"
#EXT-X-DEFINE:VALUE="MARKreverse8f7a6b5c4d3",NAME="token"
#EXT-X-SESSION-DATA:DATA-ID="com.example.token",VALUE="MARKdata8f7a6b5c4d3e2f1a0"
#EXT-X-KEY:METHOD=AES-128,URI="data:text/plain;base64,TUFSS2tleWtleWtleWtleQ=="
#EXT-X-MAP:URI="init.mp4?Policy=MARKmap8f7a6b5c4d3e2f1a0"
#EXT-X-DATERANGE:ID="ad",START-DATE="2026-11-28T19:00:00Z",X-ASSET-LIST="https://ads.example/?s=MARKasset8f7a6b5c4d3",X-TOKEN="MARKx8f7a6b5c4d3e2f1a0"
#EXTINF:2.000,see https://user:MARKpass8f7a@cdn.example/x?sig=MARKtitle8f7a6b5c4d3
hdntl=exp=1~hmac=MARKpath8f7a6b5c4d3/seg1.ts
#EXTINF:2.000,
seg2.ts?token=MARKone8f7a6b5c4d3e2f1a0
#EXTINF:2.000,
seg2.ts?token=MARKtwo8f7a6b5c4d3e2f1a0
#EXTINF:2.000,
hEaDeRsEcReT0123456789/seg3.ts?auth={$auth}
`
	at := targetsFor("main")[0]
	at.URL = "http://user:MARKuser8f7a@origin.test/m.m3u8?token=MARKentry8f7a6b5c4d3"
	f.rec.Targets("main", []probe.Target{at})
	f.rec.Look(&probe.Observation{
		Target: at, Playlist: playlist.Decode([]byte(text), playlist.Inputs{}), Hash: 1,
		Exchange: probe.Exchange{Address: probe.AddressOf(at.URL), URL: fetch.Shown(at.URL), Status: 200, Started: f.now, Done: f.now, Via: "echo hEaDeRsEcReT0123456789"},
	})
	f.rec.Look(&probe.Observation{
		Target:   at,
		Segment:  &probe.SegmentProbe{URI: "seg2.ts?token=MARKone8f7a6b5c4d3e2f1a0", Problems: []probe.Problem{{Check: "c", Detail: "hEaDeRsEcReT0123456789"}}},
		Exchange: probe.Exchange{Address: probe.AddressOf("http://o/seg2.ts?token=MARKone8f7a6b5c4d3e2f1a0"), Status: 200, Started: f.now, Done: f.now},
	})
	foreign := playlist.Decode([]byte("<html>MARKforeign"), playlist.Inputs{})
	f.rec.Look(&probe.Observation{Target: at, Playlist: foreign, Exchange: probe.Exchange{Foreign: true, Status: 200, Started: f.now, Done: f.now}})
	f.tell("one", probe.Opened, "main")
	f.tell("one", probe.Closed, "main")

	got := f.read("one")
	for _, marker := range []string{"MARK", "TUFSS2", "hEaDeRsEcReT0123456789", "user:"} {
		if i := strings.Index(got, marker); i >= 0 {
			t.Errorf("%q is recorded: …%s…", marker, got[max(0, i-80):min(len(got), i+80)])
		}
	}
	var shown Body
	for line := range strings.Lines(got) {
		var l Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Body != nil && strings.Contains(l.Body.Text, "EXTM3U") {
			shown = *l.Body
		}
	}
	p := playlist.Decode([]byte(shown.Text), playlist.Inputs{})
	if len(p.Segments) != 4 || p.Segments[1].URI == p.Segments[2].URI {
		t.Fatalf("the playlist became\n%s", shown.Text)
	}
	if !strings.Contains(got, `"uri":"`+p.Segments[1].URI+`"`) {
		t.Errorf("the probe of %s has another address", p.Segments[1].URI)
	}
	if p.Segments[3].URI == "" || strings.Contains(p.Segments[3].URI, "{$") {
		t.Errorf("a variable became %q", p.Segments[3].URI)
	}
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
	file, err := newReel(filePath(f.folder, "one"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	one, err := newTape("one", f.rec.masker, file, &Header{Format: Format, Version: Version, ID: "one", Streams: []string{"a"}}, f.now)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		f.rec.ring(name).attach(one)
		if err := one.flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.close(); err != nil {
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
