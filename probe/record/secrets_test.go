package record

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// Nothing that is secret is in a file, and what differs by a secret alone still
// differs.
func TestNoSecretIsRecorded(t *testing.T) {
	secrets := new(fetch.Secrets)
	secrets.AddHeader("Bearer hEaDeRsEcReT0123456789")
	f := newFixture(t, Options{Secrets: secrets})
	text := `#EXTM3U
#EXT-X-TARGETDURATION:2
# session=MARKc0mm3nt8f7a6b5c4d3e2f1a0
#EXT-X-DEFINE:NAME="auth",VALUE="MARKdefine8f7a6b5c4d3e2f1a0"
#EXT-X-DEFINE:VALUE="MARKreverse8f7a6b5c4d3",NAME="token"
#EXT-X-SESSION-DATA:DATA-ID="com.example.token",VALUE="MARKdata8f7a6b5c4d3e2f1a0"
#EXT-X-KEY:METHOD=AES-128,URI="data:text/plain;base64,TUFSS2tleWtleWtleWtleQ=="
#EXT-X-MAP:URI="init.mp4?Policy=MARKmap8f7a6b5c4d3e2f1a0"
#EXT-X-DATERANGE:ID="ad",START-DATE="2026-11-28T19:00:00Z",` +
		`X-ASSET-LIST="https://ads.example/?s=MARKasset8f7a6b5c4d3",X-TOKEN="MARKx8f7a6b5c4d3e2f1a0"
#EXTINF:2.000,see https://user:MARKpass8f7a@cdn.example/x?sig=MARKtitle8f7a6b5c4d3
hdntl=exp=1~hmac=MARKpath8f7a6b5c4d3/seg1.ts
#EXTINF:2.000,
seg2.ts?token=MARKone8f7a6b5c4d3e2f1a0
#EXTINF:2.000,
seg2.ts?token=MARKtwo8f7a6b5c4d3e2f1a0
#EXTINF:2.000,
hEaDeRsEcReT0123456789/seg3.ts?auth={$auth}
`
	at := targetsFor("main")[0]
	at.URL = "http://user:MARKuser8f7a@origin.test/m.m3u8?token=MARKentry8f7a6b5c4d3"
	f.rec.Targets("main", []probe.Target{at})
	f.rec.Look(&probe.Observation{
		Target: at, Playlist: playlist.Decode([]byte(text), playlist.Inputs{}), Hash: 1,
		Exchange: probe.Exchange{
			Address: probe.AddressOf(at.URL), URL: fetch.Shown(at.URL), Status: 200, Started: f.now, Done: f.now,
			Via: "echo hEaDeRsEcReT0123456789",
		},
	})
	f.rec.Look(&probe.Observation{
		Target: at,
		Segment: &probe.SegmentProbe{
			URI:      "seg2.ts?token=MARKone8f7a6b5c4d3e2f1a0",
			Problems: []probe.Problem{{Check: "c", Detail: "hEaDeRsEcReT0123456789"}},
		},
		Exchange: probe.Exchange{
			Address: probe.AddressOf("http://o/seg2.ts?token=MARKone8f7a6b5c4d3e2f1a0"), Status: 200,
			Started: f.now, Done: f.now,
		},
	})
	foreign := playlist.Decode([]byte("<html>MARKforeign"), playlist.Inputs{})
	f.rec.Look(&probe.Observation{
		Target: at, Playlist: foreign, Exchange: probe.Exchange{Foreign: true, Status: 200, Started: f.now, Done: f.now},
	})
	f.tell("one", probe.Opened, "main")
	f.tell("one", probe.Closed, "main")

	got := f.read("one")
	for _, marker := range []string{"MARK", "TUFSS2", "hEaDeRsEcReT0123456789", "user:"} {
		if i := strings.Index(got, marker); i >= 0 {
			t.Errorf("%q is recorded: …%s…", marker, got[max(0, i-80):min(len(got), i+80)])
		}
	}
	var shown Body
	for line := range strings.Lines(got) {
		var l Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Body != nil && strings.Contains(l.Body.Text, "EXTM3U") {
			shown = *l.Body
		}
	}
	p := playlist.Decode([]byte(shown.Text), playlist.Inputs{})
	if len(p.Segments) != 4 || p.Segments[1].URI == p.Segments[2].URI {
		t.Fatalf("the playlist became\n%s", shown.Text)
	}
	if !strings.Contains(got, `"uri":"`+p.Segments[1].URI+`"`) {
		t.Errorf("the probe of %s has another address", p.Segments[1].URI)
	}
	if p.Segments[3].URI == "" || strings.Contains(p.Segments[3].URI, "{$") {
		t.Errorf("a variable became %q", p.Segments[3].URI)
	}
}
