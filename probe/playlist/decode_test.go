package playlist

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

var (
	aesKey  = probe.Key{Method: "AES-128", URI: "k1"}
	fairKey = probe.Key{
		Method: "SAMPLE-AES", URI: "skd://1", KeyFormat: "com.apple.streamingkeydelivery", KeyFormatVersions: "1",
	}
	init1 = &probe.Map{URI: "init.mp4", ByteRange: probe.State(probe.ByteRange{Length: 800, Offset: 0})}
)

// factCases are texts and what they say. They seed the fuzzer too.
var factCases = []struct {
	name, text string
	in         Inputs
	want       func(*probe.Playlist) // sets what is expected beside Kind media
}{
	{"header", "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:18446744073709551614\n" +
		"#EXT-X-DISCONTINUITY-SEQUENCE:3\n" +
		"#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-START:TIME-OFFSET=-12.5,PRECISE=YES\n" +
		"#EXT-X-I-FRAMES-ONLY\n#EXT-X-ENDLIST\n", Inputs{}, func(p *probe.Playlist) {
		p.Version, p.TargetDuration = probe.State(9), probe.State(4*time.Second)
		p.MediaSequence, p.DiscontinuitySequence = probe.State(uint64(18446744073709551614)), probe.State(uint64(3))
		p.Type, p.IndependentSegments, p.IFramesOnly, p.EndList = "EVENT", true, true, true
		p.Start = probe.State(-12500 * time.Millisecond)
	}},
	{"segments", head + "#EXTINF:6.006,first\na.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-GAP\n#EXTINF:5\nb.ts\n" +
		"#EXTINF:0.1234567891,\n\nhttp://h/c.ts?x=1\n#EXT-X-DISCONTINUITY\n", Inputs{}, func(p *probe.Playlist) {
		p.Segments = []probe.Segment{
			{MSN: 100, URI: "a.ts", Title: "first", Duration: 6006 * time.Millisecond, Line: 6},
			{MSN: 101, DSN: 1, URI: "b.ts", Duration: 5 * time.Second, Discontinuity: true, Gap: true, Line: 10},
			{MSN: 102, DSN: 1, URI: "http://h/c.ts?x=1", Duration: 123456789, Line: 13},
		}
	}},
	{"tags wait for the URI", head + "#EXTINF:6.0,\na.ts\n#EXT-X-DISCONTINUITY\n\n" +
		"#EXT-X-PROGRAM-DATE-TIME:2026-11-28T19:00:00.5Z\n\n#EXTINF:6.0,\n\nb.ts\n", Inputs{}, func(p *probe.Playlist) {
		p.Segments = []probe.Segment{
			{MSN: 100, URI: "a.ts", Duration: 6 * time.Second, Line: 6},
			{
				MSN: 101, DSN: 1, URI: "b.ts", Duration: 6 * time.Second, Discontinuity: true, PDT: at("2026-11-28T19:00:00.5Z"),
				Line: 13,
			},
		}
	}},
	{"byte ranges and bit rate", head + "#EXT-X-BITRATE:1000\n#EXTINF:6.0,\n#EXT-X-BYTERANGE:1000@0\na.ts\n" +
		"#EXT-X-BYTERANGE:500\n#EXTINF:6.0,\na.ts\n#EXTINF:6.0,\nb.ts\n", Inputs{}, func(p *probe.Playlist) {
		p.Segments = []probe.Segment{
			{MSN: 100, URI: "a.ts", Duration: 6 * time.Second, ByteRange: probe.State(probe.ByteRange{Length: 1000}), Line: 8},
			{
				MSN: 101, URI: "a.ts", Duration: 6 * time.Second,
				ByteRange: probe.State(probe.ByteRange{Length: 500, Offset: 1000}), Line: 11,
			},
			{MSN: 102, URI: "b.ts", Duration: 6 * time.Second, Bitrate: 1_000_000, Line: 13},
		}
	}},
	{"keys and maps are carried forward", head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k1\"\n" +
		"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://1\",KEYFORMAT=\"com.apple.streamingkeydelivery\"," +
		"KEYFORMATVERSIONS=\"1\"\n\n" +
		"#EXTINF:6.0,\na\n#EXTINF:6.0,\nb\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP:URI=\"init.mp4\",BYTERANGE=\"800@0\"\n" +
		"#EXTINF:6.0,\nc\n#EXTINF:6.0,\nd\n", Inputs{}, func(p *probe.Playlist) {
		keys := []probe.Key{aesKey, fairKey}
		p.Segments = []probe.Segment{
			{MSN: 100, URI: "a", Duration: 6 * time.Second, Keys: keys, Line: 9},
			{MSN: 101, URI: "b", Duration: 6 * time.Second, Keys: keys, Line: 11},
			{MSN: 102, URI: "c", Duration: 6 * time.Second, Map: init1, Line: 15},
			{MSN: 103, URI: "d", Duration: 6 * time.Second, Map: init1, Line: 17},
		}
	}},
	{"a new key replaces its own format", head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k0\"\n#EXTINF:6.0,\na\n" +
		"#EXT-X-KEY:METHOD=AES-128,URI=\"k1\"\n#EXTINF:6.0,\nb\n", Inputs{}, func(p *probe.Playlist) {
		p.Segments = []probe.Segment{
			{MSN: 100, URI: "a", Duration: 6 * time.Second, Keys: []probe.Key{{Method: "AES-128", URI: "k0"}}, Line: 7},
			{MSN: 101, URI: "b", Duration: 6 * time.Second, Keys: []probe.Key{aesKey}, Line: 10},
		}
	}},
	{"low latency", head + "#EXT-X-PART-INF:PART-TARGET=0.33334\n" +
		"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24,PART-HOLD-BACK=1.0,HOLD-BACK=18.5," +
		"CAN-SKIP-DATERANGES=YES\n" +
		"#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=\"a\tb\"\n" +
		"#EXT-X-PART:DURATION=0.33,URI=\"a.1.mp4\",INDEPENDENT=YES\n" +
		"#EXT-X-PART:DURATION=0.3,URI=\"a.2.mp4\",BYTERANGE=\"5@10\"\n#EXTINF:6.0,\na.mp4\n" +
		"#EXT-X-PART:DURATION=0.3,URI=\"a.2.mp4\",BYTERANGE=\"5\",GAP=YES\n" +
		"#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"b.2.mp4\",BYTERANGE-START=7,BYTERANGE-LENGTH=9\n" +
		"#EXT-X-RENDITION-REPORT:URI=\"../x.m3u8\",LAST-MSN=103,LAST-PART=0\n" +
		"#EXT-X-RENDITION-REPORT:URI=\"../y.m3u8\"\n", Inputs{}, func(p *probe.Playlist) {
		p.PartTarget = probe.State(333340 * time.Microsecond)
		p.ServerControl = probe.State(probe.ServerControl{
			CanBlockReload: true, CanSkipUntil: probe.State(24 * time.Second), CanSkipDateRanges: true,
			HoldBack: probe.State(18500 * time.Millisecond), PartHoldBack: probe.State(time.Second),
		})
		p.Skipped = probe.State(uint64(3))
		p.RemovedDateRanges = probe.State("a\tb")
		p.Segments = []probe.Segment{{MSN: 103, URI: "a.mp4", Duration: 6 * time.Second, Line: 11, Parts: []probe.Part{
			{URI: "a.1.mp4", Duration: 330 * time.Millisecond, Independent: true},
			{URI: "a.2.mp4", Duration: 300 * time.Millisecond, ByteRange: probe.State(probe.ByteRange{Length: 5, Offset: 10})},
		}}}
		p.TrailingParts = []probe.Part{{
			URI: "a.2.mp4", Duration: 300 * time.Millisecond, Gap: true,
			ByteRange: probe.State(probe.ByteRange{Length: 5, Offset: 15}),
		}}
		p.PreloadHints = []probe.PreloadHint{{
			Type: "PART", URI: "b.2.mp4", ByteRangeStart: 7, ByteRangeLength: probe.State(int64(9)),
		}}
		p.Parts = 3
		p.RenditionReports = []probe.RenditionReport{
			{URI: "../x.m3u8", LastMSN: probe.State(uint64(103)), LastPart: probe.State(uint64(0))},
			{URI: "../y.m3u8"},
		}
	}},
	{"cues", head + "#EXT-OATCLS-SCTE35:/DAlAAAAAAAAAP/wFAUAAAABf+/+ANgNkv9AFJlwAAEBAQAA9xULLA==\n#EXT-X-CUE-OUT:30\n" +
		"#EXTINF:6.0,\na\n#EXT-X-CUE-OUT:DURATION=15.5,BREAKID=1\n#EXTINF:6.0,\nb\n#EXT-X-CUE-OUT\n#EXTINF:6.0,\nc\n" +
		"#EXT-X-CUE-IN\n#EXTINF:6.0,\nd\n", Inputs{}, func(p *probe.Playlist) {
		p.Segments = []probe.Segment{
			{MSN: 100, URI: "a", Duration: 6 * time.Second, CueOut: probe.State(30 * time.Second), Line: 8},
			{MSN: 101, URI: "b", Duration: 6 * time.Second, CueOut: probe.State(15500 * time.Millisecond), Line: 11},
			{MSN: 102, URI: "c", Duration: 6 * time.Second, CueOut: probe.State(time.Duration(0)), Line: 14},
			{MSN: 103, URI: "d", Duration: 6 * time.Second, CueIn: true, Line: 17},
		}
	}},
	{"date ranges", head + "#EXT-X-DATERANGE:ID=\"ad\",CLASS=\"c\",START-DATE=\"2026-11-28T19:00:00Z\"," +
		"END-DATE=\"2026-11-28T19:00:30Z\",DURATION=30,PLANNED-DURATION=31,END-ON-NEXT=YES," +
		"SCTE35-OUT=0xFC00\n", Inputs{}, func(p *probe.Playlist) {
		p.DateRanges = []probe.DateRange{{
			ID: "ad", Class: "c", StartDate: at("2026-11-28T19:00:00Z"), EndDate: at("2026-11-28T19:00:30Z"),
			Duration: probe.State(30 * time.Second), PlannedDuration: probe.State(31 * time.Second), EndOnNext: true,
			SCTE35: "0xFC00",
		}}
	}},
	{
		"variables", head + "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"one\"\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"{$a}-two\"\n" +
			"#EXT-X-DEFINE:IMPORT=\"host\"\n#EXT-X-DEFINE:QUERYPARAM=\"token\"\n" +
			"#EXT-X-MAP:URI=\"{$a}.mp4\"\n" +
			"#EXTINF:6.0,{$a}\nhttp://{$host}/{$b}/{$none}{$}.ts?t={$token}\n",
		Inputs{Address: probe.AddressOf("http://h/p.m3u8?x=1&token=a%2Fb"), Imports: map[string]string{"host": "cdn"}},
		func(p *probe.Playlist) {
			p.Variables = map[string]string{"a": "one", "b": "one-two", "host": "cdn", "token": "a/b"}
			p.Segments = []probe.Segment{{
				MSN: 100, URI: "http://cdn/one-two/{$none}{$}.ts?t=a/b", Title: "{$a}", Duration: 6 * time.Second,
				Map: &probe.Map{URI: "one.mp4"}, Line: 11,
			}}
		},
	},
	{"multivariant", "#EXTM3U\n#EXT-X-VERSION:6\n" +
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,FORCED=NO," +
		"CHANNELS=\"2\",URI=\"en.m3u8\"\n" +
		"#EXT-X-STREAM-INF:BANDWIDTH=5000000000,AVERAGE-BANDWIDTH=4000000,CODECS=\"avc1.64001f,mp4a.40.2\"," +
		"RESOLUTION=1280x720,FRAME-RATE=29.970,VIDEO-RANGE=SDR,HDCP-LEVEL=NONE,AUDIO=\"aac\",CLOSED-CAPTIONS=NONE," +
		"NAME=\"hd\",PATHWAY-ID=\"A\"\n\nv.m3u8\n" +
		"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100,URI=\"i.m3u8\"\n" +
		"#EXT-X-CONTENT-STEERING:SERVER-URI=\"/s\"\n", Inputs{}, func(p *probe.Playlist) {
		p.Kind = probe.Multivariant
		p.TargetDuration, p.MediaSequence = probe.Fact[time.Duration]{}, probe.Fact[uint64]{}
		p.Renditions = []probe.Rendition{{
			Type: "AUDIO", GroupID: "aac", Name: "English", Language: "en", URI: "en.m3u8", Default: true, Autoselect: true,
			Channels: "2", Line: 3,
		}}
		p.Variants = []probe.Variant{{
			URI: "v.m3u8", Bandwidth: probe.State(uint64(5_000_000_000)), AverageBandwidth: probe.State(uint64(4_000_000)),
			Codecs: "avc1.64001f,mp4a.40.2",
			Width:  1280, Height: 720, FrameRate: 29.97, VideoRange: "SDR", HDCPLevel: "NONE", Audio: "aac",
			ClosedCaptions: "NONE", Name: "hd", PathwayID: "A", Line: 4,
		}}
		p.IFrames = []probe.Variant{{URI: "i.m3u8", Bandwidth: probe.State(uint64(100)), Line: 7}}
		p.Steering = true
	}},
	{"a version after the variants", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n" +
		"#EXT-X-VERSION:6\n", Inputs{}, func(p *probe.Playlist) {
		p.Kind = probe.Multivariant
		p.TargetDuration, p.MediaSequence = probe.Fact[time.Duration]{}, probe.Fact[uint64]{}
		p.Variants = []probe.Variant{{URI: "v.m3u8", Bandwidth: probe.State(uint64(1)), Line: 2}}
	}},
}

func TestFacts(t *testing.T) {
	for _, c := range factCases {
		for ends, text := range map[string]string{
			"LF": c.text, "CR LF": strings.ReplaceAll(c.text, "\n", "\r\n"), "CR": strings.ReplaceAll(c.text, "\n", "\r"),
			"BOM": bom + c.text,
		} {
			t.Run(c.name+"/"+ends, func(t *testing.T) {
				got := Decode([]byte(text), c.in)
				checkInvariants(t, c.name, []byte(text), got)
				want := &probe.Playlist{
					Kind: probe.Media, Problems: got.Problems, Bytes: len(text), Text: text, Version: probe.State(6),
					TargetDuration: probe.State(6 * time.Second), MediaSequence: probe.State(uint64(100)),
				}
				c.want(want)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got  %s\nwant %s", show(t, got), show(t, want))
				}
				for _, text := range SecondOpinion([]byte(text), c.in) {
					t.Error(text)
				}
			})
		}
	}
}

func show(t *testing.T, p *probe.Playlist) []byte {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseDate(t *testing.T) {
	for text, want := range map[string]struct {
		at   string
		form dateForm
	}{
		"2026-11-28T19:00:00.123Z":       {"2026-11-28T19:00:00.123Z", formFull},
		"2026-11-28T19:00:00.123456789z": {"2026-11-28T19:00:00.123456789Z", formFull},
		"2026-11-28t19:00:00,5+01:00":    {"2026-11-28T18:00:00.5Z", formFull},
		"2026-11-28T19:00:00.5+0130":     {"2026-11-28T17:30:00.5Z", formFull},
		"2026-11-28T19:00:00.5-08":       {"2026-11-29T03:00:00.5Z", formFull},
		"2026-11-28 19:00:00Z":           {"2026-11-28T19:00:00Z", formNoFraction},
		"20261128T190000Z":               {"2026-11-28T19:00:00Z", formNoFraction},
		"20261128T190000.25":             {"2026-11-28T19:00:00.25Z", formNoZone},
		"2026-11-28T19:00:00":            {"2026-11-28T19:00:00Z", formNoZone | formNoFraction},
		"2016-12-31T23:59:60.5Z":         {"2017-01-01T00:00:00.5Z", formFull},
		"2024-02-29T00:00:00.0Z":         {"2024-02-29T00:00:00Z", formFull},
		"2026-02-29T00:00:00.0Z":         {"", formBad},
		"2026-13-01T00:00:00.0Z":         {"", formBad},
		"2026-11-28":                     {"", formBad},
		"2026-11-28T19:00:00.Z":          {"", formBad},
		"2026-11-28T19:00:00.5Zjunk":     {"", formBad},
		"2026-11-28T19:00:00.5+1":        {"", formBad},
		"2026-11-28T19:00:00.5+99:00":    {"", formBad},
		"":                               {"", formBad},
		"foo":                            {"", formBad},
	} {
		got, form := parseDate(text)
		if form != want.form || want.at != "" && !got.Equal(at(want.at)) || want.at == "" && !got.IsZero() {
			t.Errorf("%q is %v in form %d, want %s in form %d", text, got, form, want.at, want.form)
		}
	}
}

func TestParseSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"6": 6 * time.Second, "6.006": 6006 * time.Millisecond, "0.0000000015": 2, "0.33334": 333340 * time.Microsecond,
		".5": time.Second / 2, "6.": 6 * time.Second,
		"": -1, ".": -1, "-3": -1, "+3": -1, "NaN": -1, "Inf": -1, "0x1p4": -1, "1_0": -1, "1e3": -1,
		"99999999999999999999": -1, "9223372036.9": -1, "6.0 ": -1,
	} {
		got, _, ok := parseSeconds(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}
