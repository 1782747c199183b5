package checks_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/judge"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// A timeline is a txtar file. Its comment may hold settings, one on a line:
// "ends 00:30", "starts 00:10". Each file but the last is an observation, its
// name "MM:SS[.mmm] [RENDITION] SIDE RESULT [key=value …]":
//
//	RESULT is a status, a probe.Failure, or `segment MSN RESULT`;
//	keys: age (s), cc (Cache-Control with + for spaces), ctype, xcache, pop, took (s), and for segments
//	size (bytes), hash, newest (yes), extinf (s), problem (check id);
//	the body is a playlist; "=" repeats the one before of the same target.
//
// RENDITION is left out where there is one ("v"); "multivariant" names the
// multivariant playlist. The last file, "want", lists what happens to
// incidents: "MM:SS open CHECK SEVERITY BLAME SIDE" or "MM:SS closed CHECK".
func TestTimelines(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no timelines: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(data)
			got := play(t, a)
			want := strings.TrimSpace(string(a.Files[len(a.Files)-1].Data))
			if a.Files[len(a.Files)-1].Name != "want" {
				t.Fatalf("the last file is %q, not want", a.Files[len(a.Files)-1].Name)
			}
			if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestEveryCheckHasTimelines holds the catalogue to one timeline in which each
// check opens an incident, and one, NAME-quiet.txtar, in which it does not.
func TestEveryCheckHasTimelines(t *testing.T) {
	for _, c := range checks.All() {
		for _, suffix := range []string{"", "-quiet"} {
			name := filepath.Join("testdata", c.ID+suffix+".txtar")
			data, err := os.ReadFile(name)
			if err != nil {
				t.Errorf("%s has no timeline %s", c.ID, name)
				continue
			}
			_, want, _ := strings.Cut(string(data), "-- want --")
			fires := slices.Contains(strings.Fields(want), c.ID)
			if fires != (suffix == "") {
				t.Errorf("%s: incident of %s expected: %v", name, c.ID, fires)
			}
		}
	}
}

var epoch = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

// player turns the files of a timeline into observations.
type player struct {
	t    *testing.T
	last map[probe.Target]*probe.Observation
}

func play(t *testing.T, a *txtar.Archive) string {
	o := judge.Options{Event: "e", Stream: "s"}
	for _, line := range strings.Split(string(a.Comment), "\n") {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "ends" {
			o.Ends = at(t, f[1])
		} else if len(f) == 2 && f[0] == "starts" {
			o.Starts = at(t, f[1])
		}
	}
	p := &player{t: t, last: map[probe.Target]*probe.Observation{}}
	var all []*probe.Observation
	var targets []probe.Target
	for _, f := range a.Files[:len(a.Files)-1] {
		obs := p.observation(f)
		all = append(all, obs)
		if !slices.Contains(targets, obs.Target) {
			targets = append(targets, obs.Target)
		}
	}
	j := judge.New(o)
	j.Watch(targets)
	var out strings.Builder
	open := map[string]bool{}
	for _, obs := range all {
		res := j.Step(obs, obs.Exchange.Done)
		for _, in := range res.Incidents {
			tell(&out, obs.Exchange.Done, in, open)
		}
	}
	return strings.TrimSpace(out.String())
}

func tell(out *strings.Builder, now time.Time, in probe.Incident, open map[string]bool) {
	since := now.Sub(epoch)
	stamp := fmt.Sprintf("%02d:%02d", int(since.Minutes()), int(since.Seconds())%60)
	if ms := since % time.Second; ms != 0 {
		stamp += fmt.Sprintf(".%03d", ms.Milliseconds())
	}
	switch {
	case in.State == probe.Closed:
		fmt.Fprintf(out, "%s closed %s\n", stamp, in.Check)
	case !open[in.ID]:
		open[in.ID] = true
		fmt.Fprintf(out, "%s open %s %s %s %s\n", stamp, in.Check, in.Severity, in.Blame, in.Side)
	}
}

func at(t *testing.T, s string) time.Time {
	m, sec, _ := strings.Cut(s, ":")
	minutes, err := strconv.Atoi(m)
	seconds, err2 := strconv.ParseFloat(sec, 64)
	if err != nil || err2 != nil {
		t.Fatalf("time %q, want MM:SS", s)
	}
	return epoch.Add(time.Duration(minutes)*time.Minute + probe.Seconds(seconds))
}

func (p *player) observation(f txtar.File) *probe.Observation {
	words := strings.Fields(f.Name)
	o := &probe.Observation{Target: probe.Target{Stream: "s", Rendition: "v"}}
	ex := &o.Exchange
	ex.Method, ex.URL, ex.ContentType = "GET", "https://example.com/v.m3u8", "application/vnd.apple.mpegurl"
	ex.Done = at(p.t, words[0])
	ex.Started = ex.Done.Add(-10 * time.Millisecond)
	words = words[1:]
	if words[0] != "edge" && words[0] != "origin" {
		o.Target.Rendition = strings.TrimPrefix(words[0], "multivariant")
		words = words[1:]
	}
	if err := o.Target.Side.UnmarshalText([]byte(words[0])); err != nil {
		p.t.Fatalf("%s: %v", f.Name, err)
	}
	words = words[1:]
	if words[0] == "segment" {
		msn, err := strconv.ParseUint(words[1], 10, 64)
		if err != nil {
			p.t.Fatalf("%s: %v", f.Name, err)
		}
		o.Segment = &probe.SegmentProbe{MSN: msn, URI: fmt.Sprintf("seg%d.ts", msn), Duration: 2 * time.Second, Listed: ex.Started, HashBytes: 1024}
		ex.ObjectBytes = probe.State(int64(100_000))
		words = words[2:]
	}
	if status, err := strconv.Atoi(words[0]); err == nil {
		ex.Status = status
	} else {
		ex.Failure, ex.Error = probe.Failure(words[0]), words[0]
	}
	for _, w := range words[1:] {
		p.set(o, w)
	}
	if o.Segment == nil && ex.OK() {
		p.read(o, string(f.Data))
	}
	return o
}

// set applies one key=value of a timeline.
func (p *player) set(o *probe.Observation, word string) {
	key, value, _ := strings.Cut(word, "=")
	number, _ := strconv.ParseFloat(value, 64)
	switch key {
	case "age":
		o.Exchange.Age = probe.State(probe.Seconds(number))
	case "cc":
		o.Exchange.CacheControl = strings.ReplaceAll(value, "+", " ")
	case "ctype":
		o.Exchange.ContentType = value
	case "xcache":
		o.Exchange.XCache = value + " from cloudfront"
	case "pop":
		o.Exchange.Pop = value
	case "url":
		o.Exchange.URL = value
	case "took":
		o.Exchange.Started = o.Exchange.Done.Add(-probe.Seconds(number))
	case "size":
		o.Exchange.ObjectBytes = probe.State(int64(number))
	case "hash":
		o.Segment.Hash = uint64(number)
	case "newest":
		o.Segment.Newest = value == "yes"
	case "extinf":
		o.Segment.Duration = probe.Seconds(number)
	case "problem":
		o.Segment.Problems = append(o.Segment.Problems, probe.Problem{Check: value, Detail: "as the timeline says"})
	default:
		p.t.Fatalf("unknown key %q", key)
	}
}

// read gives the observation its playlist. A body of several lines stands as
// it is; "=" repeats the one before.
func (p *player) read(o *probe.Observation, body string) {
	if strings.TrimSpace(body) == "=" {
		before := p.last[o.Target]
		if before == nil {
			p.t.Fatalf("nothing to repeat for %s", o.Target)
		}
		o.Playlist, o.Hash, o.Unchanged = before.Playlist, before.Hash, true
	} else {
		o.Playlist = playlist.Decode([]byte(expand(body)), playlist.Inputs{URL: o.Exchange.URL})
		o.Hash = playlist.Hash([]byte(expand(body)))
	}
	p.last[o.Target] = o
}

// expand replaces a line "live MSN COUNT [TD]" by a live playlist of COUNT
// segments of the target duration (2 s unless given) with program date-times,
// since most timelines need nothing special of their playlists.
func expand(body string) string {
	var out strings.Builder
	lines := bufio.NewScanner(strings.NewReader(body))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 3 || f[0] != "live" {
			out.WriteString(lines.Text() + "\n")
			continue
		}
		msn, _ := strconv.Atoi(f[1])
		count, _ := strconv.Atoi(f[2])
		td := 2
		if len(f) > 3 {
			td, _ = strconv.Atoi(f[3])
		}
		fmt.Fprintf(&out, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n", td, msn)
		for i := msn; i < msn+count; i++ {
			when := epoch.Add(time.Duration(i*td) * time.Second).Format("2006-01-02T15:04:05.000Z07:00")
			fmt.Fprintf(&out, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%d.000,\nseg%d.ts\n", when, td, i)
		}
	}
	return out.String()
}
