package segment_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/segment"
)

// TestInspect gives whole objects; problems are matched by check and by a part of their detail.
func TestInspect(t *testing.T) {
	sec := func(s float64) probe.Fact[time.Duration] { return probe.State(probe.Seconds(s)) }
	none := probe.Fact[time.Duration]{}
	healthy := slices.Concat(pat, pmt, video(0, 900000), audio(0, 899100), more(1), more(2))
	holed := slices.Clone(healthy)
	holed[3*188] = 0
	for _, c := range []struct {
		name  string
		give  []byte
		want  probe.Container
		start probe.Fact[time.Duration]
		check string // "id: part of the detail", comma-separated
	}{
		{"ts", healthy, probe.ContainerTS, sec(10), ""},
		{"ts audio only", slices.Concat(pat, pmt, audio(0, 90000)), probe.ContainerTS, sec(1), ""},
		{
			"ts last timestamp before the wrap", slices.Concat(pat, pmt, video(0, maxPTS)), probe.ContainerTS,
			probe.State(time.Duration(uint64(maxPTS) * 100000 / 9)), "",
		},
		{
			"ts sdt first, as ffmpeg writes", slices.Concat(packet(0x11, 0, true, 0, 0, 0x42, 0xf0, 1), healthy),
			probe.ContainerTS, sec(10), "",
		},
		{
			"ts null packets between",
			slices.Concat(pat, pmt, video(0, 0), packet(0x1fff, 9, false, 0), packet(0x1fff, 3, false, 0), more(1)),
			probe.ContainerTS, sec(0), "",
		},
		{
			"ts packet repeated", slices.Concat(pat, pmt, video(0, 0), more(1), more(1), more(2)),
			probe.ContainerTS, sec(0), "",
		},
		{
			"ts break that is announced", slices.Concat(pat, pmt, video(0, 0), packet(vpid, 7, false, 0x80, 1)),
			probe.ContainerTS, sec(0), "",
		},
		{
			"ts counter break", slices.Concat(pat, pmt, video(0, 0), more(1), more(3), more(4), more(9)), probe.ContainerTS,
			sec(0), "seg.ts.cc: 2 continuity counter breaks",
		},
		{"ts error indicator", slices.Concat(pat, pmt, video(0, 0), func() []byte {
			p := more(1)
			p[1] |= 0x80
			return p
		}()), probe.ContainerTS, sec(0), "seg.ts.cc: transport_error"},
		{"ts scrambled", slices.Concat(pat, pmt, video(0, 0), func() []byte {
			p := more(1)
			p[3] |= 0x80
			return p
		}()), probe.ContainerTS, sec(0), "seg.ts.cc: scrambled"},
		{"ts no tables", slices.Concat(video(0, 90000), more(1)), probe.ContainerTS, sec(1), "seg.ts.pat: before PAT"},
		{"ts tables late", slices.Concat(video(0, 90000), pat, pmt), probe.ContainerTS, sec(1), "seg.ts.pat: before PAT"},
		{"ts no pmt", slices.Concat(pat, packet(0x11, 0, true, 0, 0)), probe.ContainerTS, none, "seg.ts.pat: no PAT and PMT"},
		{"ts cut inside a packet", healthy[:len(healthy)-50], probe.ContainerTS, sec(10), "seg.ts.sync: 138 left over"},
		{"ts sync lost", holed, probe.ContainerTS, sec(10), "seg.ts.sync: no sync byte at 564"},
		{"ts without its beginning", healthy[10:], probe.ContainerTS, none, "seg.ts.sync: first sync byte at 178"},
		{
			"ts first byte lost", slices.Concat([]byte{0}, healthy[1:]), probe.ContainerTS, none,
			"seg.ts.sync: first sync byte at 188",
		},

		{"init section", initSec, probe.ContainerMP4, none, ""},
		{"media", media, probe.ContainerMP4, sec(2), ""},
		{"media in chunks", slices.Concat(media, moof(2, 100000), box("mdat", u32(1))), probe.ContainerMP4, sec(2), ""},
		{
			"media, tfdt of 32 bits",
			slices.Concat(box("moof", box("traf", box("tfhd", u32(0, 1)), box("tfdt", u32(0, 45000)))), box("mdat")),
			probe.ContainerMP4, sec(0.5), "",
		},
		{"media with its init", slices.Concat(initSec, media), probe.ContainerMP4, sec(2), ""},
		{
			"mdat to the end of the file", slices.Concat(moof(2, 0), u32(0), []byte("mdat"), u32(1, 2, 3)),
			probe.ContainerMP4, sec(0), "",
		},
		{
			"mdat with a large size", slices.Concat(moof(2, 0), u32(1), []byte("mdat"), u32(0, 20), u32(1)),
			probe.ContainerMP4, sec(0), "",
		},
		{"media cut", media[:len(media)-1], probe.ContainerMP4, sec(2), `seg.mp4.box: "mdat" at byte`},
		{"bytes after", slices.Concat(media, []byte{1, 2, 3}), probe.ContainerMP4, sec(2), "seg.mp4.box: 3 bytes after"},
		{
			"size below header", slices.Concat(media, u32(3), []byte("free")), probe.ContainerMP4, sec(2),
			"seg.mp4.box: no box begins",
		},
		{
			"a size that leads astray", slices.Concat(box("styp", []byte("msdh")), u32(20), []byte("mdat"), make([]byte, 40)),
			probe.ContainerMP4, none, "seg.mp4.box: mdat before any moof,seg.mp4.box: no box begins at byte 32",
		},
		{
			"plain mp4", slices.Concat(ftyp, box("moov", trak(1, 1000, 0, "vide")), box("mdat", u32(1))), probe.ContainerMP4,
			none, "seg.mp4.box: without mvex",
		},
		{"moov alone", box("moov", box("mvex")), probe.ContainerMP4, none, "seg.mp4.box: without ftyp"},
		{"moof without mdat", moof(2, 0), probe.ContainerMP4, sec(0), "seg.mp4.box: moof without mdat"},
		{"no traf", slices.Concat(box("moof", u32()), box("mdat")), probe.ContainerMP4, none, "seg.mp4.box: without traf"},
		{
			"no tfdt", slices.Concat(box("moof", box("traf", box("tfhd", u32(0, 1)))), box("mdat")), probe.ContainerMP4, none,
			"seg.mp4.box: without tfdt",
		},

		{"aac", slices.Concat(id3(priv("other", 1), priv(owner, 180000)), adts), probe.ContainerAAC, sec(2), ""},
		{"aac without tag", adts, probe.ContainerAAC, none, "seg.audio.id3: "},
		{"aac with another tag", slices.Concat(id3(priv("other", 1)), adts), probe.ContainerAAC, none, "seg.audio.id3: "},
		{"ac-3 without tag", []byte{0x0b, 0x77, 0, 0, 0}, probe.ContainerAAC, none, "seg.audio.id3: "},

		{"vtt", []byte("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n"), probe.ContainerVTT, none, ""},
		{
			"vtt with bom and crlf", []byte("\ufeffWEBVTT - a\r\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\r\n\r\n"),
			probe.ContainerVTT, none, "",
		},
		{
			"vtt without map", []byte("WEBVTT\n\n00:00.000 --> 00:01.000\nX-TIMESTAMP-MAP=\n"), probe.ContainerVTT, none,
			"seg.vtt.map: X-TIMESTAMP-MAP",
		},
		{"vtt of nothing", []byte("WEBVTT"), probe.ContainerVTT, none, "seg.vtt.map: X-TIMESTAMP-MAP"},
		{"not quite vtt", []byte("WEBVTTX\n"), probe.ContainerVTT, none, "seg.vtt: first line"},

		{"html", []byte("\n<!DOCTYPE html><html>"), probe.ContainerHTML, none, "http.ctype.segment: <!DOCTYPE html><html>"},
		{"json", []byte(`{"error": "no"}`), probe.ContainerHTML, none, "http.ctype.segment: error"},
		{"xml", []byte("<?xml version='1.0'?><Error/>"), probe.ContainerHTML, none, "http.ctype.segment: <Error/>"},
		{"plain text", []byte("Gone: 404 page not found\n"), probe.ContainerHTML, none, "http.ctype.segment: 404 page"},
		{"nothing", nil, probe.ContainerUnknown, none, ""},
		{"noise", []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, probe.ContainerUnknown, none, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := segment.Inspect(c.give, -1, true)
			f.Quote(func(text string) string { return text })
			start := f.StartOf(segment.Init(initSec))
			if f.Container != c.want || start != c.start {
				t.Errorf("got %q from %v, want %q from %v", f.Container, start, c.want, c.start)
			}
			var want []string
			if c.check != "" {
				want = strings.Split(c.check, ",")
			}
			if len(f.Problems) != len(want) {
				t.Fatalf("problems %v, want %q", f.Problems, want)
			}
			for i, p := range f.Problems {
				if id, part, _ := strings.Cut(want[i], ": "); p.Check != id || !strings.Contains(p.Detail, part) {
					t.Errorf("problem %v, want %q", p, want[i])
				}
			}
		})
	}
}

// TestHeadProvesNoMore gives every head of healthy objects: none may be faulted
// for what the missing rest would repair.
func TestHeadProvesNoMore(t *testing.T) {
	for name, whole := range map[string][]byte{
		"ts":   slices.Concat(pat, pmt, video(0, 0), more(1), more(2)),
		"init": initSec, "media": media,
		"aac": slices.Concat(id3(priv(owner, 1)), adts),
		"vtt": []byte("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n"),
	} {
		smallest := map[string]int{"ts": 3 * 188, "vtt": 7}[name]
		for n := max(smallest, 8); n < len(whole); n++ {
			for _, total := range []int64{int64(len(whole)), -1} {
				if f := segment.Inspect(whole[:n], total, false); len(f.Problems) > 0 {
					t.Fatalf("%s: the first %d bytes, total %d: %v", name, n, total, f.Problems)
				}
			}
		}
	}
}

func TestHeadOfTruncatedObject(t *testing.T) {
	ts := slices.Concat(pat, pmt, video(0, 0))
	if f := segment.Inspect(ts, 188*100+50, false); len(f.Problems) != 1 || f.Problems[0].Check != "seg.ts.sync" {
		t.Errorf("%v", f.Problems)
	}
	if f := segment.Inspect(media[:200], int64(len(media)-1), false); len(f.Problems) != 1 ||
		f.Problems[0].Check != "seg.mp4.box" {
		t.Errorf("%v", f.Problems)
	}
}

func TestInit(t *testing.T) {
	want := []segment.Track{{ID: 1, Timescale: 90000, Handler: "vide"}, {ID: 2, Timescale: 48000, Handler: "soun"}}
	if got := segment.Init(initSec); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, b := range [][]byte{nil, media, initSec[:20], []byte("<html>")} {
		if got := segment.Init(b); got != nil {
			t.Errorf("%q has tracks %v", b, got)
		}
	}
}

func TestStartOfEpochBasedTime(t *testing.T) {
	at := time.Duration(1_790_000_000) * time.Second
	f := segment.Inspect(slices.Concat(moof(1, uint64(at/time.Second)*90000+45000), box("mdat")), -1, true)
	if got := f.StartOf(segment.Init(initSec)); got != probe.State(at+500*time.Millisecond) {
		t.Errorf("got %v", got)
	}
	f.Ticks.Value = 1<<64 - 1
	if got := f.StartOf([]segment.Track{{ID: 1, Timescale: 1}}); got.Stated {
		t.Errorf("a time beyond what can be told is stated as %v", got)
	}
}

func TestHealthySegmentsCostNothing(t *testing.T) {
	ts := slices.Concat(pat, pmt, video(0, 0), more(1))
	vtt := []byte("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n")
	for name, b := range map[string][]byte{
		"ts": ts, "mp4": media, "init": initSec, "vtt": vtt, "aac": slices.Concat(id3(priv(owner, 1)), adts),
	} {
		if n := testing.AllocsPerRun(100, func() { segment.Inspect(b, -1, true) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, b := range [][]byte{
		nil, slices.Concat(pat, pmt, video(0, 0)), initSec, media, slices.Concat(id3(priv(owner, 1)), adts),
		[]byte("WEBVTT\n\n"), []byte("<html>"),
		slices.Concat(u32(1), []byte("moof"), u32(1<<31, 0)),
		slices.Concat(initSec, box("moof", traf([]uint32{0x3b, 1, 0, 0, 1, 2, 3, 4}, []uint32{0xf05, 1, 9, 9, 1, 2, 3, 4}))),
		slices.Concat(u32(0), []byte("moof"), u32(0), []byte("traf"), u32(0), []byte("tfdt")),
	} {
		f.Add(b, int64(len(b)), true)
		f.Add(b, int64(-1), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, total int64, complete bool) {
		facts := segment.Inspect(b, total, complete)
		if len(facts.Problems) > 8 {
			t.Errorf("%d problems of one segment", len(facts.Problems))
		}
		tracks := segment.Init(b)
		facts.StartOf(tracks)
		facts.KeyframeOf(tracks)
		if span := facts.SpanOf(tracks); span.Value < 0 {
			t.Errorf("a segment that lasts %s", span.Value)
		}
	})
}

func BenchmarkInspect(b *testing.B) {
	ts := slices.Concat(pat, pmt, video(0, 0))
	for i := range byte(84) {
		ts = append(ts, more(i+1)...)
	}
	mp4 := slices.Concat(media[:len(media)-1008], box("mdat", make([]byte, 15<<10)))
	for _, c := range []struct {
		name string
		head []byte
	}{{"ts-16KiB", ts}, {"mp4-16KiB", mp4}, {"init", initSec}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.head)))
			for b.Loop() {
				if f := segment.Inspect(c.head, -1, true); len(f.Problems) > 0 {
					b.Fatal(f.Problems)
				}
			}
		})
	}
}

// TestQuote: a page that is served as media is repeated as far as it may be.
func TestQuote(t *testing.T) {
	page := []byte("<html>the key is s3cr3t-marker, which is long enough to be cut in the middle")
	for _, c := range []struct {
		show func(string) string
		want string
	}{
		{
			func(s string) string { return strings.ReplaceAll(s, "s3cr3t-marker", "REDACTED") },
			"the body is text, not media: <html>the key is REDACTED, which is long enough to be cut in",
		},
		{func(string) string { return "" }, "the body is text, not media"},
	} {
		f := segment.Inspect(page, -1, true)
		f.Quote(c.show)
		if len(f.Problems) != 1 || f.Problems[0].Detail != c.want {
			t.Errorf("%+v, want %q", f.Problems, c.want)
		}
	}
}
