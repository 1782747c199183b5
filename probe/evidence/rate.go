package evidence

import (
	"math"
	"time"
)

// Rate is the mean bit rate of a rendition: what is an hour older counts e times
// less. File adds each segment whose size is known, once.
type Rate struct {
	Bits, Seconds float64
	Media         time.Duration // of the segments that were added
	Least         float64       // the least mean with enough evidence, bits per second; 0 is none yet
}

// How much evidence a mean bit rate needs, and how many segments are recent.
const (
	RateEvidence = 10 * time.Minute // of media before a mean is one
	RateHour     = 30 * time.Minute // before it is that of an hour
	RateRecent   = 20               // newest segments that count as now
	RateLow      = 5                // segments in a row that make a low rate
)

// Add takes in a segment.
func (r *Rate) Add(size int64, d time.Duration) {
	if size <= 0 || d <= 0 {
		return
	}
	fade := math.Exp(-d.Hours())
	r.Bits, r.Seconds, r.Media = r.Bits*fade+float64(size)*8, r.Seconds*fade+d.Seconds(), r.Media+d
	if mean, ok := r.Mean(RateEvidence); ok && (r.Least == 0 || mean < r.Least) {
		r.Least = mean
	}
}

// Mean is in bits per second; false without so much evidence.
func (r *Rate) Mean(evidence time.Duration) (float64, bool) {
	return r.Bits / r.Seconds, r.Media >= evidence
}

// Recent is the mean and the largest bit rate of the newest n segments; false
// when fewer are known.
func (h *History) Recent(n int) (mean, most float64, ok bool) {
	var bits, secs float64
	count := 0
	for i := len(h.Sizes) - 1; i >= 0 && count < n; i-- {
		s := &h.Sizes[i]
		if s.Duration <= 0 {
			continue
		}
		b, d := float64(s.Bytes)*8, s.Duration.Seconds()
		bits, secs, most = bits+b, secs+d, max(most, b/d)
		count++
	}
	return bits / secs, most, count == n
}
