package checks

import "github.com/streamwatch/streamwatch/probe"

var altStuck = register(Check{
	ID:      "alt.stuck",
	Summary: "one rendition stopped while others move on",
	Doc: "A media playlist is stale (past the first limit of upd.stale), and another one on the same side got a new " +
		"segment after this one's was due.",
	Spec:             "RFC 8216bis §6.2.4",
	Severity:         probe.Critical,
	Blame:            probe.BlameEncoder,
	Explains:         []string{"upd.stale", "ll.*", "alt.edge", "edge.*"},
	Staleness:        true,
	Timed:            true,
	AcrossRenditions: true,
	Run: func(p *Pass) {
		age, limit, ok := p.staleness()
		if !ok || age <= limit {
			p.Silent = p.Obs.Playlist == nil
			return
		}
		h := p.History
		due := h.Advanced.Add(h.Playlist.MeanDuration() + h.TD()/4 + h.Allowance()) // each playlist is cached by itself
		for _, s := range h.Siblings {
			if p.comparable(s) && s.Advanced.After(due) && !s.Failing() {
				p.Reportf(probe.Critical, "no new segment for %s (limit %s) while %s moves on",
					Seconds(age), Seconds(limit), s.Target.Rendition)
				return
			}
		}
	},
})
