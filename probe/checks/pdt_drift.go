package checks

import (
	"math"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var pdtDrift = register(Check{
	ID:      "pdt.drift",
	Summary: "program date-time drifts from the clock",
	Doc: "For twelve minutes the program date-time at the end of the newest segment steadily drifted from the clock: by " +
		"more than 50 ms a minute is a warning, by more than 200 ms an error. Whatever jitter, a cache and the time " +
		"between two polls can feign is allowed on top. More than 1 % is dur.sum. A step is no drift, and the twelve " +
		"minutes start again at a discontinuity, a restart, or a minute without a new segment. Judged at the origin, or at " +
		"an edge that is watched alone.",
	Spec:     "HLS Authoring Specification 8.4",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Hold:     60, // a trend is known for whole minutes
	Explains: []string{"pdt.latency"},
	Run: func(p *Pass) {
		c := p.History.Clock
		if c == nil || !c.Dated() {
			return
		}
		rate, slack, ok := c.DateTrend()
		if _, too := p.overrun(c); too {
			return
		}
		over := math.Abs(rate) - slack
		s := probe.Warning
		switch {
		case !ok || over <= 0.05:
			return
		case over > 0.2:
			s = probe.Error
		}
		p.Reportf(s, "%+.0f ms a minute for the last %d minutes", -rate*1000, evidence.ClockMinutes)
	},
})

var durSum = register(Check{
	ID:      "dur.sum",
	Summary: "more or less media is published than time goes by",
	Doc: "For twelve minutes the sum of EXTINF of the new segments steadily fell behind the clock or ran ahead of it: " +
		"by more than 1 % is a warning, by more than 2 % an error. Four minutes are enough for media that falls behind by " +
		"more than 5 %. Whatever jitter, a cache and the time between two polls can feign is allowed on top. Players run " +
		"dry, or fall behind. A stall that is caught up, a step, a discontinuity or a restart does not count, nor do " +
		"playlists that write every EXTINF in whole seconds, which may be rounded. Judged at the origin, or at an edge " +
		"that is watched alone.",
	Spec:     "HLS Authoring Specification 8.1",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Hold:     60,
	Explains: []string{"pdt.drift", "pdt.latency"},
	Run: func(p *Pass) {
		c := p.History.Clock
		if c == nil {
			return
		}
		if rate, too := p.overrun(c); too {
			s := probe.Warning
			if math.Abs(rate) > 1.2 {
				s = probe.Error
			}
			p.Reportf(s, "%.1f s of media are published in a minute", 60-rate)
		}
	},
})

// overrun is by how many seconds a minute the clock runs ahead of the media that
// is published, and whether that is more than 1 %, or 5 % where it is known for a
// few minutes only: an encoder that catches up runs fast for as long, and is well.
// What is rounded to seconds adds up to anything.
func (p *Pass) overrun(c *evidence.Clock) (perMinute float64, too bool) {
	if p.Obs.Playlist.WholeSeconds {
		return 0, false
	}
	if rate, slack, ok := c.MediaTrend(evidence.HasteMinutes); ok && rate-slack > 3 {
		return rate, true
	}
	rate, slack, ok := c.MediaTrend(evidence.ClockMinutes)
	return rate, ok && math.Abs(rate)-slack > 0.6
}

var pdtLatency = register(Check{
	ID:      "pdt.latency",
	Summary: "segments are published later than before",
	Doc: "For two minutes every new segment was published later, relative to its media time, than in the minutes " +
		"before. The difference is more than one target duration plus what jitter, a cache and the time between two polls " +
		"can feign: every viewer's latency grew by that much. The minutes before (at least three, at most ten) must have " +
		"been steady. A program date-time more than 1 s ahead of our clock is info, since either clock may be wrong.",
	Spec:     "HLS Authoring Specification 8.5",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Hold:     60,
	Timed:    true,
	Run: func(p *Pass) {
		c, td := p.History.Clock, p.History.TD()
		if c == nil || td == 0 {
			return
		}
		if c.Dated() && c.Behind.Seconds() < -1 && p.History.WallClock() {
			p.Reportf(probe.Info, "the newest segment ends %.1f s from now", -c.Behind.Seconds())
		}
		if late, ok := c.Step(); ok && late > td.Seconds()+2*c.Jitter() {
			p.Reportf(probe.Warning, "later by %.1f s, for two minutes", late)
		}
	},
})
