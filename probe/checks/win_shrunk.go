package checks

import (
	"fmt"

	"github.com/streamwatch/streamwatch/probe"
)

var winShrunk = register(Check{
	ID:      "win.shrunk",
	Summary: "newest segments were taken back",
	Doc: "The playlist ends at a lower media sequence number than before, although its start did not go back. Growth " +
		"at the same start is legal. So is a step back at the edge, within its cache's allowance, when another point of " +
		"presence answered.",
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
		switch what := changed(prev, cur); {
		case is >= was || p.otherCache(was-is):
		case what != "":
			p.Accuse(probe.BlameEncoder, probe.Critical,
				"the newest segment was %d, is %d, and %s: the numbering started again", was, is, what)
		default:
			p.Reportf(probe.Critical, "newest segment was %d, is %d: %d taken back", was, is, was-is)
		}
	},
})

// changed says in what the first segment differs that both list under one
// number, "" when in nothing.
func changed(prev, cur *probe.Playlist) string {
	for i := range cur.Segments {
		b := &cur.Segments[i]
		if a, ok := prev.Find(b.MSN); ok {
			if what := difference(a, b); what != "" {
				return fmt.Sprintf("segment %d: %s", b.MSN, what)
			}
		}
	}
	return ""
}

// update returns the two media playlists of an update when both list segments.
func (p *Pass) update() (prev, cur *probe.Playlist, ok bool) {
	prev, cur = p.History.Previous, p.Obs.Playlist
	return prev, cur, prev != nil && cur != nil && len(prev.Segments) > 0 && len(cur.Segments) > 0
}

func last(pl *probe.Playlist) *probe.Segment { return &pl.Segments[len(pl.Segments)-1] }
