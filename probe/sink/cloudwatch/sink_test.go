package cloudwatch

import (
	"context"
	"database/sql"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
	db, err := sql.Open("sqlite", filepath.Join(dir, "e", "streamwatch.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT coalesce(sum(samples), 0) FROM unsent").Scan(&n); err != nil {
		t.Fatal(err)
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
	return probe.Sample{
		Metric: probe.ManifestAge, Stream: "main", Rendition: "720p", Side: probe.Edge, Value: v, At: time.Now(),
	}
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
			ageName + " Edge=cloudfront": 1, ageName + " Edge=second": 2,
			"StreamWatch/EdgeLagSeconds Event=e Stream=main Edge=second":     4,
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

func TestAlarmSwitch(t *testing.T) {
	d := newDouble()
	names := []string{"stack-viewer-impact", "stack-heartbeat"}
	if err := Arm(t.Context(), d.client(), names); err != nil {
		t.Error(err)
	}
	if err := Disarm(t.Context(), d.client(), names); err != nil {
		t.Error(err)
	}
	want := "EnableAlarmActions stack-viewer-impact,EnableAlarmActions stack-heartbeat," +
		"DisableAlarmActions stack-viewer-impact,DisableAlarmActions stack-heartbeat"
	if got := strings.Join(d.switched, ","); got != want {
		t.Error(got)
	}
	d.mood = func(string, int) mood { return forbids }
	if err := Arm(t.Context(), d.client(), names); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
		t.Errorf("not allowed: %v", err)
	}
}
