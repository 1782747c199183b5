package store

import (
	"context"
	"database/sql"
	"time"
)

// addSeen is the migration by which series age: when each last had a sample, and
// the stream for which it was made.
const addSeen = `ALTER TABLE series ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
	 ALTER TABLE series ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
	 UPDATE series SET seen = unixepoch();`

// forget gives back the room of names that no stored sample has any more.
func (s *Store) forget(ctx context.Context, now time.Time) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing once it is committed
	gone, err := s.names.age(ctx, tx, now.Add(-retention))
	if err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.names.drop(gone)
	return nil
}

// aged are names that nothing stored has any more.
type aged struct {
	series  []seriesKey
	streams []string
}

// age saves when series had their last samples, and removes from the database
// those that had none since a time, and the streams that have no row any more.
func (d *dictionary) age(ctx context.Context, tx *sql.Tx, since time.Time) (gone aged, err error) {
	for key, at := range d.seen {
		const note = "UPDATE series SET seen = max(seen, ?) WHERE id = ?"
		if _, err := tx.ExecContext(ctx, note, at, d.series[key]); err != nil {
			return gone, err
		}
	}
	old := map[int64]bool{}
	var id int64
	note := func() error {
		old[id] = true
		return nil
	}
	err = each(ctx, tx, "DELETE FROM series WHERE seen < ? RETURNING id", []any{&id}, note, since.Unix())
	if err != nil {
		return gone, err
	}
	for key, id := range d.series {
		if old[id] {
			gone.series = append(gone.series, key)
		}
	}
	clear(old)
	const unused = `DELETE FROM stream
		WHERE NOT EXISTS (SELECT 1 FROM bucket WHERE bucket.stream = stream.id) RETURNING id`
	err = each(ctx, tx, unused, []any{&id}, note)
	for name, id := range d.streams {
		if old[id] {
			gone.streams = append(gone.streams, name)
		}
	}
	return gone, err
}

// drop forgets names, so that they get new ids when they come again.
func (d *dictionary) drop(gone aged) {
	clear(d.seen)
	for _, key := range gone.series {
		if d.owned[d.owner[key]]--; d.owned[d.owner[key]] <= 0 {
			delete(d.owned, d.owner[key])
		}
		delete(d.series, key)
		delete(d.owner, key)
	}
	for _, name := range gone.streams {
		delete(d.streams, name)
	}
}
