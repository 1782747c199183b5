package playlist

import (
	"slices"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

const head = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:100\n"

// problemCases are texts and the checks that they fail, in order of line. They
// seed the fuzzer too.
var problemCases = []struct {
	name, text string
	want       []string
}{
	{"key without attributes", "#EXT-X-KEY:\n0", []string{
		"td.present", "seq.missing", "m3u.header", "key.attr", "key.attr", "http.truncated", "inf.missing",
	}},
	{"map without attributes", "#EXT-X-MAP:\n0", []string{
		"td.present", "seq.missing", "m3u.header", "m3u.attr", "m3u.version.low", "inf.missing", "http.truncated",
	}},
	{"healthy", head + "#EXTINF:6.006,\na.ts\n", nil},
	{"healthy, CR LF", strings.ReplaceAll(head+"#EXTINF:6.006,\na.ts\n", "\n", "\r\n"), nil},
	{"healthy, comments and blank lines", head + "\n# note\n#EXTINF:6.006,\n\na.ts\n\n", nil},
	{"healthy VOD without a line end", head + "#EXTINF:6.006,\na.ts\n#EXT-X-ENDLIST", []string{"http.truncated"}},
	{"empty", "", []string{"m3u.header"}},
	{"blank", " \n\n", []string{"m3u.header"}},
	{"HTML", "<!DOCTYPE html><html>…", []string{"m3u.header"}},
	{"JSON", `{"error":"not found"}`, []string{"m3u.header"}},
	{"no header", strings.TrimPrefix(head, "#EXTM3U\n") + "#EXTINF:6.0,\na.ts\n", []string{"m3u.header"}},
	{"junk after the header", "#EXTM3U8\n" + strings.TrimPrefix(head, "#EXTM3U\n"), []string{"m3u.header"}},
	{"white space after the header", "#EXTM3U \n" + strings.TrimPrefix(head, "#EXTM3U\n"), []string{"m3u.ws"}},
	{"BOM", "\uFEFF" + head, []string{"m3u.bom"}},
	{"not UTF-8", head + "#EXTINF:6.0,\na\xff.ts\n", []string{"m3u.utf8"}},
	{"control character", head + "#EXTINF:6.0,\na\x00.ts\n", []string{"m3u.ctl"}},
	{"C1 control character", head + "#EXTINF:6.0,caf\u0085\na.ts\n", []string{"m3u.ctl"}},
	{"CR only", strings.ReplaceAll(head, "\n", "\r"), []string{"m3u.ctl", "m3u.ctl", "m3u.ctl", "m3u.ctl"}},
	{"both kinds", head + "#EXTINF:6.0,\na.ts\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n", []string{"m3u.mixed"}},
	{"white space", head + " #EXTINF: 6.0, a title \na.ts\t\n", []string{"m3u.ws", "m3u.ws", "m3u.ws", "m3u.ws"}},
	{"two versions", "#EXTM3U\n#EXT-X-VERSION:6\n" + strings.TrimPrefix(head, "#EXTM3U\n"), []string{"m3u.version.dup"}},
	{
		"version too low for a map", strings.Replace(head, ":6", ":5", 1) + "#EXT-X-MAP:URI=\"i\"\n",
		[]string{"m3u.version.low"},
	},
	{
		"no version, EXTINF with a fraction", strings.Replace(head, "#EXT-X-VERSION:6\n", "", 1) + "#EXTINF:6.0,\na.ts\n",
		[]string{"m3u.version.low"},
	},
	{"version is no number", strings.Replace(head, ":6", ":x", 1), []string{"m3u.attr"}},
	{"two target durations", head + "#EXT-X-TARGETDURATION:7\n", []string{"m3u.dup"}},
	{
		"sequence after a segment",
		strings.Replace(head, "#EXT-X-MEDIA-SEQUENCE:100\n", "", 1) + "#EXTINF:6.0,\na.ts\n#EXT-X-MEDIA-SEQUENCE:100\n",
		[]string{"m3u.order"},
	},
	{
		"discontinuity sequence too late", head + "#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n",
		[]string{"m3u.order"},
	},
	{"sequence beyond 2^64", strings.Replace(head, ":100", ":18446744073709551616", 1), []string{"m3u.attr"}},
	{
		"sequences pass 2^64",
		strings.Replace(head, ":100", ":18446744073709551615", 1) + "#EXTINF:6.0,\na\n#EXTINF:6.0,\nb\n",
		[]string{"m3u.attr"},
	},
	{"attribute twice", head + "#EXT-X-PART-INF:PART-TARGET=1,PART-TARGET=2\n", []string{"m3u.attr"}},
	{"attribute in lower case", head + "#EXT-X-PART-INF:part-target=1\n", []string{"m3u.attr", "ll.partinf"}},
	{"no part target", head + "#EXT-X-PART-INF:PART-TARGET=0\n", []string{"ll.partinf"}},
	{"tag in lower case", head + "#ext-x-discontinuity\n", []string{"m3u.attr"}},
	{"quote does not end", head + "#EXT-X-MAP:URI=\"init.mp4\n", []string{"m3u.attr"}},
	{"attribute without a value", head + "#EXT-X-PART-INF:PART-TARGET=1,X\n", []string{"m3u.attr"}},
	{
		"variable before its definition",
		"#EXTM3U\n#EXT-X-VERSION:8\n" + head[25:] + "#EXTINF:6.0,\n{$x}.ts\n#EXT-X-DEFINE:NAME=\"x\",VALUE=\"1\"\n",
		[]string{"m3u.var"},
	},
	{
		"variable twice",
		"#EXTM3U\n#EXT-X-VERSION:8\n" + head[25:] +
			"#EXT-X-DEFINE:NAME=\"x\",VALUE=\"1\"\n#EXT-X-DEFINE:NAME=\"x\",VALUE=\"2\"\n",
		[]string{"m3u.var"},
	},
	{
		"variable with two sources",
		"#EXTM3U\n#EXT-X-VERSION:8\n" + head[25:] + "#EXT-X-DEFINE:NAME=\"x\",VALUE=\"1\",IMPORT=\"y\"\n",
		[]string{"m3u.var"},
	},
	{"nothing to import", "#EXTM3U\n#EXT-X-VERSION:8\n" + head[25:] + "#EXT-X-DEFINE:IMPORT=\"y\"\n", []string{"m3u.var"}},
	{
		"no such query parameter", "#EXTM3U\n#EXT-X-VERSION:11\n" + head[25:] + "#EXT-X-DEFINE:QUERYPARAM=\"y\"\n",
		[]string{"m3u.var"},
	},
	{"no target duration", strings.Replace(head, "#EXT-X-TARGETDURATION:6\n", "", 1), []string{"td.present"}},
	{"target duration with a fraction", strings.Replace(head, "DURATION:6", "DURATION:6.0", 1), []string{"td.present"}},
	{"target duration 0", strings.Replace(head, "DURATION:6", "DURATION:0", 1), []string{"td.present"}},
	{"target duration NaN", strings.Replace(head, "DURATION:6", "DURATION:NaN", 1), []string{"td.present"}},
	{"URI without EXTINF", head + "a.ts\n", []string{"inf.missing"}},
	{"text that is no URI", head + "<p>Error</p>\n", []string{"inf.missing"}},
	{"two EXTINF, one URI", head + "#EXTINF:6.0,\n#EXTINF:5.0,\na.ts\n", []string{"inf.bad"}},
	{"EXTINF NaN", head + "#EXTINF:NaN,\na.ts\n", []string{"inf.bad"}},
	{"EXTINF negative", head + "#EXTINF:-3,\na.ts\n", []string{"inf.bad"}},
	{"EXTINF hexadecimal", head + "#EXTINF:0x1p4,\na.ts\n", []string{"inf.bad"}},
	{"EXTINF empty", head + "#EXTINF:,t\na.ts\n", []string{"inf.bad"}},
	{"EXTINF 0", head + "#EXTINF:0,\na.ts\n", []string{"inf.bad"}},
	{"EXTINF whole", head + "#EXTINF:6,\na.ts\n", []string{"inf.bad"}},
	{"no media sequence", strings.Replace(head, "#EXT-X-MEDIA-SEQUENCE:100\n", "", 1), []string{"seq.missing"}},
	{"byte range without a start", head + "#EXTINF:6.0,\n#EXT-X-BYTERANGE:500\na.ts\n", []string{"byterange"}},
	{
		"byte range of another resource",
		head + "#EXTINF:6.0,\n#EXT-X-BYTERANGE:500@0\na.ts\n#EXTINF:6.0,\n#EXT-X-BYTERANGE:500\nb.ts\n",
		[]string{"byterange"},
	},
	{
		"byte ranges overlap",
		head + "#EXTINF:6.0,\n#EXT-X-BYTERANGE:500@0\na.ts\n#EXTINF:6.0,\n#EXT-X-BYTERANGE:500@400\na.ts\n",
		[]string{"byterange"},
	},
	{
		"byte range out of bounds", head + "#EXTINF:6.0,\n#EXT-X-BYTERANGE:99999999999999999999@-5\na.ts\n",
		[]string{"byterange"},
	},
	{"map range without a start", head + "#EXT-X-MAP:URI=\"i\",BYTERANGE=\"5\"\n", []string{"byterange"}},
	{
		"map under AES-128 without IV", head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i\"\n",
		[]string{"map.iv"},
	},
	{"METHOD=NONE with a URI", head + "#EXT-X-KEY:METHOD=NONE,URI=\"k\"\n", []string{"key.attr"}},
	{"key without URI", head + "#EXT-X-KEY:METHOD=AES-128\n", []string{"key.attr"}},
	{"short IV", head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x12\n", []string{"key.attr"}},
	{
		"IV with GCM", head + "#EXT-X-KEY:METHOD=AES-256-GCM,URI=\"k\",IV=0x00000000000000000000000000000001\n",
		[]string{"key.attr"},
	},
	{"unknown method", head + "#EXT-X-KEY:METHOD=ROT13,URI=\"k\"\n", []string{"key.attr"}},
	{"date of no kind", head + "#EXT-X-PROGRAM-DATE-TIME:yesterday\n", []string{"pdt.format"}},
	{"date without a zone", head + "#EXT-X-PROGRAM-DATE-TIME:2026-11-28T19:00:00.5\n", []string{"pdt.format"}},
	{"date without a fraction", head + "#EXT-X-PROGRAM-DATE-TIME:2026-11-28T19:00:00Z\n", []string{"pdt.format"}},
	{
		"date range and no date", head + "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-11-28T19:00:00Z\"\n",
		[]string{"daterange"},
	},
	{
		"splice with a wrong CRC", head + "#EXT-OATCLS-SCTE35:/DAlAAAAAAAAAP/wFAUAAAABf+/+ANgNkv9AFJlwAAEBAQAA9xULLQ==\n",
		[]string{"cue"},
	},
	{"splice that is not base64", head + "#EXT-OATCLS-SCTE35:***\n", []string{"cue"}},
	{
		"cut in a token", head + "#EXTINF:6.0,\nsegment-98.ts?t=abcdef\n#EXTINF:6.0,\nsegment-99.ts?t=abc",
		[]string{"http.truncated"},
	},
	{"cut in a URI", head + "#EXTINF:6.0,\nsegment-1.ts\n#EXTINF:6.0,\nsegme", []string{"http.truncated"}},
	{"cut in a tag", head + "#EXTINF:6.0,\nsegment-1.ts\n#EXTI", []string{"http.truncated"}},
	{"cut after EXTINF", head + "#EXTINF:6.0,\n", []string{"http.truncated"}},
	{"header only", "#EXTM3U\n", []string{"mv.empty"}},
	{"variant without bandwidth", "#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"a\"\nv.m3u8\n", []string{"mv.bandwidth"}},
	{"bandwidth negative", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=-1\nv.m3u8\n", []string{"mv.bandwidth"}},
	{
		"variant without URI", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=2\nv.m3u8\n",
		[]string{"mv.uri"},
	},
	{
		"steering without a server",
		"#EXTM3U\n#EXT-X-CONTENT-STEERING:PATHWAY-ID=\".\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n",
		[]string{"mv.steering"},
	},
	{
		"steering to no pathway",
		"#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"s\",PATHWAY-ID=\"B\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID=\"A\"\nv.m3u8\n",
		[]string{"mv.steering"},
	},
	{
		"variant twice", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nv.m3u8\n",
		[]string{"mv.uri"},
	},
	{"variant of another scheme", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nftp://h/v.m3u8\n", []string{"mv.uri"}},
	{
		"rendition without a name",
		"#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n",
		[]string{"mv.media"},
	},
	{
		"captions with a URI",
		"#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"n\",URI=\"u\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n",
		[]string{"mv.media", "mv.media"},
	},
	{"no such group", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\nv.m3u8\n", []string{"mv.group"}},
}

func TestProblems(t *testing.T) {
	for _, c := range problemCases {
		t.Run(c.name, func(t *testing.T) {
			p := Decode([]byte(c.text), Inputs{})
			checkInvariants(t, c.name, []byte(c.text), p)
			var got []string
			for _, problem := range p.Problems {
				got = append(got, problem.Check)
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(c.want))
			if !slices.Equal(got, want) {
				t.Errorf("problems %+v, want %q", p.Problems, c.want)
			}
		})
	}
}

// TestDetails pins the words and places of a few problems, and that a detail
// shows neither a query string nor more than a glimpse of the body.
func TestDetails(t *testing.T) {
	for _, c := range []struct {
		text string
		want probe.Problem
	}{
		{"<html>\n<body>404 Not Found: the object was not here, nor there", probe.Problem{
			Check: "m3u.header", Severity: probe.Critical,
			Detail: `a web page (HTML) that begins with "<html> <body>404 Not Found: the object w…", not a playlist: ` +
				`give the URL of the manifest, not of the page that plays it`,
		}},
		{
			head + "#EXTINF:0,\na.ts\n",
			probe.Problem{Check: "inf.bad", Severity: probe.Warning, Line: 5, Detail: "the duration of EXTINF is 0"},
		},
		{
			head + "#EXTINF:6.0,\na.ts\nb.ts?token=secret\n",
			probe.Problem{Check: "inf.missing", Line: 7, Detail: `"b.ts?…" has no EXTINF`},
		},
		{
			head + "#EXTINF:6.0,\na.ts",
			probe.Problem{Check: "http.truncated", Severity: probe.Info, Line: 6, Detail: "the last line has no line end"},
		},
		{
			head + "#EXTINF:6.0,\na9.ts?k=v\n#EXTINF:6.0,\na10.ts?k=v",
			probe.Problem{Check: "http.truncated", Severity: probe.Info, Line: 8, Detail: "the last line has no line end"},
		},
		{
			head + "#EXTINF:6.0,\nseg.9\n#EXTINF:6.0,\nseg.10",
			probe.Problem{Check: "http.truncated", Severity: probe.Info, Line: 8, Detail: "the last line has no line end"},
		},
		{
			head + "#EXTINF:6.0,\na.ts\n#EXT-X-RENDITION-REPORT:URI=\"b\",LAST-MSN=7",
			probe.Problem{Check: "http.truncated", Severity: probe.Info, Line: 7, Detail: "the last line has no line end"},
		},
		{head + "#EXTINF:6.0,\na.ts?k=v&token=sec", probe.Problem{
			Check: "http.truncated", Severity: probe.Error, Line: 6,
			Detail: `the text stops in the middle of a line: "a.ts?…"`,
		}},
	} {
		p := Decode([]byte(c.text), Inputs{})
		if len(p.Problems) != 1 || p.Problems[0] != c.want {
			t.Errorf("%q: problems %+v, want %+v", c.text, p.Problems, c.want)
		}
	}
}

// TestProblemFlood: a flood of one problem neither grows nor hides the others.
func TestProblemFlood(t *testing.T) {
	text := head + strings.Repeat("#EXTINF:x,\na.ts\n", 1000) + "#EXT-X-KEY:METHOD=NONE,URI=\"k\"\n"
	p := Decode([]byte(text), Inputs{})
	if len(p.Problems) != maxPerCheck+1 {
		t.Fatalf("%d problems, want %d", len(p.Problems), maxPerCheck+1)
	}
	if last := p.Problems[maxPerCheck-1]; !strings.HasSuffix(last.Detail, "(and 992 more)") {
		t.Errorf("the last of its kind is %+v", last)
	}
	if p.Problems[maxPerCheck].Check != "key.attr" {
		t.Errorf("the problem after the flood is %+v", p.Problems[maxPerCheck])
	}
}
