package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var pdtOdd = register(Check{
	ID:      "pdt.odd",
	Summary: "one rendition's program date-times are not those of the others",
	Doc: "By program date-time, and by when its segments were first seen, one rendition is more than two target " +
		"durations ahead of the others and ahead of our clock. Or it is days away from them, or minutes behind although " +
		"it lists the same segment numbers. The majority of video and audio renditions is taken to be right; without a " +
		"majority, whatever is nearer to the clock. Subtitles are compared with video and audio, never the other way " +
		"round, and are odd when half a minute ahead, whatever the clock says. Players that align by date show no " +
		"subtitles, or switch to another moment. A rendition that is merely behind may be late, which is alt.edge.",
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
	Doc: "By program date-time, the newest segment ends more than a day behind our clock, or more than half a minute " +
		"ahead of it, while new segments keep coming: the dates count from 1970 or from another day. Players play. But " +
		"latency cannot be measured, so its metric is missing, and date ranges and a start by date fail. Dates that are " +
		"ahead by less are pdt.latency.",
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
		return Count(days, "day") + word
	}
	return Seconds(d) + word
}
