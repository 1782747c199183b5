package judge

import (
	"cmp"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// measure turns an observation into samples.
func (j *Judge) measure(h *checks.History, o *probe.Observation, now time.Time) []probe.Sample {
	if o.LowLatency != nil {
		return nil // it has no metric of its own
	}
	m := meter{h: h, at: now, out: make([]probe.Sample, 0, samplesOf(o))}
	if o.CORS {
		return nil
	}
	if o.Segment != nil {
		if o.Segment.Media() {
			m.segment(o)
		}
		return m.out
	}
	j.impact(&m)
	m.add(probe.ManifestAvail, flag(o.OK() && h.Failures == 0))
	if o.OK() {
		m.add(probe.ManifestFetch, o.Exchange.Duration().Seconds())
	}
	if h.Playlist == nil || h.Playlist.Kind != probe.Media {
		return m.out
	}
	if h.Playlist.Live() {
		m.add(probe.ManifestAge, now.Sub(h.Advanced).Seconds())
	}
	m.add(probe.MediaSequence, float64(h.Playlist.MediaSequence.Value))
	if h.Target.Side == probe.Edge {
		m.edge(o, now)
	}
	m.add(probe.OpenIncidents, float64(len(j.incidents)))
	return m.out
}

// samplesOf is how many samples an observation gives at most.
func samplesOf(o *probe.Observation) int {
	switch {
	case o.CORS:
		return 0
	case o.Segment != nil:
		return 3
	case o.Target.Side == probe.Edge:
		return 12
	default:
		return 7
	}
}

// meter collects samples of one target.
type meter struct {
	h   *checks.History
	at  time.Time
	out []probe.Sample
}

func (m *meter) add(metric *probe.Metric, v float64) {
	s := probe.Sample{Metric: metric, Stream: m.h.Target.Stream, Rendition: m.h.Target.Rendition, Value: v, At: m.at}
	if metric.Scope == probe.BySide {
		s.Side = m.h.Target.Side
	}
	if metric.OfStream() {
		s.Rendition = ""
	}
	m.out = append(m.out, s)
}

// impact adds what each side is to blame for: whose fault it is that viewers
// suffer, as alarms need it.
func (j *Judge) impact(m *meter) {
	var of [len(probe.Sides) + 1]float64
	for _, in := range j.incidents {
		side := culprit(in)
		switch {
		case in.closed || side == probe.NoSide:
		case in.Severity >= probe.Critical && j.verdict == probe.Down:
			of[side] = 2
		case in.Severity >= probe.Error:
			of[side] = max(of[side], 1)
		}
	}
	for _, side := range probe.Sides {
		m.out = append(m.out, probe.Sample{Metric: probe.ViewerImpact, Stream: m.h.Target.Stream, Side: side, Value: of[side], At: m.at})
	}
}

// culprit is the side that an incident is the fault of; none for our own path.
func culprit(in *incident) probe.Side {
	switch in.Blame {
	case probe.BlameCDN:
		return probe.Edge
	case probe.BlameEncoder, probe.BlameOrigin:
		return probe.Origin
	case probe.BlamePath:
		return probe.NoSide
	case probe.BlameConfig, probe.BlameUnknown:
	}
	return cmp.Or(in.Side, probe.Origin)
}

func (m *meter) segment(o *probe.Observation) {
	m.add(probe.SegmentAvail, flag(o.OK()))
	if !o.OK() {
		return
	}
	took := o.Exchange.Duration()
	m.add(probe.SegmentFetch, took.Seconds())
	if d := o.Segment.Duration; d > 0 {
		m.add(probe.SegmentRatio, took.Seconds()/d.Seconds())
	}
}

func (m *meter) edge(o *probe.Observation, now time.Time) {
	if segments, lag, ok := lag(m.h); ok {
		m.add(probe.EdgeLagSegments, float64(segments))
		m.add(probe.EdgeLag, lag.Seconds())
	}
	if !o.OK() {
		return
	}
	switch o.Exchange.Cache() {
	case "hit", "refreshhit":
		m.add(probe.EdgeCacheHit, 1)
	case "":
	default:
		m.add(probe.EdgeCacheHit, 0)
	}
	if age := o.Exchange.Age; age.Stated {
		m.add(probe.EdgeObjectAge, age.Value.Seconds())
	}
	if v := m.h.Versions; len(v) > 0 && !v[len(v)-1].LiveEdge.IsZero() {
		m.add(probe.LiveLatency, now.Sub(v[len(v)-1].LiveEdge).Seconds())
	}
}

// lag is how far the edge's newest segment is behind the origin's, as last seen.
func lag(edge *checks.History) (segments int64, behind time.Duration, ok bool) {
	origin := edge.Pair
	if origin == nil || origin.Playlist == nil || edge.Playlist == nil || origin.Playlist.Kind != probe.Media {
		return 0, 0, false
	}
	v, ok := origin.SeenBefore(edge.Good.Exchange.Started)
	if len(origin.Versions) > 0 && edge.Failing() {
		v, ok = origin.Versions[len(origin.Versions)-1], true
	}
	e := edge.Versions[len(edge.Versions)-1].LastMSN
	if !ok || v.LastMSN <= e || v.LastMSN-e > 1000 {
		return 0, 0, ok
	}
	segments = int64(v.LastMSN - e)
	return segments, time.Duration(segments) * origin.Playlist.MeanDuration(), true
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
