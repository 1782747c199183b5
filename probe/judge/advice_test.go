package judge_test

import (
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// What is only worth knowing is advice: no incident, the verdict stays, it is
// told once though both sides show it, and it goes when it is mended.
func TestAdvice(t *testing.T) {
	j := watching(options(), "v", "w")
	second := 0.0
	poll := func(side probe.Side, rendition, kind string) *probe.StreamSnapshot {
		second++
		o := poll(target(rendition, side), at(second), live(100, 6))
		o.Exchange.ContentType = kind
		return look(j, o)
	}
	const unusual, usual = "application/x-mpegURL", "application/vnd.apple.mpegurl"
	for _, c := range []struct {
		side            probe.Side
		rendition, kind string
		from            probe.Side // of the advice; none is no advice
		renditions      int
	}{
		{probe.Edge, "v", unusual, probe.Edge, 1},
		{probe.Origin, "v", unusual, probe.Origin, 1},
		{probe.Origin, "v", unusual, probe.Origin, 1}, // said again, it stays
		{probe.Origin, "w", unusual, probe.Origin, 2},
		{probe.Origin, "v", usual, probe.Origin, 1},
		{probe.Origin, "w", usual, probe.Edge, 1},
		{probe.Edge, "v", usual, probe.NoSide, 0},
	} {
		s := poll(c.side, c.rendition, c.kind)
		if len(s.OpenIncidents) > 0 || s.Verdict != probe.OK && s.Verdict != probe.Waiting {
			t.Fatalf("%+v: incidents %v, verdict %s", c, s.OpenIncidents, s.Verdict)
		}
		var got []probe.Advice
		for _, a := range s.Advice {
			if a.Check == "http.ctype.playlist" {
				got = append(got, a)
			}
		}
		switch {
		case c.renditions == 0 && len(got) == 0:
		case len(got) != 1 || got[0].Side != c.from || len(got[0].Renditions) != c.renditions:
			t.Errorf("%+v: advice %+v", c, got)
		}
	}
}
