package checks

import (
	"math"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var pdtDrift = register(Check{
	ID:      "pdt.drift",
	Summary: "program date-time drifts from the clock",
	Doc: "For twelve minutes the end of the newest segment, by program date-time, moved evenly against the clock: by more than 50 ms a minute warning, 200 ms error, and what jitter, " +
		"a cache and the time between two polls can feign on top; what is more than 1 % is dur.sum's. A step is no drift, and a discontinuity, a restart or a minute without a new segment begins the minutes anew. Judged at the origin, or at an edge that is watched alone.",
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
	Doc: "For twelve minutes the sum of EXTINF of new segments fell behind the clock, or ran ahead of it, evenly and by more than 1 %: warning; 2 %: error, and what jitter, a cache and the time between two polls can feign on top: players " +
		"run dry or fall behind. A stall that is caught up, a step, a discontinuity and a restart are none of it, nor are playlists that write every EXTINF without a fraction, which may be rounded. Judged at the origin, or at an edge that is watched alone.",
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
// is published, and whether that is more than 1 %. What is rounded to seconds
// adds up to anything.
func (p *Pass) overrun(c *evidence.Clock) (perMinute float64, too bool) {
	if p.Obs.Playlist.WholeSeconds {
		return 0, false
	}
	rate, slack, ok := c.MediaTrend()
	return rate, ok && math.Abs(rate)-slack > 0.6
}

var pdtLatency = register(Check{
	ID:      "pdt.latency",
	Summary: "segments are published later than before",
	Doc: "For two minutes every new segment was published later, against the media time before it, than in the minutes before (three at least, ten at most), which were alike, by more than one target " +
		"duration and what jitter, a cache and the time between two polls can feign: the latency of every viewer rose by as much. A program date-time that is ahead of our clock by more than 1 s is info, for either clock may be wrong.",
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
			p.Reportf(probe.Warning, "for two minutes by %.1f s", late)
		}
	},
})
