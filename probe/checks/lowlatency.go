package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// delivers returns the probe and its target's state when it asked for one of
// asks; else the check cannot tell.
func (p *Pass) delivers(asks ...probe.Ask) (*probe.LowLatencyProbe, *evidence.LowLatency, bool) {
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
