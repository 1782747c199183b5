package probe

import (
	"slices"
	"strings"
	"time"
)

// Unit is a CloudWatch unit.
type Unit string

// Units in use.
const (
	UnitSeconds      Unit = "Seconds"
	UnitMilliseconds Unit = "Milliseconds"
	UnitCount        Unit = "Count"
	UnitNone         Unit = "None"
)

// Dimensions says by which dimensions a metric is told apart.
type Dimensions uint8

// Scopes of metrics. Rendition is a further label in Prometheus and, only when
// asked for, a further dimension in CloudWatch.
const (
	ByEvent   Dimensions = iota // Event
	ByStream                    // Event, Stream
	BySide                      // Event, Stream, Side
	ByViewer                    // Event, Stream; the kind of embed is a further label in Prometheus
	ByVerdict                   // Event, Stream, verdict; never in CloudWatch, where each would be a metric to pay for
)

// Metric declares one number that leaves the process. Alarms, dashboards,
// rules and docs are derived from the catalog and never type a name again.
type Metric struct {
	Name       string  // in CloudWatch: "ManifestFetchMilliseconds"
	Prometheus string  // without the prefix streamwatch_: "manifest_fetch_seconds", base units
	Unit       Unit    // in CloudWatch
	Scale      float64 // CloudWatch value = sample value × Scale; samples are in base units
	Scope      Dimensions
	Help       string
}

// The metric catalog. Sample values are in base units: seconds, counts, 0 or 1.
var (
	ManifestAge = &Metric{
		"ManifestAgeSeconds", "manifest_age_seconds", UnitSeconds, 1, BySide,
		"Time since a new segment last appeared in the playlist.",
	}
	ManifestAvail = &Metric{
		"ManifestAvailable", "manifest_available", UnitNone, 1, BySide,
		"1 when the playlist could be fetched and read, else 0.",
	}
	ManifestFetch = &Metric{
		"ManifestFetchMilliseconds", "manifest_fetch_seconds", UnitMilliseconds, 1000, BySide,
		"Time to fetch the playlist, until its last byte.",
	}
	MediaSequence = &Metric{
		"MediaSequence", "media_sequence", UnitNone, 1, BySide,
		"EXT-X-MEDIA-SEQUENCE: the media sequence number of the first listed segment.",
	}
	SegmentAvail = &Metric{
		"SegmentAvailable", "segment_available", UnitNone, 1, BySide,
		"1 when a newly listed segment could be fetched, else 0.",
	}
	SegmentFetch = &Metric{
		"SegmentFetchMilliseconds", "segment_fetch_seconds", UnitMilliseconds, 1000, BySide,
		"Time to fetch the probed bytes of a segment.",
	}
	SegmentRatio = &Metric{
		"SegmentDownloadRatio", "segment_download_ratio", UnitNone, 1, BySide,
		"Fetch time of a segment over its duration; above 1 viewers stall.",
	}
	EdgeLag = &Metric{
		"EdgeLagSeconds", "edge_lag_seconds", UnitSeconds, 1, ByStream,
		"How far the edge's newest segment is behind the origin's.",
	}
	EdgeLagSegments = &Metric{
		"EdgeLagSegments", "edge_lag_segments", UnitCount, 1, ByStream,
		"Segments that the edge is behind the origin.",
	}
	EdgeCacheHit = &Metric{
		"EdgeCacheHit", "edge_cache_hit", UnitNone, 1, ByStream,
		"1 when the edge answered from its cache, else 0.",
	}
	EdgeObjectAge = &Metric{
		"EdgeObjectAgeSeconds", "edge_object_age_seconds", UnitSeconds, 1, ByStream,
		"Age header of the edge's playlist.",
	}
	LiveLatency = &Metric{
		"LiveLatencySeconds", "live_latency_seconds", UnitSeconds, 1, ByStream,
		"Wall clock minus the program date-time at the end of the edge's newest segment.",
	}
	OpenIncidents = &Metric{
		"OpenIncidents", "open_incidents", UnitCount, 1, ByStream,
		"Incidents that are open.",
	}
	ViewerImpact = &Metric{
		"ViewerImpact", "viewer_impact", UnitNone, 1, BySide,
		"What a side, or what feeds it, is to blame for: 2 when no viewer can watch, 1 for an open error, else 0.",
	}
	Silenced = &Metric{
		"Silenced", "stream_silenced", UnitNone, 1, ByStream,
		"1 while the whole stream is silenced, else 0.",
	}
	MonitorHeartbeat = &Metric{
		"MonitorHeartbeat", "monitor_heartbeat", UnitCount, 1, ByEvent,
		"1 for each interval in which the monitor worked.",
	}

	ViewerStartup = &Metric{
		"ViewerStartupSeconds", "viewer_startup_seconds", UnitSeconds, 1, ByViewer,
		"Time from a viewer's start, or click, to the first moving picture.",
	}
	ViewerLatency = &Metric{
		"ViewerLatencySeconds", "viewer_latency_seconds", UnitSeconds, 1, ByViewer,
		"How far viewers are behind the end of the playlist.",
	}
	ViewerPlayed = &Metric{
		"ViewerPlayedSeconds", "viewer_played_seconds_total", UnitSeconds, 1, ByViewer,
		"Time for which viewers saw the picture move; its rate is how many watch.",
	}
	ViewerStalls = &Metric{
		"ViewerStalls", "viewer_stalls_total", UnitCount, 1, ByViewer,
		"Stalls of more than a second.",
	}
	ViewerStallTime = &Metric{
		"ViewerStallSeconds", "viewer_stall_seconds_total", UnitSeconds, 1, ByViewer,
		"Time that viewers spent in stalls.",
	}
	ViewerErrors = &Metric{
		"ViewerErrors", "viewer_errors_total", UnitCount, 1, ByViewer,
		"Errors after which a viewer's player had to start anew.",
	}
)

// How long each stream was in each verdict. The report adds them up, Prometheus
// counts them. They are in no list of metrics: nothing is plotted of them, and
// CloudWatch does not get them. A sample's Rendition is the verdict.
var (
	VerdictTime = &Metric{
		"VerdictSeconds", "verdict_seconds_total", UnitSeconds, 1, ByVerdict,
		"Time that the stream spent in the verdict.",
	}
	SilencedTime = &Metric{
		"SilencedVerdictSeconds", "silenced_verdict_seconds_total", UnitSeconds, 1, ByVerdict,
		"Of the time in the verdict, what the stream was silenced for as a whole, be it in a maintenance.",
	}
)

// Catalog lists every metric in the order of the docs.
func Catalog() []*Metric {
	return []*Metric{
		ManifestAge, ManifestAvail, ManifestFetch, MediaSequence, SegmentAvail, SegmentFetch, SegmentRatio,
		EdgeLag, EdgeLagSegments, EdgeCacheHit, EdgeObjectAge, LiveLatency, OpenIncidents, ViewerImpact, Silenced,
		MonitorHeartbeat,
		ViewerStartup, ViewerLatency, ViewerPlayed, ViewerStalls, ViewerStallTime, ViewerErrors,
	}
}

// FindMetric returns the metric with a CloudWatch or Prometheus name.
func FindMetric(name string) (*Metric, bool) {
	for _, m := range append(Catalog(), VerdictTime, SilencedTime) {
		if m.Name == name || m.Prometheus == name {
			return m, true
		}
	}
	return nil, false
}

// OfStream reports whether a metric is the stream's alone: no rendition has it.
func (m *Metric) OfStream() bool {
	return m == OpenIncidents || m == ViewerImpact || m == Silenced || m.Scope == ByViewer || m.Scope == ByVerdict
}

// OfEdge reports whether the metric differs from edge to edge on a side: what is
// measured at the edge, and what compares it with the origin.
func (m *Metric) OfEdge(s Side) bool {
	return m.Scope == BySide && s == Edge || m.Scope == ByStream && !m.OfStream()
}

// OfVantage reports whether a metric is told apart by the vantages of a fleet: all
// that polls give. What the hub concludes of them, and what viewers report, is not.
func (m *Metric) OfVantage() bool { return !m.OfStream() && m.Scope != ByEvent }

// Total reports whether a metric's samples add up, as those of a counter; else
// each is a value of its own.
func (m *Metric) Total() bool { return strings.HasSuffix(m.Prometheus, "_total") }

// Sample is one value of one metric.
type Sample struct {
	Metric    *Metric
	Stream    string
	Rendition string // "" for the multivariant playlist and the stream; ByViewer: a kind of embed, ByVerdict: the verdict
	Side      Side
	Edge      string  // name of the edge that it is of, where the event has several
	Vantage   string  // where it was seen from; "" where the event is watched from one place
	Muted     bool    // its stream is silenced: it is kept and shown, and no alarm may stand on it
	Value     float64 // base units; never NaN or infinite
	At        time.Time
}

// Unmuted returns the samples on which alarms may stand. The list that is given
// stays as it is.
func Unmuted(samples []Sample) []Sample {
	muted := func(s Sample) bool { return s.Muted }
	if !slices.ContainsFunc(samples, muted) {
		return samples
	}
	return slices.DeleteFunc(slices.Clone(samples), muted)
}
