package judge

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// positionsKept is how many newest parts of one playlist are remembered.
const positionsKept = 32

// filePosition notes the newest part of a playlist.
func filePosition(h *checks.History, pl *probe.Playlist, at time.Time) {
	if h.LowLatency == nil {
		h.LowLatency = &checks.LowLatency{}
	}
	msn, part := pl.LastPart()
	h.LowLatency.Positions = push(h.LowLatency.Positions, checks.Position{At: at, MSN: msn, Part: part, Edge: pl.PartEdge()}, positionsKept)
}

// fileLowLatency makes a probe of low-latency delivery part of its history.
func fileLowLatency(h *checks.History, o *probe.Observation) {
	if h.LowLatency == nil {
		h.LowLatency = &checks.LowLatency{}
	}
	l, ll, at := o.LowLatency, h.LowLatency, o.Exchange.Done
	ll.At = at
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

// awaitsDelivery is awaitsPair for low latency: both sides are probed at the
// same moments, so that the other side soon shows whether it has the fault too.
func (j *Judge) awaitsDelivery(tr *tracker, now time.Time) bool {
	h := tr.t.h
	if h.Target.Side != probe.Edge || h.Pair == nil || h.Pair.LowLatency == nil || j.opts.Once || tr.check.Side == probe.Edge {
		return false
	}
	if now.Sub(tr.began) > max(4*h.TD(), 5*time.Second) {
		return false
	}
	return h.Pair.LowLatency.At.Before(tr.last) || j.aboutToFind(h.Pair, tr.check)
}
