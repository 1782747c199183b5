package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

// running starts a sink over a store in a folder; stop ends it cleanly.
func running(t *testing.T, dir string, o Options) (s *Sink, stop func()) {
	t.Helper()
	closing := func() error { return nil }
	if o.Spool == nil {
		spool, err := store.Open(dir, "e", nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Spool, closing = spool, spool.Close
	}
	o.Event = "e"
	s = New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return s, func() {
		cancel()
		group.Wait()
		if err := closing(); err != nil {
			t.Error(err)
		}
	}
}

// long is the spool of long tests: nil is the store.
func long() (Spool, *memory) {
	if !proctest.Race {
		return nil, nil
	}
	m := &memory{}
	return m, m
}

// left counts the samples in the spool.
func left(t *testing.T, dir string) (n int) {
	t.Helper()
	spool, err := store.Open(dir, "e", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer spool.Close()
	for _, sealed := range []bool{true, false} {
		rows, err := spool.Unsent(t.Context(), sealed, time.Now().Add(time.Hour), 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			n += r.Samples
		}
	}
	return n
}

func write(t *testing.T, s *Sink, samples ...probe.Sample) {
	t.Helper()
	if err := s.Write(t.Context(), probe.Batch{At: time.Now(), Event: "e", Samples: samples}); err != nil {
		t.Fatal(err)
	}
}

func age(v float64) probe.Sample {
	return probe.Sample{Metric: probe.ManifestAge, Stream: "main", Rendition: "720p", Side: probe.Edge, Value: v, At: time.Now()}
}

const ageName = "StreamWatch/ManifestAgeSeconds Event=e Stream=main Side=edge"

func TestSamplesArriveInTheirPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		s, stop := running(t, t.TempDir(), Options{Put: d.client(), Read: d.client()})
		start := time.Now().Truncate(time.Minute)
		time.Sleep(10 * time.Second)
		write(t, s, age(1), age(1), age(2.0004), age(math.NaN()), age(math.Inf(1)))
		write(t, s, probe.Sample{Metric: probe.ManifestFetch, Stream: "main", Side: probe.Edge, Value: 0.25, At: time.Now()})
		time.Sleep(time.Minute)
		write(t, s, age(3))
		time.Sleep(time.Second)
		if got := d.asked("PutMetricData"); got != 1 {
			t.Errorf("%d requests for a period", got)
		}
		stop() // flushes what is not over
		points := d.points[ageName]
		if got := points[start.UnixMilli()]; len(got) != 2 || got[1] != 2 || got[2] != 1 {
			t.Errorf("first minute: %v", got)
		}
		if got := points[start.Add(time.Minute).UnixMilli()]; len(got) != 1 || got[3] != 1 {
			t.Errorf("second minute: %v", got)
		}
		if got := d.all("StreamWatch/ManifestFetchMilliseconds Event=e Stream=main Side=edge"); got[250] != 1 {
			t.Errorf("milliseconds: %v", got)
		}
		if st := s.Stats(); st.Refused != 2 || st.Sent != 5 {
			t.Errorf("%+v", st)
		}
	})
}

// Whatever becomes of a request, every sample arrives, and arrives once.
func TestEverySampleOnce(t *testing.T) {
	for name, moods := range map[string][]mood{
		"throttled": {throttles}, "broken": {breaks}, "failed after it took": {fails}, "cut": {cuts}, "silent": {silent},
		"gone": {gone}, "forbidden": {forbids}, "all": {throttles, breaks, fails, cuts, silent, gone, forbids, well},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, dir := newDouble(), t.TempDir()
				spool, inMemory := long()
				random := rand.New(rand.NewPCG(1, 2))
				until := time.Now().Add(10 * time.Minute)
				d.mood = func(op string, _ int) mood {
					if time.Now().After(until) {
						return well
					}
					m := moods[random.IntN(len(moods))]
					if m == forbids && op == "GetMetricData" {
						return throttles // who may not look up has to send again
					}
					return m
				}
				value := 0.0
				for range 3 { // three processes, one after the other
					s, stop := running(t, dir, Options{Put: d.client(), Read: d.client(), Spool: spool})
					for range 150 {
						value++
						write(t, s, age(value))
						time.Sleep(2 * time.Second)
					}
					stop()
				}
				s, stop := running(t, dir, Options{Put: d.client(), Read: d.client(), Spool: spool})
				time.Sleep(5 * time.Minute)
				stop()
				arrived := d.all(ageName)
				lost, twice := 0, 0
				for v := 1.0; v <= value; v++ {
					switch n := arrived[v]; {
					case n == 0:
						lost++
					case n > 1:
						twice++
					}
				}
				t.Logf("%s: %.0f samples, %d lost, %d twice, %d requests, %d look-ups, %+v", name, value, lost, twice,
					d.asked("PutMetricData"), d.asked("GetMetricData"), s.Stats())
				waiting := 0
				if inMemory != nil {
					waiting = inMemory.left()
				} else {
					waiting = left(t, dir)
				}
				if lost > 0 || waiting > 0 {
					t.Errorf("%d samples lost, %d left", lost, waiting)
				}
				if twice > 0 {
					t.Errorf("%d samples arrived twice", twice)
				}
			})
		})
	}
}

// Three hours without AWS, and then a kill: nothing is lost, memory stays flat,
// and what waited goes out in few requests, oldest first.
func TestThreeHoursAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, dir := newDouble(), t.TempDir()
		moods := []mood{throttles, breaks, silent, cuts, gone}
		back := time.Now().Add(3 * time.Hour)
		d.mood = func(op string, n int) mood {
			if time.Now().After(back) {
				return well
			}
			if op == "GetMetricData" {
				return gone
			}
			return moods[n%len(moods)]
		}
		spool, inMemory := long()
		s, stop := running(t, dir, Options{Put: d.client(), Read: d.client(), Spool: spool})
		var before runtime.MemStats
		value := 0.0
		for time.Now().Before(back) {
			value++
			write(t, s, age(value))
			s.Keep(t.Context()) // as the fan-out does
			time.Sleep(6 * time.Second)
			if value == 300 {
				runtime.GC()
				runtime.ReadMemStats(&before)
			}
		}
		var after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&after)
		away := d.asked("PutMetricData")
		// What a kill leaves is what is on disk at that moment. The process that was
		// killed sends nothing any more.
		synctest.Wait()
		killed := t.TempDir()
		if inMemory != nil {
			spool = inMemory.clone()
		} else if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		d.mood = func(string, int) mood { return gone }
		stop()
		d.mood = nil
		s, stop = running(t, killed, Options{Put: d.client(), Read: d.client(), Spool: spool})
		tried := d.asked("PutMetricData")
		time.Sleep(3 * time.Minute)
		stop()
		arrived, once := d.all(ageName), 0
		for v := 1.0; v <= value; v++ {
			if arrived[v] == 1 {
				once++
			}
		}
		t.Logf("%.0f samples, %d arrived once; %d requests while away, %d after; heap %d KiB after half an hour, %d KiB after three; %+v",
			value, once, away, d.asked("PutMetricData")-tried, before.HeapAlloc>>10, after.HeapAlloc>>10, s.Stats())
		if once != int(value) {
			t.Errorf("%d of %.0f samples arrived once", once, value)
		}
		if after.HeapAlloc > before.HeapAlloc+(4<<20) {
			t.Errorf("the heap grew from %d to %d bytes", before.HeapAlloc, after.HeapAlloc)
		}
		for at, counts := range d.points[ageName] {
			for v := range counts { // each sample in the minute in which it was taken
				if minute := int64((v - 1) * 6 / 60); at != back.Add(-3*time.Hour).Add(time.Duration(minute)*time.Minute).UnixMilli() {
					t.Fatalf("sample %.0f arrived for %s", v, time.UnixMilli(at))
				}
			}
		}
	})
}

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
				s, stop := running(t, t.TempDir(), Options{Put: d.client(), Read: d.client(), Period: c.period, PerRendition: c.each, Spool: spool})
				for i := range c.streams {
					o.Streams = append(o.Streams, dashboards.Stream{Name: fmt.Sprint("s", i), TargetDuration: 6 * time.Second, Renditions: c.renditions})
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
				one := probe.Sample{Metric: m, Stream: stream.Name, Rendition: fmt.Sprint("v", r), Value: float64(rand.IntN(5000)) / 1000, At: time.Now()}
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

// A disk that is full for a while costs nothing either.
func TestSickDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := newDouble(), &memory{}
		s, stop := running(t, "", Options{Put: d.client(), Read: d.client(), Spool: m})
		for v := range 100 {
			switch v {
			case 20:
				m.ail(errors.New("no space left on device"))
			case 80:
				m.ail(nil)
			}
			write(t, s, age(float64(v)))
			time.Sleep(2 * time.Second)
		}
		stop()
		arrived := d.all(ageName)
		for v := range 100 {
			if arrived[float64(v)] != 1 {
				t.Errorf("sample %d arrived %.0f times", v, arrived[float64(v)])
			}
		}
	})
}

// What is too old for CloudWatch is dropped and counted.
func TestTwoWeeksAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m := newDouble(), &memory{}
		d.mood = func(string, int) mood { return gone }
		first, stop := running(t, "", Options{Put: d.client(), Spool: m})
		write(t, first, age(1))
		time.Sleep(time.Minute)
		stop()
		time.Sleep(15 * 24 * time.Hour)
		d.mood = nil
		s, stop := running(t, "", Options{Put: d.client(), Spool: m})
		write(t, s, age(2))
		time.Sleep(2 * time.Minute)
		stop()
		if st := s.Stats(); st.Trimmed != 1 || st.Rejected != 0 || st.Sent != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// Each of several edges has a dimension, and the origin beside them has none.
func TestDimensionOfEdges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		s, stop := running(t, t.TempDir(), Options{Put: d.client(), Read: d.client()})
		for i, edge := range []string{"cloudfront", "second"} {
			one := age(float64(i + 1))
			one.Edge = edge
			write(t, s, one)
		}
		write(t, s, probe.Sample{Metric: probe.EdgeLag, Stream: "main", Edge: "second", Value: 4, At: time.Now()})
		write(t, s, probe.Sample{Metric: probe.ManifestAge, Stream: "main", Side: probe.Origin, Value: 3, At: time.Now()})
		time.Sleep(2 * time.Minute)
		stop()
		for name, want := range map[string]float64{
			ageName + " Edge=cloudfront": 1, ageName + " Edge=second": 2, "StreamWatch/EdgeLagSeconds Event=e Stream=main Edge=second": 4,
			"StreamWatch/ManifestAgeSeconds Event=e Stream=main Side=origin": 3,
		} {
			if got := d.all(name); got[want] != 1 || len(got) != 1 {
				t.Errorf("%s has %v, want %g", name, got, want)
			}
		}
		if len(d.points) != 4 {
			t.Errorf("%d metrics, want 4", len(d.points))
		}
	})
}

func TestHostileNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		s, stop := running(t, t.TempDir(), Options{Put: d.client(), PerRendition: true})
		for i, name := range []string{"ümlaut", ":colon", strings.Repeat("長", 2000), "a\nb\x00", "100%", " ", "\xff\xfe"} {
			one := age(float64(i + 1))
			one.Rendition = name
			write(t, s, one)
		}
		for i := range 2 * maxRenditions {
			one := age(1)
			one.Rendition = fmt.Sprint("r", i)
			write(t, s, one)
		}
		stop()
		st := s.Stats()
		if st.Rejected > 0 || st.Refused != 2*maxRenditions+7-maxOfStream {
			t.Errorf("%+v", st)
		}
		if got := len(d.points); got != maxOfStream+1 {
			t.Errorf("%d metrics, want %d", got, maxOfStream+1)
		}
	})
}

func TestManyValuesAreSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDouble()
		s, stop := running(t, t.TempDir(), Options{Put: d.client()})
		for i := range 400 {
			write(t, s, age(float64(i)))
		}
		stop()
		if got := d.all(ageName); len(got) != 400 || d.datums != 4 {
			t.Errorf("%d values in %d datums", len(got), d.datums)
		}
	})
}

func TestWrongIsDroppedAndSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.ErrorLevel)
		d, dir := newDouble(), t.TempDir()
		d.mood = func(string, int) mood { return picky }
		s, stop := running(t, dir, Options{Put: d.client(), Log: zap.New(core)})
		write(t, s, age(1))
		stop()
		if st := s.Stats(); st.Rejected != 1 || left(t, dir) != 0 || logs.Len() != 1 {
			t.Errorf("%+v, %d left, %d lines", st, left(t, dir), logs.Len())
		}
	})
}

func TestAlarmSwitch(t *testing.T) {
	d := newDouble()
	names := []string{"stack-viewer-impact", "stack-heartbeat"}
	if err := Arm(t.Context(), d.client(), names); err != nil {
		t.Error(err)
	}
	if err := Disarm(t.Context(), d.client(), names); err != nil {
		t.Error(err)
	}
	want := "EnableAlarmActions stack-viewer-impact,EnableAlarmActions stack-heartbeat,DisableAlarmActions stack-viewer-impact,DisableAlarmActions stack-heartbeat"
	if got := strings.Join(d.switched, ","); got != want {
		t.Error(got)
	}
	d.mood = func(string, int) mood { return forbids }
	if err := Arm(t.Context(), d.client(), names); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("not allowed: %v", err)
	}
}
