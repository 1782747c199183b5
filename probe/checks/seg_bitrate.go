package checks

import (
	"math"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Rate is the mean bit rate of a rendition: what is an hour older counts e times
// less. The judge adds each segment whose size is known, once.
type Rate struct {
	Bits, Seconds float64
	Media         time.Duration // of the segments that were added
	Least         float64       // the least mean with enough evidence, bits per second; 0 is none yet
}

const (
	rateEvidence = 10 * time.Minute // of media before a mean is one
	rateHour     = 30 * time.Minute // before it is that of an hour
	rateRecent   = 20               // newest segments that count as now
	rateLow      = 5                // segments in a row that make a low rate
)

// Add takes in a segment.
func (r *Rate) Add(size int64, d time.Duration) {
	if size <= 0 || d <= 0 {
		return
	}
	fade := math.Exp(-d.Hours())
	r.Bits, r.Seconds, r.Media = r.Bits*fade+float64(size)*8, r.Seconds*fade+d.Seconds(), r.Media+d
	if mean, ok := r.mean(rateEvidence); ok && (r.Least == 0 || mean < r.Least) {
		r.Least = mean
	}
}

// mean is in bits per second; false without so much evidence.
func (r *Rate) mean(evidence time.Duration) (float64, bool) {
	return r.Bits / r.Seconds, r.Media >= evidence
}

// recent is the mean and the largest bit rate of the newest n segments; false
// when fewer are known.
func (h *History) recent(n int) (mean, most float64, ok bool) {
	var bits, secs float64
	count := 0
	for i := len(h.Segments) - 1; i >= 0 && count < n; i-- {
		s := &h.Segments[i]
		if !s.OK || s.Size <= 0 || s.Duration <= 0 {
			continue
		}
		b, d := float64(s.Size)*8, s.Duration.Seconds()
		bits, secs, most = bits+b, secs+d, max(most, b/d)
		count++
	}
	return bits / secs, most, count == n
}

var segBitratePeak = register(Check{
	ID:      "seg.bitrate.peak",
	Summary: "bit rate rose above BANDWIDTH",
	Doc: "The newest 20 segments of a variant have more than 125 % of its BANDWIDTH together, where the mean of the hour before (ten minutes at least) was within it: players that chose it stall. A variant that " +
		"was never within its BANDWIDTH, and single segments above 110 %, are how the stream is made: info.",
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
		hour, known := p.History.Rate.mean(rateEvidence)
		if now, _, enough := p.History.recent(rateRecent); enough && known && now > 1.25*limit && hour <= limit {
			p.Reportf(probe.Warning, "the last %d segments have %.0f kbit/s, BANDWIDTH is %.0f; the mean was %.0f", rateRecent, now/1000, limit/1000, hour/1000)
		}
	},
})

var segBitrateAvg = register(Check{
	ID:       "seg.bitrate.avg",
	Summary:  "mean bit rate rose above AVERAGE-BANDWIDTH",
	Doc:      "The mean bit rate of an hour, of half an hour at least, is more than 110 % of the variant's AVERAGE-BANDWIDTH, where it was within that before. A variant that never was is made so: info.",
	Spec:     "HLS Authoring Specification 1.28",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnSegment,
	After:    2, Of: 3,
	Hold: 10,
	Run: func(p *Pass) {
		_, ok := p.firstProbe()
		r, limit := &p.History.Rate, 1.1*float64(p.History.Target.Average)
		mean, known := r.mean(rateHour)
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
	Doc: "Five segments of a variant in a row have each less than a tenth of its AVERAGE-BANDWIDTH, or of the mean of the hour where that is not stated, and the mean of the hour (ten minutes at least) is more than " +
		"half of it: the picture may be black, frozen or a slate.",
	Spec:     "RFC 8216bis §4.4.6.2",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnSegment,
	Hold:     3,
	Explains: []string{"seg.size"},
	Run: func(p *Pass) {
		rec, ok := p.firstProbe()
		h := p.History
		hour, known := h.Rate.mean(rateEvidence)
		if !ok || !known || h.Target.Peak == 0 {
			p.Silent = true
			return
		}
		base := float64(h.Target.Average)
		if base == 0 {
			base = hour
		}
		if mean, most, enough := h.recent(rateLow); enough && most < base/10 && hour > base/2 {
			p.Reportf(probe.Warning, "segment %d and those before it have %.0f kbit/s; the mean of the hour is %.0f", rec.MSN, mean/1000, hour/1000)
		}
	},
})

var bitrateTag = register(Check{
	ID:       "bitrate.tag",
	Summary:  "EXT-X-BITRATE is not what segments have",
	Doc:      "The size of a segment over its EXTINF is outside of 90 to 110 % of its EXT-X-BITRATE: info; more than twice or less than half: warning, for players choose by it. Three of four segments open an incident.",
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
		s, listed := p.History.listed(rec)
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
