package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var pdtOdd = register(Check{
	ID:      "pdt.odd",
	Summary: "one rendition's program date-times are not those of the others",
	Doc: "By program date-time, and when its segments were first seen, one rendition is ahead of the others " +
		"by more than two target durations, and ahead of our clock; or it is days away from them, or " +
		"minutes behind while it lists the same segment numbers. What " +
		"most renditions of video and audio have is right, then what is nearer to the clock. Subtitles are " +
		"held against video and audio, and never the other way round: ahead by half a minute they are odd " +
		"whatever the clock says. Players that align by date show no subtitles, or switch to another " +
		"moment. A rendition that is behind may be late, which is alt.edge.",
	Spec:             "RFC 8216bis §6.2.4, §4.4.4.6",
	Severity:         probe.Error,
	Blame:            probe.BlameEncoder,
	When:             OnPlaylist,
	After:            2,
	Of:               3,
	AcrossRenditions: true,
	Explains:         []string{"pdt.clock"},
	Run: func(p *Pass) {
		h := p.History
		if !p.first() {
			return
		}
		off, than := h.OddDates()
		if than == nil {
			return
		}
		lead, _ := h.Lead()
		p.Reportf(probe.Error, "%s those of %s, %s our clock", aheadOf(off), than.Target.Rendition, aheadOf(lead))
	},
})

var pdtClock = register(Check{
	ID:      "pdt.clock",
	Summary: "program date-times are no wall clock",
	Doc: "The end of the newest segment, by program date-time, is more than a day behind our clock or half " +
		"a minute ahead of it, and new segments come: dates count from 1970 or from another day. Players " +
		"play; but latency cannot be measured, so that there is no metric of it, and date ranges and a " +
		"start by date miss. Ahead by less is pdt.latency.",
	Spec:     "HLS Authoring Specification 8.4",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2,
	Of:       3,
	Run: func(p *Pass) {
		h := p.History
		lead, dated := h.Lead()
		if !dated || h.WallClock() || !p.first() || !h.Advanced.After(h.First) {
			return
		}
		p.Reportf(probe.Warning, "the newest segment ends %s our clock, by its program date-time", aheadOf(lead))
	},
})

// aheadOf prints by how much something is ahead or behind: "60.0 s ahead of",
// "3 days behind".
func aheadOf(d time.Duration) string {
	word := " ahead of"
	if d < 0 {
		word = " behind"
	}
	d = d.Abs()
	if days := uint64(d / (24 * time.Hour)); days > 1 {
		return plural(days, "day") + word
	}
	return seconds(d) + word
}
