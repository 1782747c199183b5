package fleet

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// reportMessage is what an agent saw in a second: numbers, and how its streams
// look. Nothing in it is urgent.
type reportMessage struct {
	head
	ID    string       `json:"id"` // a report that is sent again has the same
	At    time.Time    `json:"at"`
	Rows  []sampleRow  `json:"rows,omitempty"`
	Looks []streamLook `json:"looks,omitempty"`
	// Dropped counts samples since the agent started that were given up because the
	// hub was away for too long.
	Dropped uint64          `json:"dropped,omitempty"`
	Control *controlMessage `json:"control,omitempty"`
	Busy    *busyMessage    `json:"busy,omitempty"`
}

// sampleRow is samples of one target at one moment, by the names that Prometheus
// shows.
type sampleRow struct {
	Stream    string             `json:"stream,omitempty"`
	Rendition string             `json:"rendition,omitempty"`
	Side      probe.Side         `json:"side,omitempty"`
	Edge      string             `json:"edge,omitempty"`
	At        time.Time          `json:"at"`
	Values    map[string]float64 `json:"values"`
}

// holds reports whether a sample belongs in the row.
func (r *sampleRow) holds(s *probe.Sample) bool {
	return r.Stream == s.Stream && r.Rendition == s.Rendition && r.Side == s.Side && r.Edge == s.Edge && r.At.Equal(s.At)
}

// streamLook is how a stream looks from a vantage.
type streamLook struct {
	order
	Stream string                `json:"stream"`
	At     time.Time             `json:"at"`
	Base   probe.Verdict         `json:"base"`
	Pulses []wirePulse           `json:"pulses,omitempty"`
	Sick   bool                  `json:"sick,omitempty"`  // views say more of it
	Shown  *probe.StreamSnapshot `json:"shown,omitempty"` // for the page; not each time where there are many streams
}

// controlMessage is whether the control URL answered an agent.
type controlMessage struct {
	OK    bool          `json:"ok"`
	Asked time.Time     `json:"asked"`
	Took  time.Duration `json:"took,omitempty"`
}

// busyMessage is when an agent did not get to run.
type busyMessage struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// ofHub reports whether a metric stands for what is wrong, which only the hub knows.
func ofHub(m *probe.Metric) bool {
	switch m {
	case probe.ViewerImpact, probe.OpenIncidents, probe.Silenced, probe.VerdictTime, probe.SilencedTime,
		probe.MonitorHeartbeat:
		return true
	}
	return false
}

// rows groups samples by target and moment, in their order.
func rows(samples []probe.Sample) []sampleRow {
	var list []sampleRow
	for i := range samples {
		s := &samples[i]
		if ofHub(s.Metric) || math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
			continue
		}
		n := len(list) - 1
		if n < 0 || !list[n].holds(s) {
			list = append(list, sampleRow{s.Stream, s.Rendition, s.Side, s.Edge, s.At, map[string]float64{}})
			n++
		}
		list[n].Values[s.Metric.Prometheus] = s.Value
	}
	return list
}

// samples are the samples of a report, as the sinks take them.
func (m *reportMessage) samples() []probe.Sample {
	var list []probe.Sample
	for i := range m.Rows {
		r := &m.Rows[i]
		for name, v := range r.Values {
			if metric, ok := probe.FindMetric(name); ok && !ofHub(metric) { // another version may have more
				list = append(list, probe.Sample{
					Metric: metric, Stream: r.Stream, Rendition: r.Rendition, Side: r.Side, Edge: r.Edge, Vantage: m.Vantage,
					Value: v, At: r.At,
				})
			}
		}
	}
	return list
}

// view is a look of a stream that shows nothing.
func (m *reportMessage) view(l *streamLook) (*incident.View, error) {
	v := &incident.View{Vantage: m.Vantage, Watcher: m.watcher(l.Lease), Stream: l.Stream, At: l.At, Base: l.Base}
	return v, fromPulses(v, l.Pulses)
}

func (m *reportMessage) encode() ([]byte, error) { return json.Marshal(m) }

// decodeReport reads a report, with times by the hub's clock.
func decodeReport(data []byte) (*reportMessage, error) {
	m := new(reportMessage)
	if err := read(data, m, &m.head); err != nil {
		return nil, err
	}
	if m.Vantage == "" || m.Agent == "" {
		return nil, fmt.Errorf("a report without vantage or agent")
	}
	shift(m, m.Clock)
	return m, nil
}
