package cloudwatch

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

func TestEMFAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		dir := t.TempDir()
		s, stop := running(t, dir, Options{EMF: &out, Period: 10 * time.Second})
		start := time.Now()
		write(t, s, age(1), age(1), age(2), probe.Sample{Metric: probe.MonitorHeartbeat, Value: 1, At: time.Now()})
		for i := range 200 {
			write(t, s, probe.Sample{Metric: probe.EdgeLag, Stream: "main", Value: float64(i), At: time.Now()})
		}
		stop()
		if n := left(t, dir); n != 0 {
			t.Errorf("%d samples wait though nothing is sent", n)
		}
		type declared struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct {
				Name, Unit        string
				StorageResolution int
			}
		}
		var lines []map[string]json.RawMessage
		for dec := json.NewDecoder(&out); dec.More(); {
			var line map[string]json.RawMessage
			if err := dec.Decode(&line); err != nil {
				t.Fatal(err)
			}
			var aws struct {
				Timestamp         int64
				CloudWatchMetrics []declared
			}
			if err := json.Unmarshal(line["_aws"], &aws); err != nil {
				t.Fatal(err)
			}
			m := aws.CloudWatchMetrics[0]
			if aws.Timestamp != start.UnixMilli() || m.Namespace != "StreamWatch" || m.Metrics[0].StorageResolution != 1 {
				t.Errorf("declared: %+v", aws)
			}
			for _, dim := range m.Dimensions[0] {
				if line[dim] == nil {
					t.Errorf("the line has no value for the dimension %s", dim)
				}
			}
			for _, metric := range m.Metrics {
				if line[metric.Name] == nil || metric.Unit == "" {
					t.Errorf("the line has no value or unit for %s", metric.Name)
				}
			}
			lines = append(lines, line)
		}
		if len(lines) != 4 { // heartbeat, two of the lag with its many values, age
			t.Fatalf("%d lines", len(lines))
		}
		if got := string(lines[3]["ManifestAgeSeconds"]); got != `{"Counts":[2,1],"Values":[1,2]}` {
			t.Errorf("age: %s", got)
		}
	})
}

// On a muted sample no alarm may stand: CloudWatch never sees it.
func TestMutedSamplesStayHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s, stop := running(t, t.TempDir(), Options{EMF: &out, Period: 10 * time.Second})
		muted := age(31)
		muted.Muted = true
		write(t, s, muted, probe.Sample{Metric: probe.Silenced, Stream: "main", Value: 1, At: time.Now()})
		stop()
		if text := out.String(); strings.Contains(text, "ManifestAge") || !strings.Contains(text, `"Silenced":`) {
			t.Errorf("put: %s", text)
		}
	})
}
