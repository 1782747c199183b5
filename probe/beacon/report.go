package beacon

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/streamwatch/streamwatch/probe"
)

// report is what a player sends: sums since its last beacon. Fields that it
// does not know are ignored, because pages live longer than monitors.
type report struct {
	Event     string              `json:"event"`
	Stream    string              `json:"stream"`
	Kind      string              `json:"kind"`
	Startup   probe.Fact[float64] `json:"startup_seconds"`
	Latency   probe.Fact[float64] `json:"latency_seconds"`
	Played    probe.Fact[float64] `json:"played_seconds"`
	Stalls    probe.Fact[float64] `json:"stalls"`
	StallTime probe.Fact[float64] `json:"stall_seconds"`
	Errors    probe.Fact[float64] `json:"errors"`
}

// value is one number of a report and the most that it counts as. A laptop that
// slept for an hour is no liar, but a single beacon must not move the sums of
// thousands: what is above the limit is the limit.
type value struct {
	metric *probe.Metric
	stated probe.Fact[float64]
	limit  float64
}

// values lists the numbers of a report. Who played without a stall or an error
// had none of them, which is a zero and not a gap.
func (r *report) values() []value {
	if r.Played.Stated {
		for _, v := range []*probe.Fact[float64]{&r.Stalls, &r.StallTime, &r.Errors} {
			v.Stated = true
		}
	}
	return []value{
		{probe.ViewerStartup, r.Startup, 120},
		{probe.ViewerLatency, r.Latency, 600},
		{probe.ViewerPlayed, r.Played, 120},
		{probe.ViewerStalls, r.Stalls, 30},
		{probe.ViewerStallTime, r.StallTime, 600},
		{probe.ViewerErrors, r.Errors, 30},
	}
}

// decode reads a beacon's body. No answer repeats what was sent.
func decode(body []byte) (*report, error) {
	var r report
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, errors.New("the body is no JSON object of a player")
	}
	for _, v := range r.values() {
		switch n := v.stated.Value; {
		case n < 0 || math.IsNaN(n):
			return nil, fmt.Errorf("%s is negative", v.metric.Prometheus)
		case v.metric.Unit == probe.UnitCount && n != math.Trunc(n):
			return nil, fmt.Errorf("%s is not a whole number", v.metric.Prometheus)
		}
	}
	return &r, nil
}
