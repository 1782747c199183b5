package checks

import (
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var segBitratePeak = register(Check{
	ID:      "seg.bitrate.peak",
	Summary: "bit rate rose above BANDWIDTH",
	Doc: "The newest 20 segments of a variant together have more than 125 % of its BANDWIDTH, while the mean of the " +
		"hour before (at least ten minutes) was within it. Players that chose this variant stall. A variant that was " +
		"never within its BANDWIDTH, and a single segment above 110 %, are info: the stream is made like that.",
	Spec:     "RFC 8216bis §4.4.6.2; HLS Authoring Specification 1.29; CoreMedia error -12318",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnSegment,
	After:    2, Of: 3,
	Hold:     10,
	Explains: []string{"seg.bitrate.avg"},
	Run: func(p *Pass) {
		rec, ok := p.firstProbe()
		limit := float64(p.History.Target.Peak)
		if !ok || rec.Size <= 0 || rec.Duration <= 0 || limit == 0 {
			p.Silent = true
			return
		}
		if own := float64(rec.Size) * 8 / rec.Duration.Seconds(); own > 1.1*limit && rec.Duration*2 >= p.History.TD() {
			p.Reportf(probe.Info, "segment %d has %.0f kbit/s, BANDWIDTH is %.0f", rec.MSN, own/1000, limit/1000)
		}
		hour, known := p.History.Rate.Mean(evidence.RateEvidence)
		if now, _, enough := p.History.Recent(evidence.RateRecent); enough && known && now > 1.25*limit && hour <= limit {
			p.Reportf(probe.Warning, "the last %d segments have %.0f kbit/s, BANDWIDTH is %.0f; the mean was %.0f",
				evidence.RateRecent, now/1000, limit/1000, hour/1000)
		}
	},
})

var segBitrateAvg = register(Check{
	ID:      "seg.bitrate.avg",
	Summary: "mean bit rate rose above AVERAGE-BANDWIDTH",
	Doc: "The mean bit rate of the last hour (at least half an hour) is more than 110 % of the variant's " +
		"AVERAGE-BANDWIDTH, and was within it before. A variant that never was is simply made like that: info.",
	Spec:     "HLS Authoring Specification 1.28",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnSegment,
	After:    2, Of: 3,
	Hold: 10,
	Run: func(p *Pass) {
		_, ok := p.firstProbe()
		r, limit := &p.History.Rate, 1.1*float64(p.History.Target.Average)
		mean, known := r.Mean(evidence.RateHour)
		if !ok || !known || limit == 0 {
			p.Silent = true
			return
		}
		if mean > limit {
			s := probe.Info
			if r.Least <= limit {
				s = probe.Warning
			}
			p.Reportf(s, "%.0f kbit/s, AVERAGE-BANDWIDTH is %.0f", mean/1000, limit/1100)
		}
	},
})

var segBitrateLow = register(Check{
	ID:      "seg.bitrate.low",
	Summary: "bit rate collapsed",
	Doc: "Five segments of a variant in a row each have less than a tenth of its AVERAGE-BANDWIDTH, or of the mean of " +
		"the last hour where that is not stated. The mean of the hour (at least ten minutes) must be more than half of " +
		"it. The picture may be black, frozen or a slate.",
	Spec:     "RFC 8216bis §4.4.6.2",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnSegment,
	Hold:     3,
	Explains: []string{"seg.size"},
	Run: func(p *Pass) {
		rec, ok := p.firstProbe()
		h := p.History
		hour, known := h.Rate.Mean(evidence.RateEvidence)
		if !ok || !known || h.Target.Peak == 0 {
			p.Silent = true
			return
		}
		base := float64(h.Target.Average)
		if base == 0 {
			base = hour
		}
		if mean, most, enough := h.Recent(evidence.RateLow); enough && most < base/10 && hour > base/2 {
			p.Reportf(probe.Warning, "segment %d and those before it have %.0f kbit/s; the mean of the hour is %.0f",
				rec.MSN, mean/1000, hour/1000)
		}
	},
})

var bitrateTag = register(Check{
	ID:      "bitrate.tag",
	Summary: "EXT-X-BITRATE is not what segments have",
	Doc: "The size of a segment divided by its EXTINF is outside 90 to 110 % of its EXT-X-BITRATE: info. More than " +
		"twice, or less than half: warning, because players choose a variant by that tag. Three of four segments open an " +
		"incident.",
	Spec:     "RFC 8216bis §4.4.4.8",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnSegment,
	After:    3, Of: 4,
	Hold: 3,
	Run: func(p *Pass) {
		rec, ok := p.firstProbe()
		if !ok || rec.Size <= 0 || rec.Duration <= 0 {
			p.Silent = true
			return
		}
		s, listed := listed(p.History, rec)
		if !listed || s.Bitrate == 0 {
			p.Silent = true
			return
		}
		own := float64(rec.Size) * 8 / rec.Duration.Seconds()
		sev := probe.Info
		switch ratio := own / float64(s.Bitrate); {
		case ratio >= 0.9 && ratio <= 1.1:
			return
		case ratio > 2, ratio < 0.5:
			sev = probe.Warning
		}
		p.Reportf(sev, "segment %d has %.0f kbit/s, its tag says %.0f", rec.MSN, own/1000, float64(s.Bitrate)/1000)
	},
})
