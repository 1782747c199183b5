package sim

import (
	"slices"
	"time"
)

// span is a run of segments of one length.
type span struct {
	number int64         // of its first segment
	begin  time.Duration // since the broadcast began
	length time.Duration // of each segment
}

// timeline says when each segment of a rendition begins and is published. It is
// a value: config and faults make it, nothing changes it.
type timeline struct {
	start  time.Time
	spans  []span // in order, at least one
	jitter time.Duration
	seed   uint64
}

// newTimeline lays out the segments of a rendition. Faults that stretch begin
// and end at a segment boundary.
func newTimeline(start time.Time, length, stretched, jitter time.Duration, seed uint64, faults []*injected) timeline {
	tl := timeline{start: start, spans: []span{{length: length}}, jitter: jitter, seed: seed}
	for _, in := range faults {
		if !in.fault.stretch {
			continue
		}
		tl.change(in.From, stretched)
		if !in.Until.IsZero() {
			tl.change(in.Until, length)
		}
	}
	return tl
}

// change gives the segments that begin at or after a moment another length.
func (tl *timeline) change(at time.Time, length time.Duration) {
	s := tl.spans[len(tl.spans)-1]
	n := max(0, (at.Sub(tl.start)-s.begin+s.length-1)/s.length)
	next := span{number: s.number + int64(n), begin: s.begin + n*s.length, length: length}
	if n == 0 {
		tl.spans[len(tl.spans)-1] = next
		return
	}
	tl.spans = append(tl.spans, next)
}

// segment returns where a segment lies on the timeline.
func (tl *timeline) segment(number int64) (begin, length time.Duration) {
	i, found := slices.BinarySearchFunc(tl.spans, number, func(s span, n int64) int { return int(s.number - n) })
	if !found {
		i--
	}
	s := tl.spans[i]
	return s.begin + time.Duration(number-s.number)*s.length, s.length
}

// published is when a segment appears in the playlist: when it is complete,
// give or take the jitter.
func (tl *timeline) published(number int64) time.Time {
	begin, length := tl.segment(number)
	return tl.start.Add(begin + length + tl.shift(number))
}

// shift is the jitter of one segment, within ± jitter.
func (tl *timeline) shift(number int64) time.Duration {
	if tl.jitter == 0 {
		return 0
	}
	h := scramble(uint64(number) ^ scramble(tl.seed))
	return time.Duration(float64(tl.jitter) * (float64(h>>11)/(1<<52) - 1)).Truncate(time.Millisecond)
}

// scramble is the mixer of splitmix64.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// last returns the newest segment that is published at a moment, -1 before the
// first.
func (tl *timeline) last(now time.Time) int64 {
	since := now.Sub(tl.start)
	if since < 0 {
		return -1
	}
	i := len(tl.spans) - 1
	for i > 0 && tl.spans[i].begin > since {
		i--
	}
	s := tl.spans[i]
	// The segment in progress; jitter publishes it early at most, and its
	// predecessor late.
	number := s.number + int64((since-s.begin)/s.length)
	for number >= 0 && tl.published(number).After(now) {
		number--
	}
	return number
}
