package dashboards

import "github.com/streamwatch/streamwatch/probe"

// Panel is a plot of one metric over time, the same in Grafana and on the page.
type Panel struct {
	Title  string
	Metric *probe.Metric
	Unit   string // in which people read it: "s", "ms", "%" or "" for a plain number
	Of     string // what stands for several values at once: "max", "min" or "avg"
}

// Panels returns the plots in their order: what tells first comes first.
func Panels() []Panel {
	return []Panel{
		{"Age of the newest segment", probe.ManifestAge, "s", "max"},
		{"Edge behind origin", probe.EdgeLag, "s", "max"},
		{"Fetching a playlist", probe.ManifestFetch, "ms", "max"},
		{"Playlists available", probe.ManifestAvail, "%", "min"},
		{"Segments available", probe.SegmentAvail, "%", "min"},
		{"Fetching a segment", probe.SegmentFetch, "ms", "max"},
		{"Fetching a segment, of its duration", probe.SegmentRatio, "%", "max"},
		{"Playlists from the edge's cache", probe.EdgeCacheHit, "%", "avg"},
		{"Age of the edge's playlist", probe.EdgeObjectAge, "s", "max"},
		{"Live latency", probe.LiveLatency, "s", "max"},
		{"Media sequence number", probe.MediaSequence, "", "max"},
		{"Segments behind origin", probe.EdgeLagSegments, "", "max"},
	}
}
