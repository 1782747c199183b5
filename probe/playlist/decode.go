// Package playlist reads HLS playlists: bytes in, a [probe.Playlist] out, and
// the ladder of renditions that a multivariant playlist lists.
//
// The rule that keeps it simple: one ordered scan of the wire is the only
// authority. It states what is written, corrects nothing, and turns what is
// wrong into a [probe.Problem]; it never fails and takes linear time and
// memory, whatever it is fed. The library grafov/m3u8 is a second reader of a
// few attribute lists, for SecondOpinion alone: polls do without. It gets cleaned
// text, and no type of it leaves this package.
package playlist

import (
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// Limits of what is read. Beyond them the text is cut, or reported, under the
// check m3u.limit.
const (
	MaxBodyBytes = 16 << 20 // a longer body is read up to its last line that fits, unless Inputs.Limit says otherwise
	MaxLineBytes = 64 << 10 // a longer line is reported and read all the same

	maxPerCheck = 8       // problems kept of one check; the last one says how many more there were
	maxKeys     = 16      // EXT-X-KEY tags that can apply to one segment
	maxLadder   = 256     // media playlists of a multivariant one: each is polled
	maxSegments = 250_000 // that are kept, the newest of them: six days at two seconds each
	maxUnknown  = 4 << 10 // bytes that are kept of what is no playlist
	maxBare     = 10_000  // URI lines without EXTINF that are kept as segments
)

// Inputs are what a playlist can refer to outside its own text.
type Inputs struct {
	Address probe.Address     // of this playlist after redirects, for EXT-X-DEFINE:QUERYPARAM
	Imports map[string]string // Variables of the multivariant playlist, for EXT-X-DEFINE:IMPORT
	Limit   int               // bytes that are read; 0 is MaxBodyBytes
	// makes a piece of the text fit to be repeated by a problem, "" hides it; nil
	// changes nothing
	Quote func(string) string
}

// Decode reads a playlist. It never fails: what is wrong is in Problems, and a
// body that is no playlist at all has the kind unknown. The result keeps one copy
// of the text, of which its strings are parts, and does not refer to body.
func Decode(body []byte, in Inputs) *probe.Playlist {
	r := reader{p: &probe.Playlist{Bytes: len(body)}, in: in}
	r.scan(body)
	r.sortProblems()
	if r.p.Kind == probe.UnknownKind {
		r.p.Text = strings.Clone(r.p.Text[:min(len(r.p.Text), maxUnknown)])
	}
	return r.p
}

// scan reads the whole text.
func (r *reader) scan(body []byte) {
	r.open(body)
	if !r.header() {
		return
	}
	for r.next() {
		r.dispatch()
	}
	r.finish()
}

// reader is the state of one scan.
type reader struct {
	p  *probe.Playlist
	in Inputs

	// The text and the place in it: lines.go.
	text       string
	cut        bool // the body was cut at the limit
	pos        int
	nextLF     int // at or after pos; len(text) when there is none
	nextCR     int
	number     int    // of the current line, from 1
	line       string // the current line, trimmed
	terminated bool   // the current line ended in LF, CR LF or CR
	lastURI    string // URI lines: the newest, and the one before it
	prevURI    string

	// What the tags so far imply.
	tag          string // name of the current tag, for details
	seen         tagSet
	mediaLine    int // of the first tag that only media playlists have; 0 none
	multiLine    int // the same for multivariant playlists
	needVersion  int // the highest version that a feature so far requires
	needFeature  string
	needLine     int
	mapLine      int // of the first EXT-X-MAP
	dates        bool
	dateNoZone   bool
	dateNoFrac   bool
	integerAt    int // line of the first EXTINF without a fraction
	floatingAt   int
	problemCount map[string]int

	// Media playlists: what the next URI line will get.
	seg        probe.Segment
	bare       int // URI lines without EXTINF
	dropped    int // segments from the start that are not kept
	infLine    int // of an EXTINF that still waits for its URI; 0 none
	dsn        uint64
	bitrate    uint64
	keys       []probe.Key
	keysShared bool // a segment holds keys: copy before a change
	initMap    *probe.Map
	parts      []probe.Part // all of them; a segment gets a sub-slice
	partsFrom  int          // first of the segment in progress
	lastPart   span
	lastRange  span
	ranges     map[string]int // EXT-X-DATERANGE: ID to its first index

	// Multivariant playlists.
	variant      probe.Variant // of an EXT-X-STREAM-INF that waits for its URI
	variantLine  int           // its line; 0 none
	pathway      string        // EXT-X-CONTENT-STEERING: the PATHWAY-ID to start with
	steeringLine int
	badBandwidth bool // it has a BANDWIDTH, which cannot be read

	attr attrs // the attribute list that is being read

	// Variables: define.go.
	hasVars  bool // the text refers to one somewhere
	query    map[string][]string
	expanded int // bytes that substitution has produced

	// For a second opinion: grafov.go.
	notes  bool            // tags are noted
	second []secondReading // tags that grafov reads too
}

// sortProblems puts problems in order of line, those of the whole playlist
// first, and says how many were left out.
func (r *reader) sortProblems() {
	ps := r.p.Problems
	for i := len(ps) - 1; i >= 0; i-- {
		if n := r.problemCount[ps[i].Check] - maxPerCheck; n > 0 {
			ps[i].Detail += andMore(n)
			delete(r.problemCount, ps[i].Check)
		}
	}
	slices.SortStableFunc(ps, func(a, b probe.Problem) int { return a.Line - b.Line })
}

// header judges the first line and reports whether there is anything to read.
func (r *reader) header() bool {
	first, _, _ := strings.Cut(r.text, "\n")
	first, _, _ = strings.Cut(first, "\r")
	if what := otherList(r.text); what != "" {
		r.report("m3u.header", probe.Critical, "%s", what)
		return false
	}
	if strings.TrimRight(first, " \t") == "#EXTM3U" {
		return true
	}
	if what := disguised(r.text); what != "" {
		r.report("m3u.header", probe.Critical, "%s", what)
		return false
	}
	if strings.Contains(r.text, "#EXT") {
		r.number = 1
		r.report("m3u.header", probe.Error, "the first line is %s, want #EXTM3U", quote(first))
		r.number = 0
		return true
	}
	r.report("m3u.header", probe.Critical, "%s", describe(r.text, r.show))
	return false
}
