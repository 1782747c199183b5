package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// createUnsent is the migration that makes the spool.
const createUnsent = `CREATE TABLE unsent (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
	                      sealed INTEGER NOT NULL, tried INTEGER NOT NULL, samples INTEGER NOT NULL, data BLOB NOT NULL);
	 CREATE INDEX unsent_at ON unsent (sealed, at, id);
	 CREATE TABLE sealed (newest INTEGER NOT NULL);
	 INSERT INTO sealed VALUES (0);`

// addPart is the migration that lets a period be read in parts.
const addPart = `ALTER TABLE unsent ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
	 DROP INDEX unsent_at;
	 CREATE INDEX unsent_at ON unsent (sealed, at, part, id);`

const insertUnsent = "INSERT INTO unsent (at, part, sealed, tried, samples, data) VALUES (?, ?, ?, ?, ?, ?)"

// UnsentParts returns the oldest time before another of which there are pieces
// that are not sealed, and which parts they have, in order; none is no parts.
func (s *Store) UnsentParts(ctx context.Context, before time.Time) (at time.Time, parts []int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return time.Time{}, nil, os.ErrClosed
	}
	const oldest = `SELECT DISTINCT at, part FROM unsent WHERE sealed = 0 AND
		at = (SELECT min(at) FROM unsent WHERE sealed = 0 AND at < ?) ORDER BY part`
	var milli int64
	var part int
	err = each(ctx, s.db, oldest, []any{&milli, &part}, func() error {
		at, parts = time.UnixMilli(milli), append(parts, part)
		return nil
	}, before.UnixMilli())
	if err != nil {
		return time.Time{}, nil, fmt.Errorf("reading the spool: %w", err)
	}
	return at, parts, nil
}

// Unsent returns the pieces of a time and part that are not sealed, oldest first.
func (s *Store) Unsent(ctx context.Context, at time.Time, part int) ([]probe.Unsent, error) {
	return s.unsent(ctx, "sealed = 0 AND at = ? AND part = ? ORDER BY id", at.UnixMilli(), part)
}

// SealedUnsent returns the oldest sealed pieces, at most limit.
func (s *Store) SealedUnsent(ctx context.Context, limit int) ([]probe.Unsent, error) {
	return s.unsent(ctx, "sealed = 1 ORDER BY at, part, id LIMIT ?", limit)
}

func (s *Store) unsent(ctx context.Context, which string, args ...any) (list []probe.Unsent, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, os.ErrClosed
	}
	var at, tried int64
	var u probe.Unsent
	err = each(ctx, s.db, "SELECT id, at, part, sealed, tried, samples, data FROM unsent WHERE "+which,
		[]any{&u.ID, &at, &u.Part, &u.Sealed, &tried, &u.Samples, &u.Data}, func() error {
			u.At, u.Tried = time.UnixMilli(at), time.Time{}
			if tried != 0 {
				u.Tried = time.UnixMilli(tried)
			}
			list = append(list, u)
			u.Data = nil
			return nil
		}, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the spool: %w", err)
	}
	return list, nil
}

// ExchangeUnsent removes pieces and adds others, all or nothing.
func (s *Store) ExchangeUnsent(ctx context.Context, remove []int64, add []probe.Unsent) error {
	return s.spool(ctx, func(tx *sql.Tx) error {
		for _, id := range remove {
			if _, err := tx.ExecContext(ctx, "DELETE FROM unsent WHERE id = ?", id); err != nil {
				return err
			}
		}
		for i := range add {
			u := &add[i]
			if _, err := tx.ExecContext(ctx, insertUnsent,
				u.At.UnixMilli(), u.Part, u.Sealed, milli(u.Tried), u.Samples, u.Data); err != nil {
				return err
			}
			if !u.Sealed {
				continue
			}
			if _, err := tx.ExecContext(ctx, "UPDATE sealed SET newest = max(newest, ?)", u.At.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
}

// NewestSealed returns the newest time of which a sealed piece was ever added;
// the zero time when there was none.
func (s *Store) NewestSealed(ctx context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return time.Time{}, os.ErrClosed
	}
	var at int64
	if err := s.db.QueryRowContext(ctx, "SELECT newest FROM sealed").Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("reading the spool: %w", err)
	}
	if at == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(at), nil
}

// MarkUnsent notes that pieces were sent at a time and no answer came; the zero
// time takes that back.
func (s *Store) MarkUnsent(ctx context.Context, ids []int64, tried time.Time) error {
	return s.spool(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, "UPDATE unsent SET tried = ? WHERE id = ?", milli(tried), id); err != nil {
				return err
			}
		}
		return nil
	})
}

// TrimUnsent removes what is from before a time, and the oldest until no more
// than a number of bytes are left. It returns how many samples went.
func (s *Store) TrimUnsent(ctx context.Context, before time.Time, maxBytes int64) (samples int, err error) {
	err = s.spool(ctx, func(tx *sql.Tx) error {
		var last sql.NullInt64 // the newest that is too much
		const tooMuch = `SELECT max(id) FROM
			(SELECT id, sum(length(data)) OVER (ORDER BY id DESC) AS size FROM unsent) WHERE size > ?`
		err := tx.QueryRowContext(ctx, tooMuch, maxBytes).Scan(&last)
		if err != nil {
			return err
		}
		const which = "FROM unsent WHERE at < ? OR id <= ?"
		row := tx.QueryRowContext(ctx, "SELECT coalesce(sum(samples), 0) "+which, before.UnixMilli(), last.Int64)
		if err := row.Scan(&samples); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE "+which, before.UnixMilli(), last.Int64)
		return err
	})
	return samples, err
}

// spool changes the spool in one transaction.
func (s *Store) spool(ctx context.Context, change func(*sql.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err == nil {
		if err = change(tx); err == nil {
			err = tx.Commit()
		} else {
			_ = tx.Rollback()
		}
	}
	if isCorrupt(err) {
		if err := s.replaceDatabase(err); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("writing the spool: %w", err)
	}
	return nil
}

func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
