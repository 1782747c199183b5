package cloudwatch

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
)

// One request for a period with all streams in it, as many as the cost says.
func TestRequestsAreAsManyAsTheCostSays(t *testing.T) {
	for _, c := range []struct {
		streams, renditions int
		period              time.Duration
		each                bool
		edges               []string
	}{
		{1, 4, time.Minute, false, nil},
		{1, 4, 10 * time.Second, false, nil},
		{1, 4, time.Minute, true, nil},
		{100, 2, time.Minute, false, nil},
		{100, 2, 10 * time.Second, false, nil},
		{2, 4, time.Minute, true, []string{"cloudfront", "second", "third"}},
	} {
		t.Run(fmt.Sprintf("%d streams, %s, %d edges", c.streams, c.period, max(1, len(c.edges))), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDouble()
				o := dashboards.Options{Event: "e", Edges: c.edges, Period: c.period, PerRendition: c.each, Viewers: c.each}
				spool, _ := long()
				s, stop := running(t, t.TempDir(), Options{
					Put: d.client(), Read: d.client(), Period: c.period, PerRendition: c.each, Spool: spool,
				})
				for i := range c.streams {
					o.Streams = append(o.Streams, dashboards.Stream{
						Name: fmt.Sprint("s", i), TargetDuration: 6 * time.Second, Renditions: c.renditions,
					})
				}
				const periods = 2
				for end := time.Now().Add(periods * c.period); time.Now().Before(end); time.Sleep(5 * time.Second) {
					write(t, s, round(o, c.renditions)...)
				}
				time.Sleep(5 * time.Second)
				stop()
				names := len(d.points)
				if want := dashboards.MetricCount(o); names != want {
					t.Errorf("%d metrics, the cost says %d", names, want)
				}
				if got, want := d.asked("PutMetricData"), periods*dashboards.PutsPerPeriod(o); got != want {
					t.Errorf("%d requests in %d periods, the cost says %d; largest %d bytes", got, periods, want, d.largest)
				}
				t.Logf("%d metrics, %d requests in %d periods, largest %d KiB before and %d KiB in all after compression",
					names, d.asked("PutMetricData"), periods, d.largest>>10, d.sent>>10)
			})
		})
	}
}

// round is one poll of everything, each metric of the catalog in it.
func round(o dashboards.Options, renditions int) []probe.Sample {
	list := []probe.Sample{{Metric: probe.MonitorHeartbeat, Value: 1, At: time.Now()}}
	for _, stream := range o.Streams {
		for r := range renditions {
			for _, m := range probe.Catalog() {
				one := probe.Sample{
					Metric: m, Stream: stream.Name, Rendition: fmt.Sprint("v", r), Value: float64(rand.IntN(5000)) / 1000,
					At: time.Now(),
				}
				if m.Unit == probe.UnitCount || m.Unit == probe.UnitNone && m != probe.SegmentRatio {
					one.Value = 1
				}
				if m.OfStream() {
					one.Rendition = ""
				}
				switch m.Scope {
				case probe.ByEvent, probe.ByVerdict:
					continue
				case probe.ByViewer:
					if !o.Viewers {
						continue
					}
					one.Rendition = "hlsjs" // costs nothing more
				case probe.BySide:
					one.Side = probe.Origin
					list = append(list, one)
					one.Side = probe.Edge
				case probe.ByStream:
				}
				for i, edge := range o.Edges {
					if m.OfEdge(probe.Edge) && i > 0 {
						one.Edge = edge
						list = append(list, one)
					}
				}
				if m.OfEdge(probe.Edge) && len(o.Edges) > 0 {
					one.Edge = o.Edges[0]
				}
				list = append(list, one)
			}
		}
	}
	return list
}

// Of thousands of streams a period is a hundred requests. None of them reads what the
// others send.
func TestEachRowIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, spool := newDouble(), &memory{}
		s, stop := running(t, t.TempDir(), Options{Put: d.client(), Spool: spool})
		for i := range 1000 {
			for _, m := range []*probe.Metric{probe.ManifestAge, probe.ManifestFetch, probe.ManifestAvail} {
				write(t, s, probe.Sample{Metric: m, Stream: fmt.Sprint("s", i), Side: probe.Edge, Value: 1, At: time.Now()})
				write(t, s, probe.Sample{Metric: m, Stream: fmt.Sprint("s", i), Side: probe.Origin, Value: 1, At: time.Now()})
			}
		}
		time.Sleep(2 * time.Minute)
		stop()
		requests := d.asked("PutMetricData")
		if requests < 5 || spool.left() != 0 {
			t.Fatalf("%d requests, %d samples left", requests, spool.left())
		}
		if spool.read > requests {
			t.Errorf("%d rows were read for %d requests", spool.read, requests)
		}
		if spool.most > 2*6000/spoolParts { // twice an even share
			t.Errorf("%d of 6000 samples were read at once to be merged", spool.most)
		}
	})
}
