package incident_test

import (
	"slices"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// A part that is lost has the playlist polled at once: when that is lost too,
// the part is no news.
func TestALostPartAsksForThePlaylist(t *testing.T) {
	at := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	target := probe.Target{Stream: "s", Rendition: "v", Side: probe.Origin}
	j := incident.NewDesk(incident.Options{}, at).Stream(checks.Options{Stream: "s"})
	j.Targets([]probe.Target{target})
	pl := playlist.Decode([]byte("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:1\n"+
		"#EXT-X-PART-INF:PART-TARGET=0.5\n"+
		"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5\n#EXTINF:2.0,\na\n#EXTINF:2.0,\nb\n#EXTINF:2.0,\nc\n"+
		"#EXT-X-PART:DURATION=0.5,URI=\"d\"\n"), playlist.Inputs{})
	ok := probe.Exchange{Status: 200, Started: at, Done: at}
	j.Step(&probe.Observation{Target: target, Exchange: ok, Playlist: pl, Hash: 1}, at)
	at = at.Add(time.Second)
	lost := probe.Exchange{Status: 404, Started: at, Done: at}
	h, res := j.Step(&probe.Observation{
		Target: target, Exchange: lost, LowLatency: &probe.LowLatencyProbe{Ask: probe.AskPart, MSN: 4, URI: "d", Known: pl},
	}, at)
	if !slices.Contains(res.Poke, target) || len(res.Incidents) > 0 || h == nil {
		t.Errorf("got %+v, want a poll of the playlist and nothing else", res)
	}
}
