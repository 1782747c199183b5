package cloudwatch

import (
	"context"
	"maps"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	maxHeld       = 1_000_000 // samples in memory while the disk is sick
	maxRenditions = 500       // put by themselves: their names come from playlists, and each costs
	maxOfStream   = 100       // of one stream, so that none takes the room of the others
	forgotten     = 24 * time.Hour
	anyTime       = 10 * 365 * 24 * time.Hour // ahead of now: also what was noted before the clock was set back
	rowsAtOnce    = 40                        // sealed rows in memory; of one stream each is a thirtieth of a request
	spoolParts    = 16                        // of a period, merged one by one: all of it can be hundreds of megabytes
)

// Stats count samples since the start.
type Stats struct {
	Sent      int // confirmed by CloudWatch
	Rejected  int // of requests that CloudWatch called wrong
	Trimmed   int // too old, or too much for the spool
	Refused   int // not finite, of too many renditions, or too many for memory while the disk is sick
	Requests  int // PutMetricData that were made
	Recovered int // of those sent: found to have arrived though no answer came
	Repeated  int // sent again though they may have arrived: they may count twice
}

// Sink is the way to CloudWatch. Write may be called while Run runs.
type Sink struct {
	o      Options
	log    *zap.Logger
	sealed chan struct{} // something may be sent
	settle time.Duration // until CloudWatch certainly shows what it took

	failing probe.Failing // to send

	mu         sync.Mutex       // guards all below
	fresh      map[int64]*notes // by period
	spare      *notes           // empty, with room
	held       int
	renditions map[[2]string]time.Time // when each was last seen
	ahead      time.Time               // newest period that was brought to the spool since it was sealed
	stats      Stats

	// Only the goroutine that seals uses these.
	newest   time.Time // period that was sealed last, also by an earlier process
	nextTrim time.Time
}

// New returns a sink that has written nothing.
func New(o Options) *Sink {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Namespace == "" {
		o.Namespace = "StreamWatch"
	}
	if o.Period <= 0 {
		o.Period = time.Minute
	}
	return &Sink{
		o: o, log: o.Log, sealed: make(chan struct{}, 1), settle: settle,
		fresh: map[int64]*notes{}, renditions: map[[2]string]time.Time{},
	}
}

// Name returns "cloudwatch".
func (*Sink) Name() string { return "cloudwatch" }

// Stats returns the counts as of now.
func (s *Sink) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

func (s *Sink) count(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}

// Write takes over the samples of a batch, but for those on which no alarm may
// stand. It never fails.
func (s *Sink) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	samples := probe.Unmuted(b.Samples)
	for i := range samples {
		sample := &samples[i]
		if sample.Metric.Scope == probe.ByVerdict {
			continue
		}
		v, ok := rounded(sample.Value * sample.Metric.Scale)
		if !ok || s.held >= maxHeld {
			s.stats.Refused++
			continue
		}
		of := name{Metric: sample.Metric.Name, Stream: sample.Stream, Side: sample.Side.String(), Edge: sample.Edge}
		if sample.Vantage != "" { // of several: by itself, and for alarms with the others
			there := of
			there.Vantage = sample.Vantage
			if s.add(sample.At, note{there, v}); sample.Metric.Scope == probe.ByEvent {
				continue // what a vantage says of itself is not the event's
			}
		}
		s.add(sample.At, note{of, v})
		if s.o.PerRendition && sample.Rendition != "" && !sample.Metric.OfStream() && s.known(sample) {
			of.Rendition = sample.Rendition
			s.add(sample.At, note{of, v})
		}
	}
	return nil
}

func (s *Sink) add(at time.Time, one note) {
	period := at.UnixNano() / int64(s.o.Period)
	of := s.fresh[period]
	if of == nil {
		of, s.spare = s.spare, nil
		if of == nil {
			of = &notes{}
		}
		s.fresh[period] = of
	}
	of.add(one)
	s.held++
}

// known reports whether a rendition is among those that are put by themselves.
// One that was not seen for a day gives its place to another.
func (s *Sink) known(sample *probe.Sample) bool {
	name := [2]string{sample.Stream, sample.Rendition}
	if _, known := s.renditions[name]; !known && !s.room(sample.Stream, sample.At) {
		s.stats.Refused++
		return false
	}
	s.renditions[name] = sample.At
	return true
}

// room reports whether one more rendition of a stream may be put by itself.
func (s *Sink) room(stream string, now time.Time) bool {
	if len(s.renditions) >= maxRenditions {
		maps.DeleteFunc(s.renditions, func(_ [2]string, seen time.Time) bool { return now.Sub(seen) > forgotten })
	}
	own := 0
	for name, seen := range s.renditions {
		if name[0] == stream && now.Sub(seen) <= forgotten {
			own++
		}
	}
	return len(s.renditions) < maxRenditions && own < maxOfStream
}

// Run keeps, seals and sends until ctx is done. Then it seals what there is and
// sends it; what cannot be sent waits in the spool for the next start.
func (s *Sink) Run(ctx context.Context) (err error) {
	if s.newest, err = s.o.Spool.NewestSealed(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if err := s.trim(ctx, time.Now()); err != nil && ctx.Err() == nil {
		return err
	}
	var sender sync.WaitGroup
	sender.Go(func() { s.send(ctx) })
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			s.keep(context.WithoutCancel(ctx), time.Now(), false)
		case <-ctx.Done():
		}
	}
	sender.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
	defer cancel()
	s.keep(last, time.Now(), true)
	if _, err := s.deliver(last); err != nil {
		s.log.Warn("metrics are left for the next start", zap.Error(err))
	}
	return nil
}

// Keep brings what was written to the spool: a process that is killed after it
// has lost nothing. What a sick disk does not take stays in memory and is tried
// again by Run, which says so. Keep may be called while Run runs.
func (s *Sink) Keep(ctx context.Context) { _ = s.spoolFresh(ctx) }

// keep brings what is in memory to the spool, and seals the periods that are
// over; all of them at the end. A sick disk is tried again a second later.
func (s *Sink) keep(ctx context.Context, now time.Time, all bool) {
	err := s.spoolFresh(ctx)
	before := now.Add(-s.o.Period - sealLag)
	if all || s.setBack(now) {
		before = now.Add(anyTime)
	}
	if err == nil {
		err = s.seal(ctx, before)
	}
	if err == nil && !now.Before(s.nextTrim) {
		err = s.trim(ctx, now)
	}
	if err != nil {
		s.log.Warn("metrics cannot be kept on disk", zap.Error(err))
	}
}
