package monitor

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// measure turns an observation into samples. While the stream is not due, or
// over, what alarms stand on is not there rather than bad.
func measure(h *evidence.History, o *probe.Observation, v incident.Verdict, now time.Time) []probe.Sample {
	idle := v.Verdict == probe.Waiting || v.Verdict == probe.Ended
	m := meter{h: h, at: now, muted: v.Muted, out: make([]probe.Sample, 0, samplesOf(o))}
	switch o.Look() {
	case probe.LookPoll:
		m.impact(&v)
		m.poll(o, idle)
		m.add(probe.OpenIncidents, float64(len(v.Open)))
		m.add(probe.Silenced, flag(v.Silenced != nil))
	case probe.LookSegment:
		m.segment(o, idle)
	default: // none of the others has a metric of its own
	}
	return m.out
}

// poll measures a poll of a playlist.
func (m *meter) poll(o *probe.Observation, idle bool) {
	h, now := m.h, m.at
	if available := o.OK() && h.Failures == 0; available || !idle {
		m.add(probe.ManifestAvail, flag(available))
	}
	if o.OK() {
		m.add(probe.ManifestFetch, o.Exchange.Duration().Seconds())
	}
	if h.Playlist == nil || h.Playlist.Kind != probe.Media {
		return
	}
	if h.Playlist.Live() && !idle {
		m.add(probe.ManifestAge, now.Sub(h.Advanced).Seconds())
	}
	m.add(probe.MediaSequence, float64(h.Playlist.MediaSequence.Value))
	if h.Target.Side == probe.Edge && !idle {
		m.edge(o, now)
	}
}

// samplesOf is how many samples an observation gives as a rule, with that of the
// time spent in a verdict.
func samplesOf(o *probe.Observation) int {
	switch {
	case o.Look() == probe.LookSegment:
		return 3
	case !o.Poll():
		return 0
	case o.Target.Side == probe.Edge:
		return 14
	default:
		return 9
	}
}

// meter collects samples of one target.
type meter struct {
	h     *evidence.History
	at    time.Time
	muted bool // no alarm may stand on what is measured
	out   []probe.Sample
}

func (m *meter) add(metric *probe.Metric, v float64) {
	s := probe.Sample{Metric: metric, Stream: m.h.Target.Stream, Rendition: m.h.Target.Rendition, Value: v, At: m.at}
	s.Muted = m.muted && MayAlarm(metric, v)
	if metric.Scope == probe.BySide {
		s.Side = m.h.Target.Side
	}
	if metric.OfStream() {
		s.Rendition = ""
	} else {
		s.Edge = m.h.Target.Edge
	}
	m.out = append(m.out, s)
}

// MayAlarm reports whether a value may put an alarm into its state: each age and
// lag may, since its limit is not known here.
func MayAlarm(metric *probe.Metric, v float64) bool {
	switch metric {
	case probe.ManifestAvail, probe.SegmentAvail:
		return v < 1
	case probe.ManifestAge, probe.EdgeLag, probe.EdgeLagSegments:
		return true
	default:
		return false
	}
}

// impact adds what each side is to blame for: whose fault it is that viewers
// suffer, as alarms need it.
func (m *meter) impact(v *incident.Verdict) {
	one := probe.Sample{Metric: probe.ViewerImpact, Stream: m.h.Target.Stream, Side: probe.Origin, At: m.at}
	one.Value = v.Impact[probe.Origin]
	m.out = append(m.out, one)
	one.Side = probe.Edge
	if m.h.Target.Edge != "" {
		one.Edge, one.Value = m.h.Target.Edge, v.Edges[m.h.Target.Edge]
		m.out = append(m.out, one)
		return
	}
	for _, e := range m.h.Edges {
		if e.Target.Edge != "" {
			one.Edge, one.Value = e.Target.Edge, v.Edges[e.Target.Edge]
			m.out = append(m.out, one)
		}
	}
	if one.Edge == "" {
		one.Value = v.Impact[probe.Edge]
		m.out = append(m.out, one)
	}
}

func (m *meter) segment(o *probe.Observation, idle bool) {
	if o.OK() || !idle {
		m.add(probe.SegmentAvail, flag(o.OK()))
	}
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
	if segments, lag, ok := lagBehind(m.h); ok {
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
	if v := m.h.Versions; m.h.WallClock() {
		m.add(probe.LiveLatency, now.Sub(v[len(v)-1].LiveEdge.Time()).Seconds())
	}
}

// lagBehind is how far the edge's newest segment is behind the origin's, or where that
// is not watched behind that of another edge, as last seen.
func lagBehind(edge *evidence.History) (segments int64, behind time.Duration, ok bool) {
	origin := edge.Reference()
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
