package cloudwatch

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/streamwatch/streamwatch/probe"
)

// maxDimension is the longest value of a dimension, in bytes.
const maxDimension = 1024

// datum is a series as CloudWatch takes it. Its time is the beginning of the
// period.
func (s *Sink) datum(at time.Time, of *series) types.MetricDatum {
	resolution := int32(60)
	if s.o.Period < time.Minute {
		resolution = 1
	}
	d := types.MetricDatum{
		MetricName: new(of.Metric), Dimensions: s.dimensions(of), Timestamp: new(at), Values: of.Values, Counts: of.Counts,
		StorageResolution: new(resolution), Unit: types.StandardUnitNone,
	}
	if m, ok := probe.FindMetric(of.Metric); ok {
		d.Unit = types.StandardUnit(m.Unit)
	}
	return d
}

// dimensions are those of the contract; a metric without a stream, a side or one
// of several edges has no such dimension.
func (s *Sink) dimensions(of *series) []types.Dimension {
	var out []types.Dimension
	for _, d := range pairs(s.o.Event, of) {
		out = append(out, types.Dimension{Name: new(d[0]), Value: new(d[1])})
	}
	return out
}

// pairs are names and values of the dimensions.
func pairs(event string, of *series) [][2]string {
	var out [][2]string
	for _, d := range [][2]string{
		{"Event", event},
		{"Stream", of.Stream},
		{"Side", of.Side},
		{"Edge", of.Edge},
		{"Rendition", of.Rendition},
		{"Vantage", of.Vantage},
	} {
		if d[1] != "" {
			out = append(out, [2]string{d[0], ascii(d[1])})
		}
	}
	return out
}

// ascii percent-encodes what CloudWatch does not take in a dimension: names of
// renditions come from playlists and may be anything.
func ascii(text string) string {
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if out.Len() > maxDimension-3 {
			break
		}
		if c <= ' ' || c >= 0x7f || c == '%' || c == ':' && i == 0 {
			fmt.Fprintf(&out, "%%%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}
