package checks

import (
	"fmt"

	"github.com/streamwatch/streamwatch/probe"
)

var hdrChanged = register(Check{
	ID:      "hdr.changed",
	Summary: "a tag that may not change did",
	Doc: "EXT-X-VERSION, PLAYLIST-TYPE, PART-TARGET, SERVER-CONTROL or INDEPENDENT-SEGMENTS differs from the previous " +
		"playlist.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{"edge.body"},
	Run: func(p *Pass) {
		a, b := p.History.Previous, p.Obs.Playlist
		switch {
		case b.EndList: // what ends may become EVENT or VOD
		case a.Version != b.Version:
			p.Reportf(probe.Error, "EXT-X-VERSION was %s, is %s", factText(a.Version), factText(b.Version))
		case a.Type != b.Type:
			p.Reportf(probe.Error, "EXT-X-PLAYLIST-TYPE was %q, is %q", a.Type, b.Type)
		case a.PartTarget != b.PartTarget:
			p.Reportf(probe.Error, "PART-TARGET was %s, is %s", factText(a.PartTarget), factText(b.PartTarget))
		case a.ServerControl != b.ServerControl:
			p.Reportf(probe.Error, "EXT-X-SERVER-CONTROL changed")
		case a.IndependentSegments != b.IndependentSegments:
			p.Reportf(probe.Error, "EXT-X-INDEPENDENT-SEGMENTS came or went")
		}
	},
})

func factText[T any](f probe.Fact[T]) string {
	if !f.Stated {
		return "absent"
	}
	return fmt.Sprint(f.Value)
}
