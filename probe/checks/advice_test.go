package checks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// What is info opens no incident, so no timeline shows that it is found.
func TestLowLatencyAdvice(t *testing.T) {
	for _, c := range []struct{ check, parts, extra, want string }{
		{"ll.part.indep", "8 0.5 without independent", "", "none of the 4 parts of segment 106 has INDEPENDENT=YES"},
		{"ll.part.indep", "8 0.5", "", ""},
		{"ll.part.keep", "8 0.5 keep 8", "", "parts of segment 103, which ended 9.5 s ago"},
		{"ll.part.keep", "8 0.5 keep 4", "", ""},
		{"ll.hint", "8 0.5 without hint", "", "parts and no hint for the next one"},
		{"ll.hint", "8 0.5", "", ""},
		{
			"ll.partholdback", "8 0.5", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.25\n",
			"PART-HOLD-BACK is 1.25s, three part targets are 1.5s",
		},
		{"ll.partholdback", "8 0.5", "", ""},
		{
			"ll.part.short", "8 0.5 without hint", "#EXT-X-PART:DURATION=0.2,URI=\"x\"\n#EXT-X-PART:DURATION=0.5,URI=\"y\"\n",
			"1 part of 17, such as part 3 of segment 108 with 200ms, part target 500ms",
		},
	} {
		p := &player{t: t}
		text := p.expand("parts "+c.parts+"\n"+c.extra, epoch.Add(1500*time.Millisecond))
		pl := playlist.Decode([]byte(text), playlist.Inputs{})
		h := &evidence.History{Playlist: pl}
		pass := &checks.Pass{Now: epoch, Obs: &probe.Observation{Playlist: pl}, History: h, Stream: &evidence.Stream{}}
		found, _ := checks.Find(c.check)
		found.Run(pass)
		switch got := pass.Found; {
		case c.want == "" && got == nil:
		case c.want == "" || got == nil || got.Severity != probe.Info || !strings.Contains(got.Detail, c.want):
			t.Errorf("%s of parts %s: got %+v, want info %q", c.check, c.parts, got, c.want)
		}
	}
}
