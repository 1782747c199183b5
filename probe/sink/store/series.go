package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// flush seals the intervals that ended at or before now and writes all pending
// rows in one transaction. What cannot be written stays pending.
func (s *Store) flush(ctx context.Context, now time.Time) error {
	const length = int64(bucketLength / time.Second)
	for name, sb := range s.streams {
		setBack := sb.at > now.Unix()+length // the clock was
		if sb.at != 0 && (sb.at+length <= now.Unix() || setBack) {
			s.seal(name, sb)
		} else if sb.at == 0 && len(sb.targets) == 0 {
			delete(s.streams, name)
		}
	}
	if len(s.pending) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // short, and a rollback would only cost it again
	if err := s.writeRows(ctx); err != nil {
		if isCorrupt(err) {
			return s.replaceDatabase(err)
		}
		return fmt.Errorf("writing samples: %w", full(err))
	}
	clear(s.pending)
	s.pending, s.waiting = s.pending[:0], 0
	s.names.newStreams, s.names.newSeries = nil, nil
	if err := s.coarsen(ctx, now); err != nil {
		return fmt.Errorf("thinning out the history: %w", err)
	}
	if now.After(s.nextPrune) {
		s.nextPrune = now.Add(pruneEvery)
		if err := s.prune(ctx, now); err != nil {
			return fmt.Errorf("pruning the history: %w", err)
		}
	}
	return nil
}

func (s *Store) writeRows(ctx context.Context) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := s.names.save(ctx, tx); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO bucket (stream, at, data) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET data = data || excluded.data`)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	for _, r := range s.pending {
		if _, err := insert.ExecContext(ctx, r.stream, r.at, r.data); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// prune removes what is too old, and the oldest tenth again and again while there
// is too much.
func (s *Store) prune(ctx context.Context, now time.Time) error {
	limit := now.Add(-retention)
	if _, err := s.db.ExecContext(ctx, "DELETE FROM bucket WHERE at < ?", limit.Unix()); err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, "DELETE FROM incident WHERE closed < ?", limit.UnixMilli()); err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, "DELETE FROM action WHERE until < ?", limit.UnixMilli()); err != nil {
		return err
	}
	if err := s.forget(ctx, now); err != nil {
		return err
	}
	s.lines.age(now)
	if err := s.shrink(ctx); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, "PRAGMA incremental_vacuum(1024)")
	return err
}

// shrink removes the oldest tenth of the samples until the rest keeps the limit, or
// is a twentieth of what there was.
func (s *Store) shrink(ctx context.Context) error {
	for range 28 {
		used, err := s.usedBytes(ctx)
		if err != nil || used <= s.maxBytes {
			return err
		}
		s.log.Warn("history is larger than its limit: removing the oldest tenth", zap.Int64("bytes", used),
			zap.Int64("limit", s.maxBytes))
		_, err = s.db.ExecContext(ctx,
			`DELETE FROM bucket WHERE at <= (SELECT min(at) + (max(at) - min(at)) / 10 FROM bucket)`)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) usedBytes(ctx context.Context) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT (page_count - freelist_count) * page_size
		FROM pragma_page_count, pragma_freelist_count, pragma_page_size`).Scan(&n)
	return n, err
}

// Series returns the points of one series in order of time, those of the
// interval in progress included. A series that is not known has no points.
func (s *Store) Series(ctx context.Context, q probe.SeriesQuery) ([]probe.Point, error) {
	fresh, reads, stream, series := s.inMemory(q)
	from, to := bucketStart(q.Since), int64(1)<<62
	if q.Since.IsZero() {
		from = 0
	}
	if !q.Until.IsZero() {
		to = q.Until.Unix()
	}
	var points []timed
	if stream != 0 && series != 0 {
		var at int64
		var data sql.RawBytes
		const buckets = "SELECT at, data FROM bucket WHERE stream = ? AND at >= ? AND at <= ? ORDER BY at"
		err := each(ctx, reads, buckets, []any{&at, &data}, func() error {
			b, err := decodeBucket(data, series)
			if err == nil && b.count > 0 {
				points = append(points, timed{at, b})
			}
			return err
		}, stream, from, to)
		if err != nil {
			return nil, fmt.Errorf("reading the series %s of %q: %w", q.Metric.Name, q.Stream, err)
		}
	}
	for _, p := range fresh { // one that was flushed meanwhile is in both: the stored one counts
		byTime := func(q timed, at int64) int { return cmp.Compare(q.at, at) }
		i, stored := slices.BinarySearchFunc(points, p.at, byTime)
		if !stored && p.at >= from && p.at <= to {
			points = slices.Insert(points, i, p) // at the end, unless the clock was set back
		}
	}
	return thin(points, q.MaxPoints), nil
}

// timed is a bucket with its beginning in Unix seconds.
type timed struct {
	at int64
	bucket
}

// inMemory returns the series' buckets that are not on disk, oldest first, and
// what is needed to read the rest; ids are 0 where nothing is on disk.
func (s *Store) inMemory(q probe.SeriesQuery) (fresh []timed, reads *sql.DB, stream, series int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := seriesKey{q.Metric, q.Rendition, probe.Place{Side: q.Side, Edge: q.Edge}}
	stream, series = s.names.streams[q.Stream], s.names.series[key]
	for _, r := range s.pending {
		if r.stream == stream && series != 0 {
			if b, err := decodeBucket(r.data, series); err == nil && b.count > 0 {
				fresh = append(fresh, timed{r.at, b})
			}
		}
	}
	if sb := s.streams[q.Stream]; sb != nil && sb.at != 0 {
		if b := sb.bucket(key); b != nil && b.count > 0 {
			fresh = append(fresh, timed{sb.at, *b})
		}
	}
	return fresh, s.reads, stream, series
}

// steps are the spans to which neighbours are merged. They are few and begin at
// round times, so that two series of the same span share their axis.
var steps = [...]time.Duration{
	bucketLength, 20 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
	10 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour,
}

// thin turns buckets into at most limit points by merging neighbours.
func thin(points []timed, limit int) []probe.Point {
	step := int64(1)
	if n := len(points); limit > 0 && n > limit {
		span := points[n-1].at - points[0].at
		for _, s := range steps {
			step = int64(s / time.Second)
			if span/step+2 <= int64(limit) {
				break
			}
		}
	}
	out := make([]probe.Point, 0, len(points))
	for i := 0; i < len(points); {
		slot := points[i].at / step
		merged := points[i].bucket
		for i++; i < len(points) && points[i].at/step == slot; i++ {
			merged.merge(points[i].bucket)
		}
		out = append(out, merged.point(time.Unix(slot*step, 0).UTC()))
	}
	return out
}
