package cloudwatch

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

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
