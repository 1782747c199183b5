package evidence

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// SlowShare is from which share of what a segment lasts a probe of it is slow. It
// is less than what seg.slow calls a fault: two hosts are held against each other,
// and one of them may stay just below that.
const SlowShare = 1. / 3

// Speed is how fast the segments of a target arrive. Times are when a probe was
// done; zero is never.
type Speed struct {
	Quick time.Time // newest probe that was not slow
	Slow  time.Time // newest probe that was slow
	Share float64   // how long that one took, as a share of what its segment lasts

	// What an edge was asked for a second time, a cache has: its origin has no
	// part in how long that takes.
	KeptQuick time.Time // newest second look that was not slow
	KeptSlow  time.Time // newest one that was slow, though a header says that it came from the cache
	KeptShare float64   // as Share
}

// fileSpeed notes how long a probe of a media segment took.
func fileSpeed(h *History, o *probe.Observation) {
	s, ex := o.Segment, &o.Exchange
	if !ex.OK() && ex.Failure != probe.FailTimeout || s.Duration <= 0 || o.Strained {
		return
	}
	share := float64(ex.Duration()) / float64(s.Duration)
	rec, known := h.Segment(s.MSN)
	// Whoever asks while the cache still waits for its origin waits too, whatever X-Cache says.
	had := known && rec.had && rec.FirstOK().Before(ex.Started)
	again := h.Target.Side == probe.Edge && s.Repeat && had && ex.OK()
	switch slow := share > SlowShare || !ex.OK(); {
	case slow && again && ex.Hit():
		h.Speed.KeptSlow, h.Speed.KeptShare = ex.Done, share
		fallthrough
	case slow:
		h.Speed.Slow, h.Speed.Share = ex.Done, share
	default:
		h.Speed.Quick = ex.Done
		if again {
			h.Speed.KeptQuick = ex.Done
		}
	}
}
