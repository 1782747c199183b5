package checks

import "github.com/streamwatch/streamwatch/probe"

var winShrunk = register(Check{
	ID:      "win.shrunk",
	Summary: "newest segments were taken back",
	Doc: "The playlist ends at a lower media sequence number than before although its start did not go back. Growing at the same start is legal, " +
		"and so is a step back at the edge within its cache's allowance when another point of presence answered.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{"upd.stale", "ll.*", "alt.*", "edge.ahead", "edge.body", "edge.lag", "win.short"},
	Run: func(p *Pass) {
		prev, cur, ok := p.update()
		if !ok || cur.Segments[0].MSN < prev.Segments[0].MSN {
			return
		}
		was, is := last(prev).MSN, last(cur).MSN
		if is < was && !p.otherCache(was-is) {
			p.Reportf(probe.Critical, "newest segment was %d, is %d: %d taken back", was, is, was-is)
		}
	},
})

// update returns the two media playlists of an update when both list segments.
func (p *Pass) update() (prev, cur *probe.Playlist, ok bool) {
	prev, cur = p.History.Previous, p.Obs.Playlist
	return prev, cur, prev != nil && cur != nil && len(prev.Segments) > 0 && len(cur.Segments) > 0
}

func last(pl *probe.Playlist) *probe.Segment { return &pl.Segments[len(pl.Segments)-1] }
