package playlist

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafov/m3u8"

	"github.com/streamwatch/streamwatch/probe"
)

// TestSecondReader: what grafov panics on or misreads never reaches it, and a
// list that it reads otherwise is noted and nothing is lost.
func TestSecondReader(t *testing.T) {
	for _, text := range []string{
		"#EXT-X-KEY:\n0", "#EXT-X-MAP:\n0", head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n\n#EXTINF:6,\na.ts\n",
		"#WV-VIDEO-RESOLUTION", "#WV-CYPHER-VERSION",
		head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"m\",BYTERANGE=\"1@0\"\n",
	} {
		for _, disputed := range SecondOpinion([]byte(text), Inputs{}) {
			t.Errorf("%q: %s", text, disputed)
		}
	}
	// A blank line after a key, as RFC 8216 §8.3 has it, is one of its panics.
	if _, err := decodeAgain([]secondReading{{kind: secondIsKey, list: "METHOD=NONE\n\n"}}); err == nil ||
		!strings.Contains(err.Error(), "panicked") {
		t.Errorf("error %v, want the panic as an error", err)
	}
	r := reader{p: &probe.Playlist{Kind: probe.Media}, number: 7, notes: true}
	r.secondKey("METHOD=AES-128,URI=\"k\"", &probe.Key{Method: "AES-128", URI: "other"})
	if got := r.readAgain(); !slices.Equal(got, []string{"line 7: two readers of EXT-X-KEY disagree"}) {
		t.Errorf("disputed %q", got)
	}
}

// TestCorpusSecondReader holds the segment list of the scan against grafov's,
// on the lines of the wire that make segments, in the form that grafov reads
// right (sanitised says what that takes).
func TestCorpusSecondReader(t *testing.T) {
	compared := 0
	for _, e := range corpus(t) {
		if e.kind == "invalid" || e.content == "master" {
			continue
		}
		p := Decode(e.body, Inputs{})
		if len(p.Segments) == 0 || len(p.Variables) > 0 {
			continue
		}
		q := grafovSegments(t, sanitised(e.body, p))
		compared++
		if len(q) != len(p.Segments) {
			t.Errorf("%s: %d segments, grafov sees %d", e.path, len(p.Segments), len(q))
			continue
		}
		for i, s := range p.Segments {
			g := q[i]
			if s.MSN != g.SeqId || s.URI != g.URI || s.Discontinuity != g.Discontinuity ||
				(s.Duration-probe.Seconds(g.Duration)).Abs() > time.Microsecond || !s.PDT.Equal(g.ProgramDateTime) {
				t.Errorf("%s: segment %d is %+v, grafov sees %+v", e.path, i, s, *g)
			}
		}
	}
	t.Logf("%d media playlists compared segment by segment", compared)
	if compared < 200 {
		t.Errorf("%d playlists compared, want 200 at least", compared)
	}
}

// sanitised keeps the lines of a media playlist that make its segments and repairs
// only what grafov misreads: blank lines, an EXTINF without a comma or with a space, dates that
// are not RFC 3339, and sequence numbers after EXT-X-SKIP.
func sanitised(body []byte, p *probe.Playlist) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:%d\n", p.MediaSequence.Value+p.Skipped.Value)
	complete := 0
	inf := "" // the newest EXTINF: of two before one URI the last counts
	for line := range strings.FieldsFuncSeq(string(body), func(c rune) bool { return c == '\n' || c == '\r' }) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#EXTINF:"):
			duration, title, _ := strings.Cut(strings.TrimPrefix(line, "#EXTINF:"), ",")
			inf = "#EXTINF:" + strings.TrimSpace(duration) + "," + title + "\n"
			continue
		case strings.HasPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"):
			at, form := parseDate(strings.TrimSpace(strings.TrimPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:")))
			if form == formBad {
				continue
			}
			line = "#EXT-X-PROGRAM-DATE-TIME:" + at.Format(time.RFC3339Nano)
		case line == "#EXT-X-DISCONTINUITY":
		case inf != "" && line != "" && line[0] != '#':
			b.WriteString(inf)
			inf = ""
			b.WriteString(line)
			b.WriteByte('\n')
			complete = b.Len()
			continue
		default:
			continue
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String()[:complete], "\n")
}

func grafovSegments(t *testing.T, text string) []*m3u8.MediaSegment {
	t.Helper()
	q, err := m3u8.NewMediaPlaylist(0, uint(max(1, strings.Count(text, "#EXTINF"))))
	if err != nil {
		t.Fatal(err)
	}
	if err := q.DecodeFrom(strings.NewReader(text), false); err != nil {
		t.Fatalf("grafov refuses the sanitised text: %v", err)
	}
	return q.Segments[:q.Count()]
}
