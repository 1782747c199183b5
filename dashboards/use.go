package dashboards

import "github.com/streamwatch/streamwatch/probe"

const (
	maxPerPut   = 1000      // metrics in one request
	bytesPerPut = 900 << 10 // what the sink puts in one request at most
)

// MetricCount returns how many metrics, each with its own dimensions, the event
// puts.
func MetricCount(o Options) int {
	o = o.withDefaults()
	n := 0
	for _, m := range probe.Catalog() {
		for _, s := range o.Streams {
			n += s.dimensionSets(m, &o)
		}
		if m.Scope == probe.ByEvent {
			n += 1 + len(o.Vantages)
		}
	}
	return n
}

// dimensionSets counts the dimensions that a metric of a stream has values for.
func (s Stream) dimensionSets(m *probe.Metric, o *Options) int {
	if m.Scope == probe.ByEvent || m.Scope == probe.ByViewer && !o.Viewers {
		return 0
	}
	sets := len(o.places(m))
	base := sets
	if o.PerRendition && !m.OfStream() {
		sets *= 1 + s.Renditions
	}
	if m.OfVantage() && len(o.Vantages) > 1 {
		sets += base * len(o.Vantages) // a vantage's renditions are not put by themselves
	}
	return sets
}

// PutsPerPeriod returns how many requests the sink needs in a period: one,
// unless there are more than 1,000 metrics or their values exceed its size.
func PutsPerPeriod(o Options) int {
	o = o.withDefaults()
	n, size := MetricCount(o), 0.0
	for _, s := range o.Streams {
		polls := o.Period.Seconds()/s.TargetDuration.Seconds() + 1
		values := polls * float64(s.Renditions)
		for _, m := range probe.Catalog() {
			size += float64(s.dimensionSets(m, &o)) * (datumBytes + valueBytes*min(values, distinct(m)))
		}
	}
	return max(1, (n+maxPerPut-1)/maxPerPut, int(size/bytesPerPut)+1)
}

// What a datum and each of its values take in a request.
const (
	datumBytes = 210
	valueBytes = 18
)

// distinct is how many different values a metric has in a period at most:
// flags and counts are put as a value and how often it occurred.
func distinct(m *probe.Metric) float64 {
	if m.Scope == probe.ByViewer {
		return 150
	}
	if m.Unit == probe.UnitCount || m.Unit == probe.UnitNone && m != probe.SegmentRatio {
		return 2
	}
	return 150
}
