package cloudwatch

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/smithy-go/encoding/cbor"
)

// mood is how the double answers a request.
type mood int

const (
	well      mood = iota
	throttles      // 400 Throttling: not taken
	fails          // 500, though the samples were taken
	breaks         // 500, and they were not
	silent         // takes them, and never answers
	cuts           // takes them, and cuts the connection
	gone           // cannot be reached
	forbids        // 403
	picky          // 400 InvalidParameterValue
	late           // takes them, and answers seconds later
)

// double is a CloudWatch: the other end of the real SDK client. It speaks
// rpc-v2-cbor and refuses what CloudWatch refuses.
type double struct {
	mu       sync.Mutex
	mood     func(op string, n int) mood // of the nth request; nil is well
	requests map[string]int              // by operation
	largest  int                         // bytes of a request before compression
	sent     int                         // bytes on the wire
	datums   int
	points   map[string]map[int64]map[float64]float64 // metric, time, value: count
	switched []string
}

func newDouble() *double {
	return &double{requests: map[string]int{}, points: map[string]map[int64]map[float64]float64{}}
}

// client is the real one, with the double for its network.
func (d *double) client() *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "us-east-1", RetryMaxAttempts: 1, HTTPClient: &http.Client{Transport: d},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

func (d *double) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, op, _ := strings.Cut(r.URL.Path, "/operation/")
	d.mu.Lock()
	d.requests[op]++
	now := well
	if d.mood != nil {
		now = d.mood(op, d.requests[op])
	}
	d.sent += len(body)
	d.mu.Unlock()
	switch now {
	case gone:
		return nil, fmt.Errorf("dialling: %w", errUnreachable)
	case throttles:
		return failure(400, "Throttling", "Rate exceeded"), nil
	case breaks:
		return failure(500, "InternalServiceFault", "try later"), nil
	case forbids:
		return failure(403, "AccessDenied", "no"), nil
	case picky:
		return failure(400, "InvalidParameterValue", "no"), nil
	default: // it takes what it is sent
	}
	answer := d.serve(op, r.Header.Get("Content-Encoding"), body)
	switch now {
	case fails:
		return failure(500, "InternalServiceFault", "after all"), nil
	case silent:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case late:
		time.Sleep(2 * time.Second)
		return answer, nil
	case cuts:
		return nil, io.ErrUnexpectedEOF
	default:
		return answer, nil
	}
}

func response(status int, body cbor.Value) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Smithy-Protocol": {"rpc-v2-cbor"}, "Content-Type": {"application/cbor"}},
		Body:   io.NopCloser(bytes.NewReader(cbor.Encode(body))),
	}
}

func failure(status int, code, message string) *http.Response {
	r := response(status, cbor.Map{
		"__type": cbor.String("com.amazonaws.cloudwatch#" + code), "message": cbor.String(message),
	})
	r.Header.Set("X-Amzn-Query-Error", code+";Sender")
	return r
}

func (d *double) serve(op, encoding string, body []byte) *http.Response {
	d.mu.Lock()
	defer d.mu.Unlock()
	if encoding == "gzip" {
		zip, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return failure(400, "SerializationException", err.Error())
		}
		if body, err = io.ReadAll(zip); err != nil {
			return failure(400, "SerializationException", err.Error())
		}
	}
	v, err := cbor.Decode(body)
	if err != nil {
		return failure(400, "SerializationException", err.Error())
	}
	in, _ := v.(cbor.Map)
	switch op {
	case "PutMetricData":
		d.largest = max(d.largest, len(body))
		if why := d.refuses(in, len(body)); why != "" {
			return failure(400, "InvalidParameterValue", why)
		}
		d.take(in)
		return response(200, cbor.Map{})
	case "GetMetricData":
		return d.find(in)
	case "EnableAlarmActions", "DisableAlarmActions":
		for _, n := range list(in["AlarmNames"]) {
			d.switched = append(d.switched, op+" "+string(n.(cbor.String)))
		}
		return response(200, cbor.Map{})
	default:
		return failure(404, "UnknownOperationException", op)
	}
}

// refuses states the limits of PutMetricData.
func (d *double) refuses(in cbor.Map, size int) string {
	data := list(in["MetricData"])
	if len(data) == 0 || len(data) > 1000 || size > 1<<20 {
		return fmt.Sprintf("%d metrics in %d bytes", len(data), size)
	}
	for _, m := range data {
		m := m.(cbor.Map)
		values, counts := floats(m["Values"]), floats(m["Counts"])
		if len(values) == 0 || len(values) > 150 || len(values) != len(counts) {
			return fmt.Sprintf("%d values, %d counts", len(values), len(counts))
		}
		if slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
			return "not a finite value"
		}
		at, err := cbor.AsTime(m["Timestamp"])
		if age := time.Since(at); err != nil || age > 14*24*time.Hour || age < -2*time.Hour {
			return fmt.Sprintf("a time %s ago", age)
		}
		dims := list(m["Dimensions"])
		if len(dims) > 30 {
			return "too many dimensions"
		}
		for _, dim := range dims {
			value := text(dim.(cbor.Map)["Value"])
			if value == "" || len(value) > 1024 || value[0] == ':' ||
				strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
				return fmt.Sprintf("the dimension %q", value)
			}
		}
	}
	return ""
}

func (d *double) take(in cbor.Map) {
	for _, m := range list(in["MetricData"]) {
		m := m.(cbor.Map)
		at, _ := cbor.AsTime(m["Timestamp"])
		of := d.points[id(in["Namespace"], m)]
		if of == nil {
			of = map[int64]map[float64]float64{}
			d.points[id(in["Namespace"], m)] = of
		}
		if of[at.UnixMilli()] == nil {
			of[at.UnixMilli()] = map[float64]float64{}
		}
		counts := floats(m["Counts"])
		for i, v := range floats(m["Values"]) {
			of[at.UnixMilli()][v] += counts[i]
		}
		d.datums++
	}
}

// find answers GetMetricData for SampleCount.
func (d *double) find(in cbor.Map) *http.Response {
	var results cbor.List
	start, _ := cbor.AsTime(in["StartTime"])
	end, _ := cbor.AsTime(in["EndTime"])
	for _, q := range list(in["MetricDataQueries"]) {
		q := q.(cbor.Map)
		stat := q["MetricStat"].(cbor.Map)
		metric := stat["Metric"].(cbor.Map)
		var times, values cbor.List
		for at, counts := range d.points[id(metric["Namespace"], metric)] {
			if at < start.UnixMilli() || at >= end.UnixMilli() {
				continue
			}
			n := 0.0
			for _, c := range counts {
				n += c
			}
			times = append(times, &cbor.Tag{ID: 1, Value: cbor.Float64(float64(at) / 1000)})
			values = append(values, cbor.Float64(n))
		}
		results = append(results, cbor.Map{
			"Id": q["Id"], "Timestamps": times, "Values": values, "StatusCode": cbor.String("Complete"),
		})
	}
	return response(200, cbor.Map{"MetricDataResults": results})
}

func (d *double) asked(op string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.requests[op]
}

// all returns how often each value of a metric arrived, over all times.
func (d *double) all(name string) map[float64]float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[float64]float64{}
	for _, counts := range d.points[name] {
		for v, n := range counts {
			out[v] += n
		}
	}
	return out
}

func id(namespace cbor.Value, metric cbor.Map) string {
	var name strings.Builder
	name.WriteString(text(namespace) + "/" + text(metric["MetricName"]))
	for _, dim := range list(metric["Dimensions"]) {
		name.WriteString(" " + text(dim.(cbor.Map)["Name"]) + "=" + text(dim.(cbor.Map)["Value"]))
	}
	return name.String()
}

func list(v cbor.Value) cbor.List {
	l, _ := v.(cbor.List)
	return l
}

func text(v cbor.Value) string {
	s, _ := v.(cbor.String)
	return string(s)
}

func floats(v cbor.Value) []float64 {
	var out []float64
	for _, e := range list(v) {
		f, err := cbor.AsFloat64(e)
		if err != nil {
			return nil
		}
		out = append(out, f)
	}
	return out
}

var errUnreachable = errors.New("network is unreachable")
