package checks

import (
	"github.com/streamwatch/streamwatch/probe"
)

var keyRotate = register(Check{
	ID:      "key.rotate",
	Summary: "keys are not changed any more",
	Doc: "The key URI used to change regularly, at least four times, and has now been the same for more than three " +
		"times as long as any key before it. Whatever rotates the keys may have stopped. Keys that never change are no " +
		"finding.",
	Spec:     "RFC 8216bis §4.4.4.4",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2, Of: 2,
	Run: func(p *Pass) {
		k := p.History.Keys
		if k.Count < 3 || !p.atSource() || !p.Obs.Playlist.Live() {
			return
		}
		if same := p.Now.Sub(k.Turned); same > 3*k.Longest+p.History.TD() {
			p.Reportf(probe.Warning, "one key for %s; before, %s at most", Seconds(same), Seconds(k.Longest))
		}
	},
})
