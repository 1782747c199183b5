package provision

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Prices in US dollars a month, us-east-1, as third-party tables of May and
// June 2026 agree on. What AWS gives for free is not taken off.
const (
	priceMetric       = 0.30
	priceAlarm        = 0.10 // for each metric that an alarm looks at
	priceFastAlarm    = 0.30 // the same with a period below a minute
	priceComposite    = 0.50
	priceDashboard    = 3.00
	priceRequest      = 0.01 / 1000
	priceGigabyte     = 0.085
	priceHTTPS        = 0.0100 / 10_000
	additionalMetrics = 8 // that CloudFront sends once they are asked for
)

// requestsPerSegment is what a viewer asks for in each: the playlist and it.
const requestsPerSegment = 2

// month is as long as AWS counts it.
const month = 730 * time.Hour

// Line is one item of what a Spec costs.
type Line struct {
	Item     string
	Quantity float64 // a month
	Price    float64 // US dollars for one; 0 when Note says by what it is charged
	Flat     bool    // charged for the whole month, however short the event
	Note     string  // what the figures leave out; may be empty
}

// Month returns US dollars for a whole month.
func (l Line) Month() float64 { return l.Quantity * l.Price }

// Event returns US dollars for an event of length d, at most a month.
func (l Line) Event(d time.Duration) float64 {
	if l.Flat {
		return l.Month()
	}
	return l.Month() * float64(min(d, month)) / float64(month)
}

// Cost returns what AWS charges for s besides what viewers use: the lines that
// are not nothing, in a fixed order.
func Cost(s Spec) []Line {
	n := countExtra(s.Extra)
	for _, x := range s.Beside {
		n.add(countExtra(x))
	}
	lines := []Line{
		{Item: "custom metrics", Quantity: float64(s.Metrics.Count), Price: priceMetric, Note: s.Metrics.Note},
		{Item: "PutMetricData requests", Quantity: puts(s.Metrics), Price: priceRequest},
		{Item: "alarms", Quantity: float64(n.alarms), Price: priceAlarm},
		{Item: "alarms, high resolution", Quantity: float64(n.fastAlarms), Price: priceFastAlarm},
		{Item: "composite alarms", Quantity: float64(n.composites), Price: priceComposite},
		{
			Item: "dashboards", Quantity: float64(n.dashboards), Price: priceDashboard, Flat: true,
			Note: "the first three of an account are free",
		},
	}
	if s.AdditionalMetrics && !s.AlarmsOnly {
		lines = append(lines, Line{
			Item: "CloudFront additional metrics", Quantity: additionalMetrics, Price: priceMetric,
			Flat: true,
		})
	}
	lines = slices.DeleteFunc(lines, func(l Line) bool { return l.Quantity == 0 })
	if s.AlarmsOnly {
		return lines
	}
	lines = append(lines, traffic(s)...)
	if s.OriginShield != "" {
		lines = append(lines, Line{Item: "Origin Shield", Note: "by request that reaches it"})
	}
	if s.AccessLogs {
		lines = append(lines, Line{Item: "access logs", Note: "by gigabyte that CloudWatch Logs takes in"})
	}
	return lines
}

// traffic is what viewers use, for a number of them watching all the time.
func traffic(s Spec) []Line {
	if s.Viewers <= 0 || s.Bitrate <= 0 {
		return []Line{{
			Item: "CloudFront traffic",
			Note: "by gigabyte and request, as viewers use it: --viewers and --bitrate reckon it",
		}}
	}
	watched := float64(s.Viewers) * month.Seconds()
	segment := s.TargetDuration.Seconds()
	if segment == 0 {
		segment = 6 // what HLS authors are told to use
	}
	return []Line{
		{
			Item: "CloudFront traffic, GB", Quantity: math.Round(watched * s.Bitrate / 8 / 1e9), Price: priceGigabyte,
			Note: "North America and Europe, first 10 TB a month; more costs less, and 1 TB a month is free",
		},
		{
			Item: "CloudFront HTTPS requests", Quantity: math.Round(watched * requestsPerSegment / segment), Price: priceHTTPS,
			Note: fmt.Sprintf("a playlist and a segment every %g s; 10 million a month are free", segment),
		},
	}
}

// puts a month: all streams of an event share the requests of each period.
func puts(m MetricUse) float64 {
	if m.Count == 0 || m.Period <= 0 {
		return 0
	}
	return float64(month/m.Period) * float64(max(1, m.Puts))
}

// extras are the resources of others that cost.
type extras struct{ alarms, fastAlarms, composites, dashboards int }

func (n *extras) add(m extras) {
	n.alarms += m.alarms
	n.fastAlarms += m.fastAlarms
	n.composites += m.composites
	n.dashboards += m.dashboards
}

func countExtra(x Extra) extras {
	var n extras
	for _, id := range slices.Sorted(maps.Keys(x.Resources)) {
		var r struct {
			Type       string
			Properties struct {
				Period  int
				Metrics []struct {
					MetricStat *struct{ Period int }
				}
			}
		}
		// Period is also given by reference: then it is not a fast one.
		_ = json.Unmarshal(x.Resources[id], &r)
		switch r.Type {
		case "AWS::CloudWatch::Alarm":
			metrics, fast := 0, r.Properties.Period > 0 && r.Properties.Period < 60
			for _, m := range r.Properties.Metrics {
				if m.MetricStat != nil {
					metrics++
					fast = fast || m.MetricStat.Period < 60
				}
			}
			if fast {
				n.fastAlarms += max(metrics, 1)
			} else {
				n.alarms += max(metrics, 1)
			}
		case "AWS::CloudWatch::CompositeAlarm":
			n.composites++
		case "AWS::CloudWatch::Dashboard":
			n.dashboards++
		}
	}
	return n
}

var bits = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([kKmM]?)$`)

// ParseBitrate reads bits per second, such as 800k or 4M. ok is false where the
// text is none.
func ParseBitrate(text string) (bitsPerSecond float64, ok bool) {
	m := bits.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	rate, err := strconv.ParseFloat(m[1], 64)
	switch strings.ToLower(m[2]) {
	case "k":
		rate *= 1e3
	case "m":
		rate *= 1e6
	}
	return rate, err == nil
}
