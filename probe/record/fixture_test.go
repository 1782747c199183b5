package record

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

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
		u := "http://" + side.String() + ".test/" + stream + ".m3u8?token=tok3nSECRETtok3n"
		list = append(list, probe.Target{Stream: stream, Rendition: "media", Side: side, URL: u})
	}
	return list
}

// poll files a poll on each side, of a window that moves.
func (f *fixture) poll(stream string) {
	f.polls++
	f.now = f.now.Add(time.Second)
	for _, t := range targetsFor(stream) {
		o := &probe.Observation{Target: t, Exchange: probe.Exchange{
			Method: "GET", URL: fetch.Shown(t.URL), Address: probe.AddressOf(t.URL), Started: f.now,
			Done: f.now.Add(20 * time.Millisecond), Status: 200,
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
	in := probe.Incident{
		ID: id, State: state, Check: "x", Severity: probe.Error, Streams: streams, Stream: streams[0],
		Rendition: "media", Side: probe.Edge, Opened: f.now,
	}
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
