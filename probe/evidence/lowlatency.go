package evidence

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// LowLatency is what is known of the low-latency delivery of one target.
type LowLatency struct {
	At        time.Time  // newest probe
	Waited    time.Time  // newest reload that was held until its part appeared
	Ignored   time.Time  // newest reload that was answered without its part
	Positions []Position // newest parts by when they were seen, oldest first
	Arrivals  []Position // of those, the ones for which a reload had waited
	// Gaps are the newest times from one part to the next, or until that was
	// given up, as measured by reloads one after the other; oldest first.
	Gaps []time.Duration
}

// Position is the newest part of a playlist at a moment.
type Position struct {
	At   time.Time
	MSN  uint64
	Part int       // -1 is the whole segment
	Edge time.Time // program date-time at its end; zero without one
}

// Before reports whether a lies before b in the stream.
func (a Position) Before(b Position) bool {
	return a.MSN < b.MSN || a.MSN == b.MSN && a.Part < b.Part
}

// positionsKept is how many newest parts of one playlist are remembered.
const positionsKept = 32

// gapsKept is how many gaps between parts are remembered.
const gapsKept = 3

// filePosition notes the newest part of a playlist.
func filePosition(h *History, pl *probe.Playlist, at time.Time) {
	if h.LowLatency == nil {
		h.LowLatency = &LowLatency{}
	}
	msn, part := pl.LastPart()
	h.LowLatency.Positions = push(h.LowLatency.Positions, Position{At: at, MSN: msn, Part: part, Edge: pl.PartEdge()},
		positionsKept)
}

// fileLowLatency makes a probe of low-latency delivery part of its history.
func fileLowLatency(h *History, o *probe.Observation) {
	if h.LowLatency == nil {
		h.LowLatency = &LowLatency{}
	}
	l, ll, at := o.LowLatency, h.LowLatency, o.Exchange.Done
	ll.At = at
	if l.Ask == probe.AskNext && !l.Since.IsZero() && l.Listed.Value.IsZero() {
		ll.Gaps = push(ll.Gaps, at.Sub(l.Since), gapsKept)
	}
	if l.Playlist == nil || !l.Playlist.Live() || l.Playlist.Skipped.Stated {
		return
	}
	if l.Playlist.Parts > 0 {
		filePosition(h, l.Playlist, at)
	}
	switch {
	case l.Ask != probe.AskNext:
	case l.Waited(o.Exchange.Duration()):
		ll.Waited = at
		ll.Arrivals = push(ll.Arrivals, ll.Positions[len(ll.Positions)-1], positionsKept)
	case !l.Playlist.Lists(l.MSN, l.Part):
		ll.Ignored = at
	}
}
