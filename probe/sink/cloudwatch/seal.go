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
	s.fresh, s.held = map[int64]*notes{}, 0
	for period := range fresh {
		if at := time.Unix(0, period*int64(s.o.Period)); at.After(s.ahead) {
			s.ahead = at
		}
	}
	s.mu.Unlock()
	if held == 0 {
		return nil
	}
	rows, err := s.rows(fresh)
	if err == nil {
		err = s.o.Spool.ExchangeUnsent(ctx, nil, rows)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for period, of := range fresh {
		if err != nil {
			s.restore(period, of)
		} else {
			s.reuse(of)
		}
	}
	return err
}

// rows makes what was noted ready for the spool.
func (s *Sink) rows(fresh map[int64]*notes) (rows []probe.Unsent, err error) {
	for period, of := range fresh {
		for part, list := range of {
			if len(list) == 0 {
				continue
			}
			one, err := row(time.Unix(0, period*int64(s.o.Period)), part, list)
			if err != nil {
				return nil, err
			}
			rows = append(rows, one)
		}
	}
	return rows, nil
}

// restore takes back what the disk did not take.
func (s *Sink) restore(period int64, of *notes) {
	if newer := s.fresh[period]; newer != nil {
		for part := range of {
			of[part] = append(of[part], newer[part]...)
			s.held -= len(newer[part])
		}
	}
	s.fresh[period] = of
	for part := range of {
		s.held += len(of[part])
	}
}

// reuse keeps the room of notes for those of the next second.
func (s *Sink) reuse(of *notes) {
	for part, list := range of {
		clear(list)
		of[part] = list[:0]
	}
	s.spare = of
}

// seal merges the rows of every period that began before a time into pieces
// that fit into a request each.
func (s *Sink) seal(ctx context.Context, before time.Time) error {
	for {
		at, parts, err := s.o.Spool.UnsentParts(ctx, before.Add(time.Millisecond))
		if err != nil || len(parts) == 0 {
			return err
		}
		if err := s.sealPeriod(ctx, at, parts); err != nil {
			return err
		}
	}
}

// sealPeriod seals the parts of a period together, but has only one of them in memory.
func (s *Sink) sealPeriod(ctx context.Context, at time.Time, parts []int) error {
	over := !time.Now().Before(at.Add(s.o.Period))
	// Rows without a part, which earlier versions wrote, may be of streams that other parts have too.
	to := packer{at: at, alone: over && at.After(s.newest) && (parts[0] != 0 || len(parts) == 1)}
	var ids []int64
	for _, part := range parts {
		merged, of, err := s.merge(ctx, at, part)
		if err == nil {
			err = to.add(merged)
		}
		if err != nil {
			return err
		}
		ids = append(ids, of...)
	}
	if err := to.flush(); err != nil {
		return err
	}
	var add []probe.Unsent
	if s.o.Put != nil {
		add = to.rows
	}
	if err := s.o.Spool.ExchangeUnsent(ctx, ids, add); err != nil {
		return err
	}
	if at.After(s.newest) {
		s.newest = at
	}
	if s.o.EMF != nil {
		if err := s.writeEMF(at, to.rows); err != nil {
			s.log.Warn("metrics cannot be written in embedded format", zap.Error(err))
		}
	}
	select {
	case s.sealed <- struct{}{}:
	default:
	}
	return nil
}

// merge sums up a part of a period; ids are the rows that it stands in.
func (s *Sink) merge(ctx context.Context, at time.Time, part int) (merged []series, ids []int64, err error) {
	rows, err := s.o.Spool.Unsent(ctx, at, part)
	if err != nil {
		return nil, nil, err
	}
	found := merging{}
	for i := range rows {
		ids = append(ids, rows[i].ID)
		if err := found.read(&rows[i]); err != nil {
			s.log.Warn("dropped a row of the spool", zap.Error(err))
		}
		rows[i].Data = nil
	}
	return found.series(), ids, nil
}

func (s *Sink) writeEMF(at time.Time, rows []probe.Unsent) error {
	for i := range rows {
		p, err := read(&rows[i])
		if err == nil {
			err = writeEMF(s.o.EMF, s.o.Event, s.o.Namespace, s.o.Period, at, p.Series)
		}
		if err != nil {
			return err
		}
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
