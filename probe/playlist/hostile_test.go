package playlist

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// hostile are texts made of one unit again and again, each aimed at something
// that could grow faster than the text.
var hostile = map[string]struct{ before, unit, after string }{
	"EXTINF without URIs":     {head, "#EXTINF:6,\n", ""},
	"segments":                {head, "#EXTINF:6,\na\n", ""},
	"CR only":                 {"#EXTM3U\r", "a\r", ""},
	"LF, and a CR at the end": {"#EXTM3U\n", "a\n", "\r"},
	"keys of many formats":    {head, "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"%d\"\n#EXTINF:6,\na\n", ""},
	"date ranges":             {head, "#EXT-X-DATERANGE:ID=\"%d\",START-DATE=\"2026-11-28T19:00:00Z\"\n", ""},
	"one date range":          {head, "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"%d\"\n", ""},
	"attributes":              {head + "#EXT-X-DATERANGE:", "A%d=1,", "\n"},
	"attributes without =":    {head + "#EXT-X-DATERANGE:", "A,", "\n"},
	"open variables":          {head + "#EXTINF:6,\n", "{$a", "\n"},
	"variables that double": {
		head + "#EXT-X-DEFINE:NAME=\"v\",VALUE=\"0123456789\"\n",
		"#EXT-X-DEFINE:NAME=\"v%d\",VALUE=\"{$v}{$v}{$v}\"\n#EXTINF:6,\n{$v%[1]d}{$v%[1]d}\n", "",
	},
	"parts": {head, "#EXT-X-PART:DURATION=1,URI=\"a\"\n", ""},
	"renditions and variants": {
		"#EXTM3U\n",
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"%d\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\nv%[1]d\n", "",
	},
	"variants of one name": {"#EXTM3U\n", "#EXT-X-STREAM-INF:BANDWIDTH=1\nv%d\n", ""},
	"white space":          {head, " \n", ""},
	"one long line":        {head, "a", ""},
}

// TestHostileIsLinear: four times the text takes about four times the memory at
// most.
func TestHostileIsLinear(t *testing.T) {
	const size = 24 << 10
	for name, h := range hostile {
		t.Run(name, func(t *testing.T) {
			small, big := allocated(repeat(h.before, h.unit, h.after, size)),
				allocated(repeat(h.before, h.unit, h.after, 4*size))
			if big > 6*small+8*size { // a slice grows in steps
				t.Errorf("%d bytes allocated for %d of text, %d for four times as much", small, size, big)
			}
		})
	}
}

func repeat(before, unit, after string, size int) []byte {
	var b strings.Builder
	b.WriteString(before)
	for i := 0; b.Len() < size; i++ {
		if strings.Contains(unit, "%") {
			fmt.Fprintf(&b, unit, i)
		} else {
			b.WriteString(unit)
		}
	}
	b.WriteString(after)
	return []byte(b.String())
}

func allocated(body []byte) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p := Decode(body, Inputs{})
	Ladder(p, probe.AddressOf("http://h/p.m3u8"))
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestBodyLimit(t *testing.T) {
	const limit = 2 << 20
	body := repeat(head, "#EXTINF:6.0,\nsegment-%d.ts\n", "", limit+1000)
	if p := Decode(body, Inputs{}); len(p.Problems) != 0 {
		t.Fatalf("below the default limit: %+v", p.Problems)
	}
	p := Decode(body, Inputs{Limit: limit})
	if len(p.Problems) != 1 || p.Problems[0].Check != "m3u.limit" || p.Kind != probe.Media || p.Bytes != len(body) {
		t.Fatalf("kind %v, %d bytes, problems %+v", p.Kind, p.Bytes, p.Problems)
	}
	last, _ := p.Last()
	if !strings.HasSuffix(last.URI, ".ts") {
		t.Errorf("the last URI is %q", last.URI)
	}
}

// Of more segments than are kept the newest are, under their own numbers: what
// lives shows at the end.
func TestSegmentLimit(t *testing.T) {
	const n = maxSegments + 10
	text := head + strings.Repeat("#EXTINF:6.0,\na.ts\n", n)
	p := Decode([]byte(text), Inputs{})
	newest, _ := p.Last()
	if len(p.Problems) != 1 || p.Problems[0].Check != "m3u.limit" ||
		!strings.Contains(p.Problems[0].Detail, "250010 segments are listed") {
		t.Errorf("problems %+v", p.Problems)
	}
	if want := p.MediaSequence.Value + n - 1; newest.MSN != want || len(p.Segments) > maxSegments {
		t.Errorf("the newest of %d is %d, want %d", len(p.Segments), newest.MSN, want)
	}
}

func TestLineLimit(t *testing.T) {
	p := Decode([]byte(head+"#EXTINF:6.0,"+strings.Repeat("t", MaxLineBytes)+"\na.ts\n"), Inputs{})
	if len(p.Problems) != 1 || p.Problems[0].Check != "m3u.limit" || p.Problems[0].Line != 5 || len(p.Segments) != 1 {
		t.Fatalf("%d segments, problems %+v", len(p.Segments), p.Problems)
	}
}

// TestLadderLimit: each entry of a ladder is polled, so a flood of variants
// must not become a flood of requests.
func TestLadderLimit(t *testing.T) {
	var b strings.Builder
	b.WriteString("#EXTM3U\n")
	for i := range 3000 {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d\nv%d.m3u8\n", 1000+i, i)
	}
	p := Decode([]byte(b.String()), Inputs{})
	if n := len(Ladder(p, probe.AddressOf("https://a.example/m.m3u8"))); n != maxLadder {
		t.Errorf("%d entries, want %d", n, maxLadder)
	}
	if len(p.Problems) != 1 || p.Problems[0].Check != "m3u.limit" || p.Problems[0].Severity != probe.Warning {
		t.Errorf("problems %+v", p.Problems)
	}
}

// TestSavedVariables: what a saved playlist imports is not known, nor is the
// query of its URL; a playlist that a player could fetch must define both.
func TestSavedVariables(t *testing.T) {
	text := []byte("#EXTM3U\n#EXT-X-VERSION:11\n" + head[25:] +
		"#EXT-X-DEFINE:IMPORT=\"i\"\n#EXT-X-DEFINE:QUERYPARAM=\"q\"\n#EXTINF:6.0,\n{$i}/{$q}.ts\n")
	if p := Decode(text, Inputs{Address: probe.AddressOf("file:///tmp/v.m3u8")}); len(p.Problems) > 0 ||
		p.Segments[0].URI != "{$i}/{$q}.ts" {
		t.Errorf("saved: problems %+v", p.Problems)
	}
	if p := Decode(text, Inputs{Address: probe.AddressOf("https://a.example/v.m3u8")}); len(p.Problems) == 0 {
		t.Error("fetched: no problem")
	}
}
