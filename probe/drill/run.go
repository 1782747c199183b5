package drill

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// Outcome is what a drill led to.
type Outcome struct {
	Drill       Drill
	Err         error            // the drill could not be held; nothing else is set
	Before      []probe.Incident // false alarms, before the fault began
	Incident    *probe.Incident  // the required one; nil when it did not come
	Delay       time.Duration    // from the beginning of the fault to the opened incident
	Others      []probe.Incident // opened besides, by one cause: each is noise
	Began       time.Time        // when the fault was switched on
	LastSegment time.Time        // when the newest segment before it appeared; known without jitter only
	Sight       time.Duration    // from the first bad observation to the opened incident
	Pace        float64          // requests for each playlist on each side, per second
	Allowance   time.Duration    // what the drill allows for Delay
}

// OK reports whether the drill was met: found, blamed right, in time, alone.
func (o *Outcome) OK() bool {
	return o.Err == nil && o.Incident != nil && o.Delay <= o.Allowance && len(o.Before) == 0 && len(o.Others) == 0
}

// Settings are the stream that a drill is held on.
type Settings struct {
	TargetDuration time.Duration // whole seconds; zero is 2 s
	Renditions     int           // zero is 2
	Jitter         float64       // of publication, at most 0.2
	Offset         time.Duration // of the fault within a segment
	FMP4           bool          // fragmented MP4 instead of MPEG-TS
	Part           time.Duration // part target duration; zero is a quarter of the target duration (at most 0.5 s) for faults of low latency, and none for others
}

// Run holds one drill: it lets a stream run until its beat is known, breaks it,
// and waits for the incident.
func Run(ctx context.Context, d Drill, s Settings) Outcome {
	if s.TargetDuration == 0 {
		s.TargetDuration = 2 * time.Second
	}
	if f, ok := sim.FindFault(d.Fault); ok && f.LowLatency && s.Part == 0 {
		s.Part = min(time.Second/2, s.TargetDuration/4)
	}
	out := Outcome{Drill: d, Allowance: d.Within(s.TargetDuration)}
	board := sim.NewBoard()
	start := time.Now().Add(-time.Hour).Truncate(time.Second)
	f, _ := sim.FindFault(d.Fault)
	origin := sim.NewOrigin(sim.Config{
		FMP4: s.FMP4, Encrypt: f != nil && f.Encrypted, Start: start, TargetDuration: s.TargetDuration, Jitter: s.Jitter, Part: s.Part, Faults: board,
		Renditions: make([]sim.Rendition, s.Renditions),
	})
	edge := sim.NewEdge(sim.EdgeConfig{
		Origin: &url.URL{Scheme: "http", Host: "origin.test"}, Transport: sim.Hosts{"origin.test": origin}, Faults: board,
	})
	counted := &counter{next: sim.Hosts{"origin.test": origin, "edge.test": edge}}
	seen := NewCollector()
	m := monitor.New(monitor.Options{
		Event: "drill", Origin: "http://origin.test", Edge: "http://edge.test", Streams: []monitor.Stream{{Name: "main", Manifest: "/main/playlist.m3u8"}},
		Transport: counted, Sinks: []probe.Sink{seen},
	})
	begun := time.Now()
	watching, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { m.Run(watching) })
	defer running.Wait()
	defer stop()
	if !pause(ctx, 5*s.TargetDuration+s.Offset) {
		out.Err = fmt.Errorf("drill %s: %w", d.Fault, ctx.Err())
		return out
	}
	out.Before = seen.Incidents()
	began := time.Now()
	out.Began = began.UTC()
	out.LastSegment = start.Add(began.Sub(start).Truncate(s.TargetDuration)).UTC()
	if err := board.Inject(sim.Injection{Fault: d.Fault, From: began}); err != nil {
		out.Err = fmt.Errorf("drill %s: %w", d.Fault, err)
		return out
	}
	out.wait(ctx, seen, began, s.TargetDuration)
	out.Pace = float64(counted.playlists.Load()) / time.Since(begun).Seconds() / float64(2*(1+max(s.Renditions, 2)))
	return out
}

// wait collects incidents until the limit is over, and for two more target
// durations in which nothing else may open.
func (o *Outcome) wait(ctx context.Context, seen *Collector, began time.Time, td time.Duration) {
	end := began.Add(o.Allowance + 2*td)
	for time.Now().Before(end) && ctx.Err() == nil {
		pause(ctx, 50*time.Millisecond)
	}
	o.Others = nil
	for _, in := range seen.Incidents()[len(o.Before):] {
		if o.Incident == nil && o.Drill.Met(&in) {
			o.Incident = &in
			o.Delay = in.Opened.Sub(began.Round(0))
			o.Sight = in.Opened.Sub(in.Began)
			continue
		}
		o.Others = append(o.Others, in)
	}
}

// counter counts requests for playlists.
type counter struct {
	next      http.RoundTripper
	playlists atomic.Int64
}

// RoundTrip counts and passes on.
func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, ".m3u8") {
		c.playlists.Add(1)
	}
	return c.next.RoundTrip(r)
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// Collector is a sink that keeps each incident as it last was.
type Collector struct {
	mu   sync.Mutex
	list []probe.Incident
}

// NewCollector returns a collector that has seen nothing.
func NewCollector() *Collector { return &Collector{} }

// Name names the sink.
func (c *Collector) Name() string { return "drill" }

// Write keeps the incidents of a batch.
func (c *Collector) Write(_ context.Context, b probe.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
next:
	for _, in := range b.Incidents {
		for i := range c.list {
			if c.list[i].ID == in.ID {
				c.list[i] = in
				continue next
			}
		}
		c.list = append(c.list, in)
	}
	return nil
}

// Incidents returns what was seen, in the order of opening.
func (c *Collector) Incidents() []probe.Incident {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]probe.Incident(nil), c.list...)
}
