// Package segment says what a segment's bytes are: the container, where its
// time begins, and what is wrong with its structure.
//
// The rule that keeps it simple: it reads headers, never media, in one pass
// over bytes that are in memory; it may be given the head of an object only,
// and then reports what the head proves and nothing that the rest could repair.
// Encrypted bytes (METHOD=AES-128) say nothing: do not ask.
package segment

import (
	"bytes"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Facts are what a segment's bytes say. A zero Facts is that of bytes that are
// none of the containers of RFC 8216bis §3.1.
type Facts struct {
	Container probe.Container
	Problems  []probe.Problem // Line is unused
	// first video PTS, else the first audio PTS, else the timestamp of packed
	// audio; MP4: see StartOf
	Start probe.Fact[time.Duration]
	Video probe.Fact[time.Duration] // first video PTS of a transport stream
	Audio probe.Fact[time.Duration] // first audio PTS of a transport stream
	Span  probe.Fact[time.Duration] // how long the video of a whole transport stream lasts; MP4: see SpanOf
	// transport streams: decoding can begin with the first picture; MP4: see
	// KeyframeOf
	Keyframe probe.Fact[bool]
	Init     bool // MP4: holds a moov, so it can stand as EXT-X-MAP
	// what Start or Ticks is of; MP4: its track_ID; transport streams: 1 video, 2
	// audio
	Track uint32
	Ticks probe.Fact[uint64] // MP4: first baseMediaDecodeTime, in units of the track's timescale

	samples samples // MP4: of that track
	page    string  // the beginning of a text that stands in for media: see Quote
}

const (
	notMedia  = "the body is text, not media"
	pageBytes = 8 << 10 // of a page that are kept until it is quoted
)

// Quote adds to the problem of a page that was served as media how the page
// begins. show makes the text fit to be repeated, and gets more than is shown,
// so that no secret is cut in half before it is known; "" leaves the text out.
func (f *Facts) Quote(show func(string) string) {
	for i := range f.Problems {
		if p := &f.Problems[i]; p.Detail == notMedia {
			if text := excerpt([]byte(show(f.page))); text != "" {
				p.Detail += ": " + text
			}
		}
	}
}

// Ids of the checks that the problems belong to.
const (
	checkSync   = "seg.ts.sync"
	checkPAT    = "seg.ts.pat"
	checkCC     = "seg.ts.cc"
	checkBox    = "seg.mp4.box"
	checkID3    = "seg.audio.id3"
	checkVTT    = "seg.vtt"
	checkVTTMap = "seg.vtt.map"
	checkCtype  = "http.ctype.segment"
)

// Inspect reads the first bytes of a segment or of an EXT-X-MAP resource, or all
// of them. A transport stream whose tables come from EXT-X-MAP may lack them:
// see WithoutTables. total is the size of the whole object in bytes, -1 when it is not known. complete says that
// head is the whole object.
func Inspect(head []byte, total int64, complete bool) Facts {
	if complete {
		total = int64(len(head))
	}
	f := Facts{Container: Sniff(head)}
	switch f.Container {
	case probe.ContainerTS:
		f.readTS(head, total, complete)
	case probe.ContainerMP4:
		f.readMP4(head, total, complete)
	case probe.ContainerAAC:
		f.readAudio(head)
	case probe.ContainerVTT:
		f.readVTT(head, complete)
	case probe.ContainerHTML:
		f.problem(checkCtype, notMedia)
		f.page = string(head[:min(len(head), pageBytes)])
	case probe.ContainerUnknown:
	}
	return f
}

// Sniff names the container by the first bytes alone.
func Sniff(head []byte) probe.Container {
	text := bytes.TrimPrefix(head, []byte("\ufeff"))
	switch {
	case bytes.HasPrefix(text, []byte("WEBVTT")):
		return probe.ContainerVTT
	case isText(text):
		return probe.ContainerHTML
	case isMP4(head):
		return probe.ContainerMP4
	case bytes.HasPrefix(head, []byte("ID3")), isAudioFrame(head):
		return probe.ContainerAAC
	case syncOffset(head) >= 0:
		return probe.ContainerTS
	default:
		return probe.ContainerUnknown
	}
}

func (f *Facts) problem(check, detail string) {
	f.Problems = append(f.Problems, probe.Problem{Check: check, Detail: detail})
}

// sniffed is how many bytes decide whether a body is text.
const sniffed = 512

// isText reports whether the bytes are a page: HTML, XML, JSON or plain text.
// Media has control characters within its first bytes.
func isText(b []byte) bool {
	for _, c := range b[:min(len(b), sniffed)] {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return len(b) > 0
}

// excerpt returns the beginning of a page on one line.
func excerpt(b []byte) string {
	words := bytes.Fields(bytes.ToValidUTF8(b[:min(len(b), 60)], nil))
	return string(bytes.Join(words, []byte(" ")))
}

// WithoutTables drops what Inspect found wrong with the tables of a transport
// stream whose EXT-X-MAP holds them.
func WithoutTables(problems []probe.Problem) []probe.Problem {
	return slices.DeleteFunc(problems, func(p probe.Problem) bool { return p.Check == checkPAT })
}

// WithoutMap is what is wrong with a fragment that no EXT-X-MAP applies to and
// that holds no moov: nothing tells a decoder what its samples are.
func WithoutMap() probe.Problem {
	return probe.Problem{
		Check:  "seg.mp4.map",
		Detail: "a fragment (fMP4) without a moov, and no EXT-X-MAP applies to it: it cannot be decoded",
	}
}
