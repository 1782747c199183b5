package evidence

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Numberings is from which distance of media sequence numbers on an edge is not
// late, but numbers its segments in another way.
const Numberings = 1000

// Lag is how an edge's newest playlist compares with what its origin had listed,
// or another edge.
type Lag struct {
	// Known: the other was seen, and both number their segments alike.
	Known bool
	// Age is how long ago, at least, the other listed a segment that the edge does
	// not list; 0 when there is none.
	Age time.Duration
	// Segments is how many such segments there were when the edge was asked.
	Segments uint64
	// Hidden is the part of Age during which the other's newer texts had the
	// validators of the edge's copy, so a cache that asked got "not modified".
	Hidden time.Duration
}

// Reference is what tells how late an edge is: its origin, and where that is not
// watched the edge that is furthest. What one edge lists the origin has listed,
// so that it is late at least by that. Nil where there is neither.
func (h *History) Reference() *History {
	ref := h.Pair
	if ref != nil || h.Target.Side != probe.Edge {
		return ref
	}
	for _, e := range h.Edges {
		if len(e.Versions) > 0 && (ref == nil || e.High > ref.High) {
			ref = e
		}
	}
	return ref
}

// Lag compares the edge with the ring of the versions of its Reference: a
// version is known by its newest segment, so that an edge which rewrites the
// text is compared too. No header takes part in it.
func (h *History) Lag() Lag {
	o := h.Reference()
	if h.Target.Side != probe.Edge || o == nil || len(o.Versions) == 0 {
		return Lag{}
	}
	if h.Playlist == nil || len(h.Playlist.Segments) == 0 {
		return Lag{}
	}
	at, newest, copied := h.Good.Exchange.Started, last(h.Playlist).MSN, validator(&h.Good.Exchange)
	lag := Lag{Known: true}
	visible := time.Duration(0) // how long ago a cache could learn that there is something newer
	for _, v := range slices.Backward(o.Versions) {
		switch {
		case v.LastMSN > newest+Numberings || newest > v.LastMSN+Numberings:
			lag.Known = lag.Segments > 0
			return lag
		case v.LastMSN <= newest:
			return lag
		case v.First.After(at):
			continue // the edge was asked before
		}
		lag.Age = at.Sub(v.First)
		if copied == 0 || v.Validator != copied {
			visible = lag.Age
		}
		lag.Hidden = lag.Age - visible
		if lag.Segments == 0 {
			lag.Segments = v.LastMSN - newest
		}
	}
	return lag
}

// validator sums up what a cache asks by whether an answer changed: its ETag,
// compared weakly, else its Last-Modified (RFC 9110 §8.8 and §13.1). 0 is none.
func validator(ex *probe.Exchange) uint64 {
	switch {
	case ex.ETag != "":
		return maphash.String(validatorSeed, strings.TrimPrefix(ex.ETag, "W/"))
	case !ex.LastModified.IsZero():
		return uint64(ex.LastModified.Unix())
	}
	return 0
}

var validatorSeed = maphash.MakeSeed()

// WholeSecond is how much longer than its headers say a healthy cache keeps a
// copy that counts ages in whole seconds, as nginx does and the Age header
// (RFC 9111 §5.1): one of max-age=1 is fresh for nearly two.
const WholeSecond = time.Second

// Overdue is by how much the edge's content is older than its cache may let it
// be, by headers and by what its origin hid from it; 0 when it is not.
func (h *History) Overdue() time.Duration {
	lag := h.Lag()
	return max(0, lag.Age-lag.Hidden-h.Allowance()-WholeSecond)
}

// refreshes is how many intervals between two texts tell at which beat an edge
// takes new ones from its origin.
const refreshes = 5

// Refresh is the usual time between two texts of the playlist as they were seen
// here, the median of the newest five, and whether so many are known that it can
// be called usual. At an edge it is the period of its cache, whatever the
// headers say.
func (h *History) Refresh() (every time.Duration, usual bool) {
	var between []time.Duration
	for i := len(h.Versions) - 1; i > 0 && len(between) < refreshes; i-- {
		between = append(between, h.Versions[i].First.Sub(h.Versions[i-1].First))
	}
	if len(between) == 0 {
		return 0, false
	}
	slices.Sort(between)
	if len(between) < 3 {
		return between[len(between)-1], false
	}
	return between[len(between)/2], true
}

// Late is how an edge was behind at one poll.
type Late struct {
	At    time.Time
	Lag   Lag
	Still bool // it was asked again and gave the same copy
}

// fileLate notes how late the edge is, unless it was later within the newest
// target duration: what was found there is explained by how it was then.
func (h *History) fileLate(at time.Time) {
	if lag := h.Lag(); lag.Age >= h.Late.Lag.Age || at.Sub(h.Late.At) > h.TD() {
		h.Late = Late{At: at, Lag: lag, Still: h.Still()}
	}
}

// fileAge notes since when the edge has been asked for a copy that its cache
// should have replaced, and gave it.
func (h *History) fileAge(o *probe.Observation, changed bool) {
	switch {
	case h.Overdue() == 0:
		h.OverdueSince = time.Time{}
	case changed || h.OverdueSince.IsZero():
		h.OverdueSince = o.Exchange.Started
	}
}

// Still reports whether the edge, asked for an overdue copy, still gave the same
// one when it was asked again, later than a cache needs that revalidates in the
// background. It tells a cache that is stuck from one that is late by a request.
func (h *History) Still() bool {
	const roundTrip = 300 * time.Millisecond // of the cache to its origin, before which it cannot have the next copy
	return !h.OverdueSince.IsZero() && h.Good != nil &&
		h.Good.Exchange.Started.Sub(h.OverdueSince) >= max(h.TD()/4-WholeSecond, roundTrip)
}
