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
	rowsAtOnce    = 100                       // sealed rows in memory
	openRows      = 4000                      // of one period that are merged at once
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

	mu         sync.Mutex // guards all below
	fresh      map[int64]map[key][]float64
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
		fresh: map[int64]map[key][]float64{}, renditions: map[[2]string]time.Time{},
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
		k := key{metric: sample.Metric, stream: sample.Stream, place: probe.Place{Side: sample.Side, Edge: sample.Edge}}
		if sample.Vantage != "" { // of several: by itself, and for alarms with the others
			of := k
			of.vantage = sample.Vantage
			if s.add(sample.At, of, v); sample.Metric.Scope == probe.ByEvent {
				continue // what a vantage says of itself is not the event's
			}
		}
		s.add(sample.At, k, v)
		if s.o.PerRendition && sample.Rendition != "" && !sample.Metric.OfStream() && s.known(sample) {
			k.rendition = sample.Rendition
			s.add(sample.At, k, v)
		}
	}
	return nil
}

func (s *Sink) add(at time.Time, k key, v float64) {
	period := at.UnixNano() / int64(s.o.Period)
	of := s.fresh[period]
	if of == nil {
		of = map[key][]float64{}
		s.fresh[period] = of
	}
	of[k] = append(of[k], v)
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

// setBack reports, once, whether the clock was set back since samples were
// noted: what they are part of would wait until it shows that time again.
func (s *Sink) setBack(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ahead.After(now.Add(s.o.Period).Round(0)) {
		return false
	}
	s.ahead = time.Time{}
	return true
}

func (s *Sink) spoolFresh(ctx context.Context) error {
	s.mu.Lock()
	fresh, held := s.fresh, s.held
	s.fresh, s.held = map[int64]map[key][]float64{}, 0
	for period := range fresh {
		if at := time.Unix(0, period*int64(s.o.Period)); at.After(s.ahead) {
			s.ahead = at
		}
	}
	s.mu.Unlock()
	if held == 0 {
		return nil
	}
	var rows []probe.Unsent
	for period, of := range fresh {
		p := piece{Series: make([]series, 0, len(of))}
		for k, values := range of {
			p.Series = append(p.Series, seriesOf(k, values))
		}
		row, err := p.row(time.Unix(0, period*int64(s.o.Period)), false)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	err := s.o.Spool.ExchangeUnsent(ctx, nil, rows)
	if err != nil {
		s.restore(fresh, held)
	}
	return err
}

// restore takes back what the disk did not take.
func (s *Sink) restore(fresh map[int64]map[key][]float64, held int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for period, of := range fresh {
		if s.fresh[period] == nil {
			s.fresh[period] = of
			continue
		}
		for k, values := range of {
			s.fresh[period][k] = append(s.fresh[period][k], values...)
		}
	}
	s.held += held
}

// seal merges the rows of every period that began before a time into pieces
// that fit into a request each.
func (s *Sink) seal(ctx context.Context, before time.Time) error {
	for {
		rows, err := s.o.Spool.Unsent(ctx, false, before.Add(time.Millisecond), openRows)
		if err != nil || len(rows) == 0 {
			return err
		}
		at := rows[0].At
		var ids []int64
		found := merging{}
		for i := range rows {
			if !rows[i].At.Equal(at) {
				break
			}
			ids = append(ids, rows[i].ID)
			p, err := read(&rows[i])
			rows[i].Data = nil // of hundreds of streams all of it is tens of megabytes
			if err != nil {
				s.log.Warn("dropped a row of the spool", zap.Error(err))
				continue
			}
			found.add(&p)
		}
		if err := s.sealPeriod(ctx, at, ids, found.series(), len(ids) < openRows); err != nil {
			return err
		}
	}
}

func (s *Sink) sealPeriod(ctx context.Context, at time.Time, ids []int64, merged []series, whole bool) error {
	var add []probe.Unsent
	over := !time.Now().Before(at.Add(s.o.Period))
	alone := whole && over && at.After(s.newest)
	if s.o.Put != nil {
		for _, part := range split(merged) {
			p := piece{Series: part, Alone: alone}
			row, err := p.row(at, true)
			if err != nil {
				return err
			}
			add = append(add, row)
		}
	}
	if err := s.o.Spool.ExchangeUnsent(ctx, ids, add); err != nil {
		return err
	}
	if at.After(s.newest) {
		s.newest = at
	}
	if s.o.EMF != nil {
		if err := writeEMF(s.o.EMF, s.o.Event, s.o.Namespace, s.o.Period, at, merged); err != nil {
			s.log.Warn("metrics cannot be written in embedded format", zap.Error(err))
		}
	}
	select {
	case s.sealed <- struct{}{}:
	default:
	}
	return nil
}

// trim bounds the spool.
func (s *Sink) trim(ctx context.Context, now time.Time) error {
	s.nextTrim = now.Add(time.Minute)
	n, err := s.o.Spool.TrimUnsent(ctx, now.Add(-maxAge), maxBytes)
	if n > 0 {
		s.count(func(st *Stats) { st.Trimmed += n })
		s.log.Warn("dropped metrics that could not be sent", zap.Int("samples", n))
	}
	return err
}
