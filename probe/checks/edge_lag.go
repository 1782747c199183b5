package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var edgeLag = register(Check{
	ID:      "edge.lag",
	Summary: "edge is behind the origin",
	Doc: "The edge serves content that the origin replaced too long ago. This compares content with the versions seen " +
		"at the origin, and needs no header. If the origin's headers state no TTL, or one above a target duration, it is " +
		"an error after one target duration and critical after 1.5. Otherwise it counts from one second after the time " +
		"that the headers allow. An edge that stands still is then an error, and critical one target duration later. An " +
		"edge that moves on but stays one copy behind, as caches do that revalidate in the background, is info below one " +
		"target duration, a warning below three (the default hold-back), and critical from there on.",
	Spec:      "RFC 8216bis §6.2.1; CloudFront Developer Guide, Expiration",
	Severity:  probe.Critical,
	Blame:     probe.BlameCDN,
	After:     2,
	Of:        3,
	Explains:  []string{"edge.age", "upd.stale", "ll.*", "alt.*"},
	Staleness: true,
	Timed:     true,
	Run: func(p *Pass) {
		h := p.History
		if h.Target.Side != probe.Edge || p.Obs.Playlist == nil || !p.Obs.Playlist.Live() {
			p.Silent = h.Failing()
			return
		}
		lag := h.Lag()
		if !lag.Known || lag.Age == 0 {
			return
		}
		s := severityOfLag(h, lag.Age)
		if s == probe.NoSeverity {
			return
		}
		p.Reportf(s, "%s behind, for %s; its cache explains %s",
			Count(lag.Segments, "segment"), Seconds(lag.Age), Seconds(min(h.Allowance(), h.TD())))
		p.Found.Proven = h.Still()
	},
})

// severityOfLag is how bad it is that the edge's content was replaced at the
// origin so long ago.
func severityOfLag(h *evidence.History, age time.Duration) probe.Severity {
	td := h.TD()
	ttl, stated := h.TTL()
	if !stated || ttl > td {
		return step(age, probe.Error, td, 3*td/2, 3*td/2)
	}
	limit := h.Allowance() + evidence.WholeSecond
	if age <= limit {
		return probe.NoSeverity
	}
	if h.Still() {
		return step(age-limit, probe.Error, 0, td)
	}
	switch {
	case age < td:
		return probe.Info
	case age < 3*td:
		return probe.Warning
	default:
		return probe.Critical
	}
}

// step is a severity that rises from the first one, past each limit.
func step(d time.Duration, first probe.Severity, limits ...time.Duration) probe.Severity {
	s := probe.NoSeverity
	for i, limit := range limits {
		if d > limit {
			s = min(first+probe.Severity(i), probe.Critical)
		}
	}
	return s
}

// allowedSegments is how many segments a cache that keeps its promise can be
// behind: ceil(TTL / mean duration).
func allowedSegments(h *evidence.History) uint64 {
	if h.Playlist == nil {
		return 1
	}
	d := h.Playlist.MeanDuration()
	if d <= 0 {
		return 1
	}
	return uint64((h.Allowance() + d - time.Nanosecond) / d)
}
