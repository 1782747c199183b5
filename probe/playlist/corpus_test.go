package playlist

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// corpusEntry is one line of manifest.tsv.
type corpusEntry struct {
	path, kind, content string
	peer, derived       map[string]any
	body                []byte
}

// corpus reads the playlists of other projects' test suites from the folder
// that STREAMWATCH_CORPUS names.
func corpus(tb testing.TB) []corpusEntry {
	tb.Helper()
	dir := os.Getenv("STREAMWATCH_CORPUS")
	if dir == "" {
		if os.Getenv("CI") == "true" {
			tb.Fatal("STREAMWATCH_CORPUS is not set: it names the folder with manifest.tsv")
		}
		tb.Skip("STREAMWATCH_CORPUS is not set: it names the folder with manifest.tsv")
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.tsv"))
	if err != nil {
		tb.Fatal(err)
	}
	var entries []corpusEntry
	lines := strings.Split(strings.TrimSpace(string(manifest)), "\n")
	column := make(map[string]int)
	for i, name := range strings.Split(lines[0], "\t") {
		column[name] = i
	}
	for _, line := range lines[1:] {
		f := strings.Split(line, "\t")
		body, err := os.ReadFile(filepath.Join(dir, f[column["path"]]))
		if os.IsNotExist(err) {
			continue // the manifest lists suites that the folder does not hold
		}
		if err != nil {
			tb.Fatal(err)
		}
		e := corpusEntry{path: f[column["path"]], kind: f[column["kind"]], content: f[column["content"]], body: body}
		for name, into := range map[string]*map[string]any{"peer_expected": &e.peer, "derived": &e.derived} {
			if text := f[column[name]]; text != "" {
				if err := json.Unmarshal([]byte(text), into); err != nil {
					tb.Fatalf("%s of %s: %v", name, e.path, err)
				}
			}
		}
		entries = append(entries, e)
	}
	return entries
}

// factOf returns what our reading says to a fact of the manifest, in its terms.
func factOf(p *probe.Playlist, name string) any {
	count := func(match func(*probe.Segment) bool) (n float64) {
		for i := range p.Segments {
			if match(&p.Segments[i]) {
				n++
			}
		}
		return n
	}
	switch name {
	case "segments":
		return float64(len(p.Segments))
	case "segments_with_skipped":
		return float64(len(p.Segments)) + float64(p.Skipped.Value)
	case "discontinuities":
		return count(func(s *probe.Segment) bool { return s.Discontinuity })
	case "gaps":
		return count(func(s *probe.Segment) bool { return s.Gap })
	case "parts":
		n := float64(len(p.TrailingParts))
		for i := range p.Segments {
			n += float64(len(p.Segments[i].Parts))
		}
		return n
	case "trailing_parts":
		return float64(len(p.TrailingParts))
	case "endlist":
		return p.EndList
	case "live":
		return !p.EndList
	case "media_sequence":
		return float64(p.MediaSequence.Value)
	case "discontinuity_sequence":
		return float64(p.DiscontinuitySequence.Value)
	case "target_duration":
		return p.TargetDuration.Value.Seconds()
	case "part_target":
		return p.PartTarget.Value.Seconds()
	case "total_duration":
		return p.Window().Seconds()
	case "skipped":
		return float64(p.Skipped.Value)
	case "version":
		return float64(p.Version.Value)
	case "variants":
		return float64(len(p.Variants))
	case "iframe_variants":
		return float64(len(p.IFrames))
	case "renditions":
		return float64(len(p.Renditions))
	default:
		return "unknown fact " + name
	}
}

func equalFact(a, b any) bool {
	x, ok1 := a.(float64)
	y, ok2 := b.(float64)
	if ok1 && ok2 {
		return math.Abs(x-y) <= 1e-3+1e-9*math.Abs(y)
	}
	return a == b
}

// corpusExceptions are facts of valid playlists in which we differ, and why.
var corpusExceptions = map[string]string{
	"Eyevinn_hls-m3u8/m3u8/sample-playlists/media-playlist-with-skip.m3u8" + skipped:      listedOnly,
	"videojs_m3u8-parser/test/fixtures/integration/llhls-delta-byte-range.m3u8" + skipped: listedOnly,
	"videojs_m3u8-parser/test/fixtures/integration/llhlsDelta.m3u8" + skipped:             listedOnly,
	rangedParts + "01.m3u8" + skipped:                                                     withUnfinished,
	rangedParts + "02.m3u8" + skipped:                                                     withUnfinished,
	rangedParts + "03.m3u8" + skipped:                                                     withUnfinished,
	"bluenviron_gohlslib/embedded/media_test.go/00-full.m3u8" + skipped:                   withUnfinished,
}

const (
	skipped     = " segments_with_skipped"
	rangedParts = "kuu_hls-parser/test/fixtures/m3u8/Low-Latency_Example-03_Byterange-addressed_Parts-"

	listedOnly     = "the suite asserts the listed segments without the skipped ones, under the same name"
	withUnfinished = "the suite counts the listed segments and the one in progress, not the skipped ones"
)

// TestCorpus: no file panics, and every fact that the manifest states of a
// valid playlist comes out of the scan.
func TestCorpus(t *testing.T) {
	var files, valid, right, facts, internal int
	for _, e := range corpus(t) {
		files++
		p := Decode(e.body, Inputs{})
		checkInvariants(t, e.path, e.body, p)
		if e.kind == "invalid" {
			continue
		}
		valid++
		ok := true
		for _, want := range []map[string]any{e.derived, e.peer} {
			for name, v := range want {
				if name == "peer_rejects" {
					continue // an opinion, not a fact
				}
				facts++
				if got := factOf(p, name); !equalFact(got, v) && corpusExceptions[e.path+" "+name] == "" {
					ok = false
					t.Errorf("%s: %s is %v, want %v", e.path, name, got, v)
				}
			}
		}
		wantKind := probe.Media
		if e.content == "master" {
			wantKind = probe.Multivariant
		}
		if p.Kind != wantKind {
			ok = false
			t.Errorf("%s: kind %v, want %v", e.path, p.Kind, wantKind)
		}
		for _, text := range SecondOpinion(e.body, Inputs{}) {
			internal++
			t.Errorf("%s: %s", e.path, text)
		}
		if ok {
			right++
		}
	}
	t.Logf("%d files without a panic; %d of %d valid playlists with all of %d facts right; "+
		"%d disagreements of the second reader; %d exceptions",
		files, right, valid, facts, internal, len(corpusExceptions))
	if files < 600 || valid < 400 || facts < 2000 {
		t.Errorf("the corpus is smaller than it was: %d files, %d valid, %d facts", files, valid, facts)
	}
}

// checkInvariants holds a reading to what must be true of any, however bad the
// text is.
func checkInvariants(tb testing.TB, name string, body []byte, p *probe.Playlist) {
	tb.Helper()
	text := string(body)
	vars := strings.Contains(text, "{$")
	for i := range p.Segments {
		s := &p.Segments[i]
		if s.MSN != p.Segments[0].MSN+uint64(i) {
			tb.Errorf("%s: segment %d has MSN %d after %d", name, i, s.MSN, p.Segments[0].MSN)
		}
		if s.Duration < 0 {
			tb.Errorf("%s: segment %d has duration %v", name, i, s.Duration)
		}
		if s.ByteRange.Value.Offset < 0 || s.ByteRange.Value.Length < 0 {
			tb.Errorf("%s: segment %d has byte range %+v", name, i, s.ByteRange.Value)
		}
		if !vars {
			at := strings.Index(text, s.URI)
			if s.URI == "" || at < 0 {
				tb.Errorf("%s: URI %q is not in the text", name, s.URI)
			}
			text = text[max(at, 0)+len(s.URI):]
		}
	}
	if len(p.Problems) > 0 && !slices.IsSortedFunc(p.Problems, func(a, b probe.Problem) int { return a.Line - b.Line }) {
		tb.Errorf("%s: problems are not in order of line", name)
	}
	for _, problem := range p.Problems {
		if problem.Check == "" || problem.Detail == "" || problem.Line < 0 {
			tb.Errorf("%s: incomplete problem %+v", name, problem)
		}
	}
	if p.Kind == probe.UnknownKind && len(p.Problems) == 0 {
		tb.Errorf("%s: of unknown kind and nothing is wrong", name)
	}
}
