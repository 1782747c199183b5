package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// muchSent is from how many rows on the memory that a period took is given back at once:
// merging and sending it takes hundreds of megabytes where there are thousands of
// streams, for a few seconds of each minute.
const muchSent = 50

// send delivers whenever something was sealed. After a failure it waits, ever
// longer, up to a minute.
func (s *Sink) send(ctx context.Context) {
	wait := retryFirst
	for ctx.Err() == nil {
		due, err := s.deliver(ctx)
		if err != nil && ctx.Err() != nil {
			return
		}
		s.failing.Note(cause(err))
		if err != nil {
			s.log.Warn("metrics wait to be sent", zap.Duration("retry_after", wait), zap.Error(err))
			pause(ctx, nil, wait/2+rand.N(wait/2))
			wait = min(2*wait, retryMost)
			continue
		}
		wait = retryFirst
		pause(ctx, s.sealed, due)
	}
}

// pause waits for d or for a wake-up.
func pause(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}

// parcel is a row of the spool with what is in it.
type parcel struct {
	probe.Unsent
	piece piece
}

// deliver sends all that is sealed, oldest first. What was sent without an
// answer is first looked up, once CloudWatch would show it; due is how long
// until then.
func (s *Sink) deliver(ctx context.Context) (due time.Duration, err error) {
	if s.o.Put == nil {
		return time.Hour, nil
	}
	for sent := 0; ; {
		rows, err := s.o.Spool.SealedUnsent(ctx, rowsAtOnce)
		if err != nil {
			return 0, err
		}
		ready, doubtful, due, err := s.sort(ctx, rows)
		if err != nil {
			return 0, err
		}
		switch {
		case len(ready) > 0:
			sent += len(ready)
			err = s.putAll(ctx, ready)
		case len(doubtful) > 0:
			err = s.resolve(ctx, doubtful)
		default:
			if sent > muchSent {
				debug.FreeOSMemory()
			}
			return due, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// sort tells rows that can be sent from those that have to be looked up first.
func (s *Sink) sort(ctx context.Context, rows []probe.Unsent) (ready, doubtful []parcel, due time.Duration, err error) {
	due = time.Hour
	for i := range rows {
		p, err := read(&rows[i])
		if err != nil { // nothing else would ever come of it
			s.log.Warn("dropped a row of the spool", zap.Error(err))
			if err := s.o.Spool.ExchangeUnsent(ctx, []int64{rows[i].ID}, nil); err != nil {
				return nil, nil, 0, err
			}
			continue
		}
		one := parcel{rows[i], p}
		age := time.Since(one.Tried)
		switch {
		case one.Tried.IsZero() || !s.canVerify(&one):
			ready = append(ready, one)
		case age < 0: // the clock was set back: count from now
			if err := s.o.Spool.MarkUnsent(ctx, []int64{one.ID}, time.Now()); err != nil {
				return nil, nil, 0, err
			}
			due = min(due, s.settle)
		case age >= s.settle:
			doubtful = append(doubtful, one)
		default:
			due = min(due, s.settle-age)
		}
	}
	return ready, doubtful, due, nil
}

// pack takes as many parcels as fit into one request.
func pack(ready []parcel) []parcel {
	datums, size := 0, 0
	for i := range ready {
		for j := range ready[i].piece.Series {
			size += ready[i].piece.Series[j].size()
		}
		datums += len(ready[i].piece.Series)
		if i > 0 && (datums > maxDatums || size > maxSize) {
			return ready[:i]
		}
	}
	return ready
}

// putAll sends parcels in as few requests as they fit into. Of thousands of streams
// each period is a hundred requests: what is read for one is not read again for the next.
func (s *Sink) putAll(ctx context.Context, ready []parcel) error {
	for len(ready) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		one := pack(ready)
		if err := s.put(ctx, one); err != nil {
			return err
		}
		clear(one)
		ready = ready[len(one):]
	}
	return nil
}

// put sends parcels in one request. It notes on disk that it does so before it
// does: if nobody is there to hear the answer, the next process knows.
func (s *Sink) put(ctx context.Context, parcels []parcel) error {
	ids, samples, repeated := make([]int64, len(parcels)), 0, 0
	input := &sdk.PutMetricDataInput{Namespace: new(s.o.Namespace)}
	for i := range parcels {
		ids[i], samples = parcels[i].ID, samples+parcels[i].Samples
		if !parcels[i].Tried.IsZero() {
			repeated += parcels[i].Samples
		}
		for j := range parcels[i].piece.Series {
			input.MetricData = append(input.MetricData, s.datum(parcels[i].At, &parcels[i].piece.Series[j]))
		}
	}
	if err := s.o.Spool.MarkUnsent(ctx, ids, time.Now()); err != nil {
		return err
	}
	// A request under way is not cut off by the end.
	putting, cancel := context.WithTimeout(context.WithoutCancel(ctx), putTimeout)
	_, err := s.o.Put.PutMetricData(putting, input)
	cancel()
	s.count(func(st *Stats) { st.Requests, st.Repeated = st.Requests+1, st.Repeated+repeated })
	after := context.WithoutCancel(ctx) // the answer is known: that must not be lost
	switch fate(err) {
	case taken:
		s.count(func(st *Stats) { st.Sent += samples })
		return s.o.Spool.ExchangeUnsent(after, ids, nil)
	case wrong:
		s.count(func(st *Stats) { st.Rejected += samples })
		s.log.Error("CloudWatch calls metrics wrong: dropped", zap.Int("samples", samples), zap.Error(err))
		return s.o.Spool.ExchangeUnsent(after, ids, nil)
	case refused:
		err = errors.Join(err, s.o.Spool.MarkUnsent(after, ids, time.Time{}))
	case unknown:
	}
	return fmt.Errorf("putting %d metrics: %w", len(input.MetricData), err)
}
