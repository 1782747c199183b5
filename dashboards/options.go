package dashboards

import (
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Options describe the event that is watched. Of fills in what is left out.
type Options struct {
	Event        string
	Namespace    string        // in CloudWatch; "" is StreamWatch
	Region       string        // "" is us-east-1, where CloudFront's own metrics are
	Period       time.Duration // between two puts; 0 is a minute, less is high resolution
	PerRendition bool          // each rendition is put by itself too
	Viewers      bool          // what viewers' players report is put too
	Edges        []string      // names of the edges where there are several: each has alarms and lines of its own
	Streams      []Stream
	Vantages     []string // that a fleet watches from, where there are several

	Distribution   bool     // the template has a resource Distribution, whose metrics are shown
	DistributionID string   // of a distribution that is not in the template; "" where it is none of CloudFront
	Additional     bool     // CloudFront's additional metrics are on
	KMSKey         string   // id, alias or ARN of the key that encrypts the topic; "" is none
	Notify         []string // ARNs that the paging alarms tell; none makes a topic
	Email          []string // addresses that are subscribed to the topic
}

// Stream is one stream of the event.
type Stream struct {
	Name           string
	TargetDuration time.Duration // longest segment; 0 is 6 s
	Renditions     int           // 0 is 1
}

// defaultTarget is the segment duration that HLS authors are told to use.
const defaultTarget = 6 * time.Second

// withDefaults returns the options with all that is left out filled in.
func (o Options) withDefaults() Options {
	if o.Namespace == "" {
		o.Namespace = "StreamWatch"
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Period <= 0 {
		o.Period = time.Minute
	}
	streams := make([]Stream, len(o.Streams))
	for i, s := range o.Streams {
		if s.TargetDuration <= 0 {
			s.TargetDuration = defaultTarget
		}
		s.Renditions = max(1, s.Renditions)
		streams[i] = s
	}
	o.Streams = streams
	return o
}

// distribution is the id of the distribution as text for Fn::Sub, "" for none.
func (o Options) distribution() string {
	if o.Distribution {
		return "${Distribution}"
	}
	return o.DistributionID
}

// alarmPeriod is the shortest period that CloudWatch offers an alarm and that
// has a datapoint each time: 10, 20, 30 or a multiple of 60 seconds.
func (o Options) alarmPeriod() time.Duration {
	for _, p := range []time.Duration{10, 20, 30} {
		if o.Period <= p*time.Second {
			return p * time.Second
		}
	}
	return (o.Period + time.Minute - 1).Truncate(time.Minute)
}

// staleAfter is how old the newest segment may get before viewers stall: three
// segments, what players keep buffered, and long enough for a slow encoder.
func (s Stream) staleAfter() time.Duration { return max(15*time.Second, 3*s.TargetDuration) }

// logicalID makes an id for a template: letters and digits only. Names of
// streams have no capitals, so two names never have the same id.
func logicalID(kind, stream string) string {
	var id strings.Builder
	for word := range strings.SplitSeq(kind, "-") {
		if word == "" {
			continue // an edge may be called a--b
		}
		id.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	if stream != "" {
		id.WriteString("Of" + strings.ReplaceAll(stream, "-", "X"))
	}
	return id.String()
}

// edges lists the names by which edges are told apart: "" where there is one.
func (o Options) edges() []string {
	if len(o.Edges) == 0 {
		return []string{""}
	}
	return o.Edges
}

// places lists where a metric of a stream is measured: at the origin and at each
// edge, or once where it has no side.
func (o Options) places(m *probe.Metric) []probe.Place {
	var all []probe.Place
	if m.Scope == probe.BySide {
		all = append(all, probe.Place{Side: probe.Origin})
	}
	if !m.OfEdge(probe.Edge) {
		return append(all, probe.Place{})
	}
	for _, edge := range o.edges() {
		place := probe.Place{Edge: edge}
		if m.Scope == probe.BySide {
			place.Side = probe.Edge
		}
		all = append(all, place)
	}
	return all
}

// number writes a figure without a needless point.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
