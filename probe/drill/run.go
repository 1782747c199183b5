package drill

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
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
	Changed     int              // responses that the fault made others than they would have been
	Change      string           // the first of them, in words
	Early       string           // one that was another before the fault: the harness is at fault
	Seen        *Collector
}

// OK reports whether the drill was met: the fault changed what was served, and
// was found, blamed right, in time, alone.
func (o *Outcome) OK() bool {
	found := o.Incident != nil && o.Delay <= o.Allowance
	alone := len(o.Before) == 0 && len(o.Others) == 0
	return o.Err == nil && o.Changed > 0 && found && alone
}

// Settings are the stream that a drill is held on.
type Settings struct {
	TargetDuration time.Duration // whole seconds; zero is 2 s
	Renditions     int           // zero is 2
	Jitter         float64       // of publication, at most 0.2
	Offset         time.Duration // of the fault within a segment
	FMP4           bool          // fragmented MP4 instead of MPEG-TS
	// Part is the part target duration. Zero is a quarter of the target duration
	// (at most 0.5 s) for faults of low latency, and none for others.
	Part      time.Duration
	Edge      edge.Config // of a cache that is not the default one
	Snapshots int         // taken of the monitor each second
	Keep      bool        // let Outcome.Seen keep every batch
	Record    Recorder    // of the monitor: takes down what is judged; nil takes nothing down
	Apart     bool        // no two requests are answered at the same time: two runs in a synctest bubble are alike
}

// Setup is the event on which a fault shows: with keys, parts, fragments or
// subtitles where the fault breaks those. It has a twin.
func (s Settings) Setup(fault string) Setup {
	s.TargetDuration = cmp.Or(s.TargetDuration, 2*time.Second)
	edge, fault := faultOn(fault)
	var edges []string
	if edge != "" {
		edges = []string{secondEdge}
	}
	f, ok := sim.FindFault(fault)
	if !ok {
		f = &sim.Fault{}
	}
	if f.LowLatency && s.Part == 0 {
		s.Part = min(time.Second/2, s.TargetDuration/4)
	}
	return Setup{
		Origin: sim.Config{
			TargetDuration: s.TargetDuration, Jitter: s.Jitter, Part: s.Part, FMP4: s.FMP4 || f.FMP4,
			Encrypt: f.Encrypted, Subtitles: f.Subtitles, Renditions: make([]sim.Rendition, s.Renditions),
		},
		Edge: s.Edge, Edges: edges, Snapshots: s.Snapshots, Keep: s.Keep, Apart: s.Apart, Twin: true, Record: s.Record,
	}
}

// Run holds one drill: it lets a stream run until its beat is known, breaks it,
// and waits for the incident.
func Run(ctx context.Context, d Drill, s Settings) Outcome {
	setup := s.Setup(d.Fault)
	td := setup.Origin.TargetDuration
	out := Outcome{Drill: d, Allowance: d.Within(td)}
	counted := &counter{}
	setup.Through = counted.over
	w := New(setup)
	out.Seen = w.Seen
	begun := time.Now()
	w.Run(ctx, func(ctx context.Context) {
		if !probe.Pause(ctx, 5*td+s.Offset) {
			out.Err = fmt.Errorf("drill %s: %w", d.Fault, ctx.Err())
			return
		}
		out.Before = w.Seen.Incidents()
		began := time.Now()
		out.Began = began.UTC()
		out.LastSegment = w.Start.Add(began.Sub(w.Start).Truncate(td)).UTC()
		if err := w.Break(d.injections()...); err != nil {
			out.Err = fmt.Errorf("drill %s: %w", d.Fault, err)
			return
		}
		out.wait(ctx, w.Seen, began, td)
		out.Pace = float64(counted.playlists.Load()) / time.Since(begun).Seconds() / float64(2*(1+max(s.Renditions, 2)))
	})
	out.Changed, out.Change, out.Early = w.Differences()
	return out
}

// wait collects incidents until the limit is over, and for two more target
// durations in which nothing else may open.
func (o *Outcome) wait(ctx context.Context, seen *Collector, began time.Time, td time.Duration) {
	end := began.Add(o.Allowance + 2*td)
	for time.Now().Before(end) && ctx.Err() == nil {
		probe.Pause(ctx, 50*time.Millisecond)
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

// over counts what goes to a transport.
func (c *counter) over(next http.RoundTripper) http.RoundTripper {
	c.next = next
	return c
}

// RoundTrip counts and passes on.
func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, ".m3u8") {
		c.playlists.Add(1)
	}
	return c.next.RoundTrip(r)
}
