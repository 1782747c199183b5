package checks

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
}

// Position is the newest part of a playlist at a moment.
type Position struct {
	At   time.Time
	MSN  uint64
	Part int       // -1 is the whole segment
	Edge time.Time // program date-time at its end; zero without one
}

// before reports whether a lies before b in the stream.
func (a Position) before(b Position) bool {
	return a.MSN < b.MSN || a.MSN == b.MSN && a.Part < b.Part
}

// delivers returns the probe and its target's state when it asked for one of
// asks; else the check cannot tell.
func (p *Pass) delivers(asks ...probe.Ask) (*probe.LowLatencyProbe, *LowLatency, bool) {
	l := p.Obs.LowLatency
	for _, a := range asks {
		if l.Ask == a && l.Known != nil && p.History.LowLatency != nil {
			return l, p.History.LowLatency, true
		}
	}
	p.Silent = true
	return nil, nil, false
}

// partTarget is the part target duration that was known when asking.
func (p *Pass) partTarget() time.Duration { return p.Obs.LowLatency.Known.PartTarget.Value }

// network is what a round trip and a scheduler may add to a time.
const network = 100 * time.Millisecond
