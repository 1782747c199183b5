package checks_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

func (p *player) observation(m moment) *probe.Observation {
	words := m.words
	o := &probe.Observation{Target: probe.Target{Stream: "s", Rendition: "v", Peak: p.peak, Average: p.average}}
	ex := &o.Exchange
	ex.Method, ex.URL, ex.ContentType = "GET", "https://example.com/v.m3u8", "application/vnd.apple.mpegurl"
	ex.Address = probe.AddressOf(string(ex.URL))
	ex.Done, ex.Started = m.at, m.at.Add(-10*time.Millisecond)
	if words[0] != "edge" && words[0] != "origin" {
		o.Target.Rendition = strings.TrimPrefix(words[0], "multivariant")
		words = words[1:]
	}
	switch r := o.Target.Rendition; {
	case strings.HasPrefix(r, "sub"):
		o.Target.Role = probe.RoleSubtitles
	case strings.HasPrefix(r, "audio"):
		o.Target.Role = probe.RoleAudio
	}
	if err := o.Target.Side.UnmarshalText([]byte(words[0])); err != nil {
		p.t.Fatalf("%q: %v", m.words, err)
	}
	if words = words[1:]; words[0] == "cors" {
		o.CORS = true
		words = words[1:]
	}
	switch words[0] {
	case "segment":
		p.segment(o, words[1])
		words = words[2:]
	case "iframes":
		o.IFrames = words[1]
		words = words[2:]
	case "delivery":
		p.delivery(o, words[1], words[2])
		words = words[3:]
	}
	if status, err := strconv.Atoi(words[0]); err == nil {
		ex.Status = status
	} else {
		ex.Failure, ex.Error = probe.Failure(words[0]), words[0]
	}
	for _, w := range words[1:] {
		p.set(o, w)
	}
	switch {
	case !ex.OK():
	case o.Poll():
		p.read(o, m.body)
	case o.IFrames != "":
		o.Playlist = playlist.Decode([]byte(p.expand(m.body, ex.Done)), playlist.Inputs{Address: ex.Address})
	case o.LowLatency != nil && o.LowLatency.URI == "":
		o.LowLatency.Playlist = playlist.Decode([]byte(p.expand(m.body, ex.Done)), playlist.Inputs{Address: ex.Address})
	}
	return o
}

// segment makes the observation the probe of a segment.
func (p *player) segment(o *probe.Observation, number string) {
	msn, err := strconv.ParseUint(number, 10, 64)
	if number == "newest" {
		msn, err = uint64(105+o.Exchange.Done.Sub(epoch)/(2*time.Second)), nil
	}
	if err != nil {
		p.t.Fatalf("segment %s: %v", number, err)
	}
	o.Segment = &probe.SegmentProbe{
		MSN: msn, URI: fmt.Sprintf("seg%d.ts", msn), Duration: 2 * time.Second, Listed: o.Exchange.Started,
		HashBytes: 1024, Newest: number == "newest",
	}
	o.Exchange.ObjectBytes = probe.State(int64(100_000))
}

// set applies one key=value of a timeline.
func (p *player) set(o *probe.Observation, word string) {
	key, value, _ := strings.Cut(word, "=")
	number, _ := strconv.ParseFloat(value, 64)
	ex := &o.Exchange
	switch key {
	case "age":
		ex.Age = probe.State(probe.Seconds(number))
	case "cc":
		ex.CacheControl = strings.ReplaceAll(value, "+", " ")
	case "ctype":
		ex.ContentType = value
	case "xcache":
		ex.XCache = value + " from cloudfront"
	case "nginx":
		ex.CacheLine, ex.CacheWord = "X-Cache-Status: "+value, strings.ToLower(value)
	case "pop":
		ex.Pop = value
	case "unasked":
		ex.Unasked = true
	case "url":
		ex.URL, ex.Address = probe.ShownURL(value), probe.AddressOf(value)
	case "first":
		ex.FirstByte = probe.Seconds(number)
	case "uri":
		o.Segment.URI = value
	case "took":
		ex.Started = ex.Done.Add(-probe.Seconds(number))
	case "size":
		ex.ObjectBytes = probe.State(int64(number))
	case "hash":
		o.Segment.Hash = uint64(number)
	case "again":
		o.Segment.Again = value == "yes"
	case "init":
		o.Segment.Init = value == "yes"
	case "newest":
		o.Segment.Newest = value == "yes"
	case "extinf":
		o.Segment.Duration = probe.Seconds(number)
	case "listed":
		o.Segment.Listed = p.at(value)
	case "key":
		o.Segment.Key, o.Segment.KeyBytes = true, int64(number)
	case "known":
		o.Segment.Known = value == "yes"
	case "bytes":
		ex.Bytes = int64(number)
	case "moved": // the address that viewers hold answered so
		o.Moved = &probe.Moved{Last: probe.Exchange{Status: int(number)}, Lived: 9 * time.Second}
	case "redirects":
		ex.Redirects = int(number)
	case "removed":
		o.Segment.Removed = value == "yes"
	case "offset":
		o.Segment.Part, o.Segment.Offset = true, int64(number)
	case "from":
		ex.RangeStart = probe.State(int64(number))
	case "mp4":
		o.Segment.Container = probe.ContainerMP4
	case "start":
		o.Segment.Start = probe.State(probe.Seconds(number))
	case "track":
		o.Segment.Track = uint32(number)
	case "lasts":
		o.Segment.Lasts = probe.State(probe.Seconds(number))
	case "keyframe":
		o.Segment.Keyframe = probe.State(value == "yes")
	case "gap":
		o.LowLatency.Since = ex.Done.Add(-probe.Seconds(number))
	case "out":
		if o.LowLatency.Listed.Stated = true; value != "no" {
			o.LowLatency.Listed.Value = ex.Done.Add(-probe.Seconds(number))
		}
	case "problem":
		o.Segment.Problems = append(o.Segment.Problems, probe.Problem{Check: value, Detail: "as the timeline says"})
	default:
		p.setHead(o, key, value)
	}
}

// read gives the observation its playlist. As in a real poll, a text that has
// not changed shares the playlist of the one before.
func (p *player) read(o *probe.Observation, body string) {
	before := p.last[o.Target]
	p.last[o.Target] = o
	if strings.TrimSpace(body) == "=" {
		if before == nil {
			p.t.Fatalf("nothing to repeat for %s", o.Target)
		}
		o.Playlist, o.Hash, o.Unchanged = before.Playlist, before.Hash, true
		return
	}
	text := []byte(p.expand(body, o.Exchange.Done))
	o.Hash = playlist.Hash(text)
	if before != nil && before.Hash == o.Hash {
		o.Playlist, o.Unchanged = before.Playlist, true
		return
	}
	o.Playlist = playlist.Decode(text, playlist.Inputs{Address: o.Exchange.Address})
}
