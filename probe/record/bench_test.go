package record

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/playlist"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// looks are what polls of three renditions on two sides bring in six seconds,
// with the probes of their segments, headers as CloudFront sends them.
func looks(stream string, round int, at time.Time) (list []*probe.Observation) {
	text := window(round / 2)
	for _, rendition := range []string{"1080p", "720p", "360p"} {
		for _, side := range probe.Sides {
			u := "https://d111111abcdef8.cloudfront.net/live/" + stream + "/" + rendition + "/playlist.m3u8"
			ex := probe.Exchange{
				Method: "GET", URL: probe.ShownURL(u), Address: probe.AddressOf(u), Started: at,
				Done: at.Add(21378 * time.Microsecond), FirstByte: 20134 * time.Microsecond,
				Reused: true, Status: 200, Bytes: int64(len(text)),
				ContentLength: probe.State(int64(len(text))), Proto: "HTTP/2.0",
				RequestHeaders: []string{"User-Agent: streamwatch", "Accept-Encoding: gzip"},
				ContentType:    "application/vnd.apple.mpegurl", CacheControl: "max-age=1",
				ETag: fmt.Sprintf(`"%016x"`, round*7919), LastModified: at.Truncate(time.Second),
				Date: at.Truncate(time.Second),
				Age:  probe.State(time.Second), XCache: "Hit from cloudfront",
				CacheLine: "X-Cache: Hit from cloudfront", CacheWord: "hit",
				Via: "1.1 f5t5u7hm65jikpyuxxj3o5vsmu.cloudfront.net (CloudFront)", Pop: "FRA56-P4",
				RequestID:   fmt.Sprintf("%016x%016xAbCdEf==", uint64(at.UnixNano())*2654435761, round),
				AllowOrigin: "*",
			}
			t := probe.Target{Stream: stream, Rendition: rendition, Side: side, URL: u}
			poll := &probe.Observation{Target: t, Exchange: ex, Hash: playlist.Hash(text), Unchanged: round%2 == 1}
			if round%2 == 0 {
				poll.Playlist = playlist.Decode(text, playlist.Inputs{Address: ex.Address})
			} else {
				poll.Playlist = newest[t]
			}
			newest[t] = poll.Playlist
			list = append(list, poll)
			if round%2 == 0 {
				seg := ex
				seg.URL = fetch.Shown(strings.Replace(u, "playlist.m3u8", fmt.Sprintf("seg%d.ts", round), 1))
				list = append(list, &probe.Observation{Target: t, Exchange: seg, Segment: &probe.SegmentProbe{
					MSN: uint64(round), URI: fmt.Sprintf("seg%d.ts", round), Newest: true, Listed: at,
					Duration: 6 * time.Second, Container: probe.ContainerTS,
					Hash: uint64(round) * 0x9E3779B97F4A7C15, HashBytes: 16384,
					Start: probe.State(time.Duration(round) * 3 * time.Second), Keyframe: probe.State(true),
				}})
			}
		}
	}
	return list
}

var newest = map[probe.Target]*probe.Playlist{}

// BenchmarkLook is what it costs to remember one observation, and how much memory
// the ring of a stream takes for each of its playlists once it is full.
func BenchmarkLook(b *testing.B) {
	rec, err := New(Options{Folder: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	var rounds [][]*probe.Observation
	for i := range 400 {
		rounds = append(rounds, looks("main", i, at.Add(time.Duration(i)*3*time.Second)))
	}
	var targets []probe.Target
	for _, o := range rounds[0] {
		if o.Poll() {
			targets = append(targets, o.Target)
		}
	}
	const streams = 500
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for s := range streams {
		name := fmt.Sprint("s", s)
		rec.Targets(name, targets)
		ring := rec.rings[name]
		for i, round := range rounds {
			for _, o := range round {
				one := *o
				one.Target.Stream = name
				ring.look(&one, rec.n.Add(1), at.Add(time.Duration(i)*3*time.Second))
			}
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	rec.Targets("main", targets)
	n, busy := 0, proctest.CPU(b)
	for b.Loop() {
		round := rounds[n/9%len(rounds)]
		rec.Look(round[n%len(round)])
		n++
	}
	b.ReportAllocs()
	b.ReportMetric(float64((proctest.CPU(b)-busy).Nanoseconds())/float64(n), "cpu-ns/look")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/streams/float64(len(targets))/1024, "KiB/playlist")
	in := probe.Incident{ID: "one", State: probe.Opened, Severity: probe.Error, Streams: []string{"s0"}}
	if err := rec.Write(b.Context(), probe.Batch{At: at, Incidents: []probe.Incident{in}}); err != nil {
		b.Fatal(err)
	}
	f, err := rec.Open("one")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	out, err := Replay(f, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(out.Until.Sub(out.From).Seconds(), "s-kept")
}
