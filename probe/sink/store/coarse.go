package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// coarser is how the history thins out with age: a row for each ten seconds of a
// stream at first, then one for each step. A stream has 8,640 rows of the newest
// day at most, 2,040 once that has aged, and 144 of each day before.
var coarser = [...]struct{ after, step time.Duration }{
	{2 * time.Hour, time.Minute},
	{24 * time.Hour, 10 * time.Minute},
}

// coarseBudget is for how long one flush merges old rows: samples wait for it.
const coarseBudget = 50 * time.Millisecond

// coarsen merges rows that have become old, as far as the budget goes. What is left
// comes with the next flush.
func (s *Store) coarsen(ctx context.Context, now time.Time) error {
	began := time.Now()
	for i, level := range coarser {
		step := int64(level.step / time.Second)
		if s.coarse[i] == 0 {
			const first = "SELECT coalesce(min(at), 0) FROM bucket WHERE at % ? != 0"
			if err := s.db.QueryRowContext(ctx, first, step).Scan(&s.coarse[i]); err != nil {
				return err
			}
			if s.coarse[i] == 0 {
				s.coarse[i] = now.Unix()
			}
			s.coarse[i] -= s.coarse[i] % step
		}
		for limit := now.Add(-level.after).Unix(); s.coarse[i]+step <= limit; s.coarse[i] += step {
			if time.Since(began) > coarseBudget {
				return nil
			}
			if err := s.mergeRows(ctx, s.coarse[i], step); err != nil && !errors.Is(err, errRow) {
				return err // a damaged row stays as it is, and what is beside it
			}
		}
	}
	return nil
}

// mergeRows makes of the rows of each stream in one step a single one.
func (s *Store) mergeRows(ctx context.Context, from, step int64) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing once it is committed
	merged, err := mergedRows(ctx, tx, from, step)
	if err != nil || len(merged) == 0 {
		return err
	}
	for _, r := range merged {
		const clear = "DELETE FROM bucket WHERE stream = ? AND at >= ? AND at < ?"
		if _, err := tx.ExecContext(ctx, clear, r.stream, from, from+step); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO bucket (stream, at, data) VALUES (?, ?, ?)", r.stream, r.at, r.data); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// mergedRows returns, for the streams that have more than one row in a step, or one
// that does not stand at its beginning, the row that takes their place.
func mergedRows(ctx context.Context, tx *sql.Tx, from, step int64) (list []row, err error) {
	var at, stream int64
	var data sql.RawBytes
	type sum struct {
		buckets map[int64]*bucket
		order   []int64 // of series
		rows    int
		first   int64
	}
	sums := map[int64]*sum{}
	err = each(ctx, tx, "SELECT stream, at, data FROM bucket WHERE at >= ? AND at < ? ORDER BY stream, at", []any{&stream, &at, &data}, func() error {
		one := sums[stream]
		if one == nil {
			one = &sum{buckets: map[int64]*bucket{}, first: at}
			sums[stream] = one
		}
		one.rows++
		return eachBucket(data, func(id int64, b bucket) {
			if one.buckets[id] == nil {
				one.buckets[id] = &bucket{}
				one.order = append(one.order, id)
			}
			one.buckets[id].merge(b)
		})
	}, from, from+step)
	if err != nil {
		return nil, fmt.Errorf("merging old rows: %w", err)
	}
	for stream, one := range sums {
		if one.rows == 1 && one.first == from {
			continue
		}
		r := row{stream: stream, at: from, data: []byte{}}
		slices.Sort(one.order)
		for _, id := range one.order {
			r.data = appendBucket(r.data, id, one.buckets[id])
		}
		list = append(list, r)
	}
	return list, nil
}
