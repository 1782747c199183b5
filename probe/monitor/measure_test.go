package monitor

import (
	"maps"
	"math"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/incident/incidenttest"
)

var (
	epoch = incidenttest.Epoch

	at, target, poll, failed, listing = incidenttest.At, incidenttest.Target, incidenttest.Poll,
		incidenttest.Failed, incidenttest.Playlist
)

// watching returns a desk's stream that watches one rendition on both sides.
func watching(o incident.Options) *incident.Stream {
	s := incident.NewDesk(o, epoch).Stream(checks.Options{Stream: "s"})
	s.Targets([]probe.Target{target("v", probe.Origin), target("v", probe.Edge)})
	return s
}

// sampled judges an observation and measures it.
func sampled(t *testing.T, s *incident.Stream, o *probe.Observation) map[string]float64 {
	t.Helper()
	h, _ := s.Step(o, o.Exchange.Done)
	return values(t, measure(h, o, s.Verdict(), o.Exchange.Done))
}

// values returns the samples by name, and fails on one that is no number.
func values(t *testing.T, samples []probe.Sample) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for _, s := range samples {
		if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
			t.Errorf("%s = %v", s.Metric.Name, s.Value)
		}
		if (s.Side != probe.NoSide) != (s.Metric.Scope == probe.BySide) {
			t.Errorf("%s has side %q", s.Metric.Name, s.Side)
		}
		out[s.Metric.Name] = s.Value
	}
	return out
}

func TestMeasure(t *testing.T) {
	j := watching(incident.Options{})
	origin, edge := target("v", probe.Origin), target("v", probe.Edge)
	want := func(name string, o *probe.Observation, want map[string]float64) {
		t.Helper()
		want["Silenced"] = 0
		if got := sampled(t, j, o); !maps.Equal(got, want) {
			t.Errorf("%s:\ngot  %v\nwant %v", name, got, want)
		}
	}
	want("a failure before anything is known", failed(origin, at(209), 0, probe.FailReset),
		map[string]float64{"OpenIncidents": 0, "ViewerImpact": 0})
	want("the origin", poll(origin, at(210), listing(100, 6)),
		map[string]float64{
			"ManifestAvailable": 1, "ManifestFetchMilliseconds": 0.01, "ManifestAgeSeconds": 0, "MediaSequence": 100,
			"OpenIncidents": 0, "ViewerImpact": 0,
		})
	hit := poll(edge, at(211), listing(99, 6))
	hit.Exchange.XCache, hit.Exchange.Age = "Hit from cloudfront", probe.State(2*time.Second)
	want("the edge, one segment behind", hit, map[string]float64{
		"ManifestAvailable": 1, "ManifestFetchMilliseconds": 0.01, "ManifestAgeSeconds": 0, "MediaSequence": 99,
		"OpenIncidents": 0, "ViewerImpact": 0,
		"EdgeLagSegments": 1, "EdgeLagSeconds": 2, "EdgeCacheHit": 1, "EdgeObjectAgeSeconds": 2, "LiveLatencySeconds": 1,
	})
	want("the edge fails", failed(edge, at(212), 502, ""), map[string]float64{
		"ManifestAvailable": 0, "ManifestAgeSeconds": 1, "MediaSequence": 99, "OpenIncidents": 0, "ViewerImpact": 0,
		"EdgeLagSegments": 1, "EdgeLagSeconds": 2,
	})
	page := poll(origin, at(213), &probe.Playlist{Problems: []probe.Problem{{Check: "m3u.header"}}})
	if got := sampled(t, j, page); got["ManifestAvailable"] != 0 {
		t.Errorf("a page in place of the playlist counts as available: %v", got)
	}
	ended := listing(100, 7)
	ended.EndList = true
	if got := sampled(t, j, poll(origin, at(214), ended)); got["ManifestAvailable"] != 1 {
		t.Errorf("an ended playlist is not available: %v", got)
	} else if _, ages := got["ManifestAgeSeconds"]; ages {
		t.Error("an ended playlist has an age")
	}
}

func TestMeasureSegment(t *testing.T) {
	j := watching(incident.Options{})
	sampled(t, j, poll(target("v", probe.Edge), at(0), listing(0, 6)))
	o := poll(target("v", probe.Edge), at(1), listing(0, 0))
	o.Playlist, o.Segment = nil, &probe.SegmentProbe{MSN: 1, URI: "seg1.ts", Duration: 2 * time.Second}
	o.Exchange.Started = at(0.5)
	got := sampled(t, j, o)
	if !maps.Equal(got, map[string]float64{
		"SegmentAvailable": 1, "SegmentFetchMilliseconds": 0.5, "SegmentDownloadRatio": 0.25,
	}) {
		t.Errorf("samples %v", got)
	}
	o.Segment.Duration = 0
	if got := sampled(t, j, o); len(got) != 2 {
		t.Errorf("a segment without a duration has a ratio: %v", got)
	}
	lost := failed(target("v", probe.Edge), at(2), 404, "")
	lost.Segment = o.Segment
	if got := sampled(t, j, lost); !maps.Equal(got, map[string]float64{"SegmentAvailable": 0}) {
		t.Errorf("samples of a lost segment: %v", got)
	}
}

// While a stream is not due, what alarms stand on is not there rather than bad.
func TestNothingBadBeforeTheStart(t *testing.T) {
	s := watching(incident.Options{Starts: at(3600)})
	for i := range 20 {
		for _, side := range probe.Sides {
			got := sampled(t, s, failed(target("v", side), at(float64(i)), 404, ""))
			for _, name := range []string{"ManifestAvailable", "ManifestAgeSeconds"} {
				if v, ok := got[name]; ok {
					t.Errorf("%s = %v while the verdict is %s", name, v, s.Verdict().Verdict)
				}
			}
			if got["ViewerImpact"] != 0 || got["OpenIncidents"] != 0 {
				t.Errorf("samples %v", got)
			}
		}
	}
}
