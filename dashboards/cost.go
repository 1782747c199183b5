package dashboards

import (
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// List prices of us-east-1 in US dollars, without any free tier.
const (
	priceMetric       = 0.30 // a month, of the first 10,000
	priceRequests     = 0.01 // per 1,000
	priceAlarm        = 0.10 // a month and metric
	priceAlarmHighRes = 0.30
	priceComposite    = 0.50
	priceDashboard    = 3.00 // a month, all of it even for a day

	hoursPerMonth = 730
	maxPerPut     = 1000      // metrics in one request
	bytesPerPut   = 900 << 10 // what the sink puts in one request at most
)

// CostLine is one line of the bill for CloudWatch.
type CostLine struct {
	What     string
	Quantity float64 // of metrics, alarms and dashboards; of requests in a month of 730 hours
	Price    float64 // US dollars for one in a month
	Flat     bool    // costs the same for a day as for a month; else by the hour
}

// Month returns US dollars for a month of 730 hours.
func (l CostLine) Month() float64 { return l.Quantity * l.Price }

// For returns US dollars for an event of a length.
func (l CostLine) For(d time.Duration) float64 {
	if l.Flat {
		return l.Month()
	}
	return l.Month() * d.Hours() / hoursPerMonth
}

// Cost returns the bill for the metrics, requests, alarms and the dashboard of
// an event.
func Cost(o Options) []CostLine {
	o = o.withDefaults()
	alarms, all := Alarms(o)
	price, kind := priceAlarm, "alarms"
	if o.alarmPeriod() < time.Minute {
		price, kind = priceAlarmHighRes, "alarms, high resolution"
	}
	puts := float64(PutsPerPeriod(o)) * (hoursPerMonth * time.Hour).Seconds() / o.Period.Seconds()
	return []CostLine{
		{What: "custom metrics", Quantity: float64(MetricCount(o)), Price: priceMetric},
		{What: fmt.Sprintf("PutMetricData requests, each %s s", number(o.Period.Seconds())), Quantity: puts, Price: priceRequests / 1000},
		{What: kind, Quantity: float64(len(alarms)), Price: price},
		{What: "composite alarms", Quantity: float64(len(all)), Price: priceComposite},
		{What: "dashboard", Quantity: 1, Price: priceDashboard, Flat: true},
	}
}

// MetricCount returns how many metrics, each with its own dimensions, the event
// puts.
func MetricCount(o Options) int {
	o = o.withDefaults()
	n := 0
	for _, m := range probe.Catalog() {
		for _, s := range o.Streams {
			n += s.dimensionSets(m, o.PerRendition)
		}
		if m.Scope == probe.ByEvent {
			n++
		}
	}
	return n
}

// dimensionSets counts the dimensions that a metric of a stream has values for.
func (s Stream) dimensionSets(m *probe.Metric, perRendition bool) int {
	sets := 1
	switch m.Scope {
	case probe.ByEvent:
		return 0
	case probe.BySide:
		sets = len(probe.Sides)
	case probe.ByStream:
	}
	if perRendition && m != probe.OpenIncidents { // which is the stream's alone
		sets *= 1 + s.Renditions
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
			size += float64(s.dimensionSets(m, o.PerRendition)) * (datumBytes + valueBytes*min(values, distinct(m)))
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
	if m.Unit == probe.UnitCount || m.Unit == probe.UnitNone && m != probe.SegmentRatio {
		return 2
	}
	return 150
}
