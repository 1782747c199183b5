package dashboards

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Stat is a statistic of CloudWatch. Sum is not among them: a put whose answer
// was lost may count twice, which the others do not show.
type Stat string

// Statistics in use.
const (
	Average     Stat = "Average"
	Maximum     Stat = "Maximum"
	SampleCount Stat = "SampleCount"
)

// Missing says what an alarm takes a period without data for.
type Missing string

// Ways to treat missing data. What is missing because the monitor is gone is
// for the heartbeat alarm alone to tell.
const (
	MissingIsMissing  Missing = "missing"
	MissingIsBreach   Missing = "breaching"
	MissingIsFine     Missing = "notBreaching"
	MissingKeepsState Missing = "ignore"
)

// Alarm is one metric alarm.
type Alarm struct {
	Kind      string // "edge-stale", "edge-stale-second" of one of several edges
	Stream    string // "" is the event
	Vantage   string // of a fleet's heartbeats; "" is no vantage's own
	Metric    *probe.Metric
	Side      probe.Side
	Edge      string // name of the edge, of several
	Stat      Stat
	Below     bool    // in breach below the threshold, else above it
	Threshold float64 // in the metric's CloudWatch unit
	Period    time.Duration
	M, N      int // in alarm when M of the N newest datapoints are in breach
	Missing   Missing
	Pages     bool   // tells the topic
	Live      bool   // wakes people only while the event is on: what it looks at is bad before and after it
	Service   bool   // over a metric of CloudFront itself, which only CloudWatch can evaluate
	Text      string // what is wrong when it is in alarm
}

// Composite is an alarm over others.
type Composite struct {
	Kind  string
	Rule  Rule
	Pages bool // tells the topic
	Text  string
}

// Key names the alarm within its event: "edge-stale-main".
func (a *Alarm) Key() string { return key(a.Kind, cmp.Or(a.Stream, a.Vantage)) }

// ID is the alarm's logical id in the template.
func (a *Alarm) ID() string { return logicalID(a.Kind, cmp.Or(a.Stream, a.Vantage)) }

// ID is the composite's logical id in the template.
func (c *Composite) ID() string { return logicalID(c.Kind, "") }

func key(kind, stream string) string {
	if stream == "" {
		return kind
	}
	return kind + "-" + stream
}

// Alarms returns the alarms of an event: the metric alarms and the composites
// over them.
//
// An alarm of the origin needs one datapoint, an availability or lag of the edge
// two: a CDN may fail once and be well again. A stale edge needs one too, because
// its threshold is a wait by itself; so does what the judge found, who has waited
// already.
func Alarms(o Options) ([]Alarm, []Composite) {
	o = o.withDefaults()
	alarms := []Alarm{{
		Kind: "heartbeat", Metric: probe.MonitorHeartbeat, Stat: SampleCount, Below: true, Threshold: 1, M: 2, N: 3,
		Missing: MissingIsBreach, Pages: true, Text: "streamwatch does not report: nobody watches the event",
	}}
	lists := [][]Alarm{alarms, vantageAlarms(o.Vantages)}
	for _, s := range o.Streams {
		lists = append(lists, s.alarms(o.edges()))
	}
	alarms = slices.Concat(lists...)
	for i := range alarms {
		alarms[i].Period = o.alarmPeriod()
		alarms[i].Missing = cmp.Or(alarms[i].Missing, MissingIsMissing)
	}
	// CloudFront's metrics are in one region, and an alarm sees its own only.
	if o.distribution() != "" && o.Region == cloudFrontRegion {
		alarms = append(alarms, cloudFrontErrors())
	}
	return alarms, composites(o)
}

// cloudFrontRegion is where CloudFront's own metrics are.
const cloudFrontRegion = "us-east-1"

// cloudFrontErrors is over what viewers were really answered. CloudFront puts a
// rate a minute, and none where nobody asks.
func cloudFrontErrors() Alarm {
	rate := &probe.Metric{Name: "5xxErrorRate", Scale: 1}
	return Alarm{
		Kind: "cloudfront-5xx", Metric: rate, Stat: Average, Threshold: 5, Period: time.Minute, M: 3, N: 5,
		Missing: MissingIsFine,
		Pages:   true, Live: true, Service: true, Text: "more than 5 % of viewers' requests are answered with 5xx",
	}
}

// enough is the share of fetches below which players run out of retries.
const enough = 0.9

// alarms of one stream: what each edge and the origin show, and what each is to
// blame for.
func (s Stream) alarms(edges []string) []Alarm {
	var list, impact []Alarm
	for _, edge := range edges {
		list = append(list, of(edge, s.edgeAlarms())...)
		impact = append(impact, of(edge, impactAlarms("cdn", probe.Edge))...)
	}
	list = slices.Concat(list, s.originAlarms(), impact, impactAlarms("origin", probe.Origin))
	for i := range list {
		list[i].Stream = s.Name
	}
	return list
}

// ofEdge is the kind of an alarm of one edge.
func ofEdge(kind, edge string) string { return key(kind, edge) }

// of makes alarms those of one edge; "" is the only one.
func of(edge string, list []Alarm) []Alarm {
	for i := range list {
		list[i].Kind, list[i].Edge = ofEdge(list[i].Kind, edge), edge
		if edge != "" {
			list[i].Text += " (edge " + edge + ")"
		}
	}
	return list
}

// edgeAlarms are over what an edge shows.
func (s Stream) edgeAlarms() []Alarm {
	stale := s.staleAfter().Seconds()
	return []Alarm{
		{
			Kind: "edge-stale", Metric: probe.ManifestAge, Side: probe.Edge, Stat: Maximum, Threshold: stale, M: 1, N: 3,
			Text: "viewers get no new segment",
		},
		{
			Kind: "edge-unavailable", Metric: probe.ManifestAvail, Side: probe.Edge, Stat: Average, Below: true,
			Threshold: enough, M: 2, N: 3,
			Text: "playlists cannot be had at the edge",
		},
		{
			Kind: "edge-segments", Metric: probe.SegmentAvail, Side: probe.Edge, Stat: Average, Below: true, Threshold: enough,
			M: 2, N: 3,
			Text: "segments cannot be had at the edge",
		},
		{
			Kind: "edge-lag", Metric: probe.EdgeLagSegments, Stat: Maximum, Threshold: 3, M: 2, N: 3,
			Text: "the edge is far behind the origin",
		},
	}
}

// originAlarms are over what the origin shows.
func (s Stream) originAlarms() []Alarm {
	stale := s.staleAfter().Seconds()
	return []Alarm{
		{
			Kind: "origin-stale", Metric: probe.ManifestAge, Side: probe.Origin, Stat: Maximum, Threshold: stale, M: 1, N: 3,
			Text: "the origin lists no new segment",
		},
		{
			Kind: "origin-unavailable", Metric: probe.ManifestAvail, Side: probe.Origin, Stat: Average, Below: true,
			Threshold: enough, M: 1, N: 3,
			Text: "playlists cannot be had at the origin",
		},
		{
			Kind: "origin-segments", Metric: probe.SegmentAvail, Side: probe.Origin, Stat: Average, Below: true,
			Threshold: enough, M: 1, N: 3,
			Text: "segments cannot be had at the origin",
		},
	}
}

// impactAlarms are over what a side is to blame for.
func impactAlarms(who string, side probe.Side) []Alarm {
	return []Alarm{{
		Kind: who + "-degraded", Metric: probe.ViewerImpact, Side: side, Stat: Maximum, Threshold: 0.5, M: 1, N: 3,
		Text: "an error is open that is the " + who + "'s fault",
	}, {
		Kind: who + "-down", Metric: probe.ViewerImpact, Side: side, Stat: Maximum, Threshold: 1.5, M: 1, N: 3,
		Text: "no viewer can watch, by the " + who + "'s fault",
	}}
}

// composites roll the alarms of streams up: the judge has assigned the blame;
// viewer-impact fires even where it could not. The heartbeat is not in
// viewer-impact: it is in alarm until the monitor starts, and would hide that
// the stream is dead from the first minute on.
func composites(o Options) []Composite {
	var impact, cdn, origin []Rule
	for _, s := range o.Streams {
		for _, edge := range o.edges() {
			impact = append(impact, Is(ofEdge("cdn-down", edge), s.Name))
			cdn = append(cdn, Is(ofEdge("cdn-degraded", edge), s.Name))
		}
		impact = append(impact, Is("origin-down", s.Name))
		for _, edge := range o.edges() {
			for _, kind := range []string{"edge-stale", "edge-unavailable", "edge-segments"} {
				impact = append(impact, Is(ofEdge(kind, edge), s.Name))
			}
		}
		origin = append(origin, Is("origin-degraded", s.Name))
	}
	if len(o.Streams) == 0 {
		return nil
	}
	return compositesOver(Any(impact...), Any(cdn...), Any(origin...))
}

func compositesOver(impact, cdn, origin Rule) []Composite {
	return []Composite{
		{
			Kind: "viewer-impact", Rule: impact, Pages: true,
			Text: "viewers suffer; cdn-fault and origin-fault say whose it is",
		},
		{Kind: "cdn-fault", Rule: cdn, Text: "the CDN fails, or how it is set up"},
		{Kind: "origin-fault", Rule: origin, Text: "the origin or the encoder behind it fails"},
	}
}

// Actioned is an alarm that has actions, by its name in a stack.
type Actioned struct {
	Name string
	Live bool // switched on only while the event is on
}

// ActionedAlarms returns the alarms that have actions, in a stack of a name:
// those that are switched on while the event is watched.
func ActionedAlarms(stack string, o Options) []Actioned {
	var names []Actioned
	alarms, all := Alarms(o)
	for i := range alarms {
		if alarms[i].Pages {
			names = append(names, Actioned{stack + "-" + alarms[i].Key(), alarms[i].Live})
		}
	}
	for _, c := range all {
		if c.Pages {
			names = append(names, Actioned{Name: stack + "-" + c.Kind})
		}
	}
	return names
}

// Describe states the alarm's condition as a person would: "ManifestAgeSeconds
// Maximum > 18, 1 of 3 × 60 s".
func (a *Alarm) Describe() string {
	return fmt.Sprintf("%s %s %s %s, %d of %d × %s s", a.Metric.Name, a.Stat, a.sign(), number(a.Threshold), a.M, a.N,
		number(a.Period.Seconds()))
}

func (a *Alarm) sign() string {
	if a.Below {
		return "<"
	}
	return ">"
}

// dimensions names and values, in the order of the contract.
func (a *Alarm) dimensions(event string) [][2]string {
	d := [][2]string{
		{"Event", event},
		{"Stream", a.Stream},
		{"Side", a.Side.String()},
		{"Edge", a.Edge},
		{"Vantage", a.Vantage},
	}
	return slices.DeleteFunc(d, func(pair [2]string) bool { return pair[1] == "" })
}
