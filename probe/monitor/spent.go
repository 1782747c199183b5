package monitor

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// Spent counts the time that a stream is in each verdict. The zero value has
// counted nothing.
type Spent struct {
	until   time.Time // what was before is counted
	verdict probe.Verdict
	muted   bool
}

// Add appends the time since it was called last to samples: until the verdict
// changed that of the verdict before, from there on that of the new one.
func (s *Spent) Add(samples []probe.Sample, stream string, v incident.Verdict, now time.Time) []probe.Sample {
	was := *s
	if !was.until.IsZero() && !now.After(was.until) {
		return samples // polls of two renditions may end in another order than they are judged
	}
	*s = Spent{now, v.Verdict, v.Silenced != nil}
	if was.until.IsZero() {
		return samples
	}
	changed := was.until
	if v.Verdict != was.verdict {
		changed = v.Since
		if changed.Before(was.until) {
			changed = was.until
		} else if changed.After(now) {
			changed = now
		}
	}
	count := func(verdict probe.Verdict, muted bool, from, to time.Time) {
		if !to.After(from) {
			return
		}
		sample := probe.Sample{
			Metric: probe.VerdictTime, Stream: stream, Rendition: string(verdict), Value: to.Sub(from).Seconds(), At: now,
		}
		samples = append(samples, sample)
		if muted {
			sample.Metric = probe.SilencedTime
			samples = append(samples, sample)
		}
	}
	count(was.verdict, was.muted, was.until, changed)
	count(v.Verdict, s.muted, changed, now)
	return samples
}
