package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// dictionary gives streams and series their ids. New ids are remembered as
// unsaved until a transaction that holds them is committed.
type dictionary struct {
	streams map[string]int64
	series  map[seriesKey]int64

	newStreams []string
	newSeries  []seriesKey
}

// edgeMark stands before the name of one of several edges in the column of the
// side: "edge/second".
const edgeMark = "/"

// maxSeries bounds the dictionary: names come from playlists, which a hostile
// origin could change for ever. Series beyond it are not stored.
const maxSeries = 1 << 16

func (d *dictionary) streamID(name string) int64 {
	id, ok := d.streams[name]
	if !ok {
		id = int64(len(d.streams) + 1)
		d.streams[name] = id
		d.newStreams = append(d.newStreams, name)
	}
	return id
}

func (d *dictionary) seriesID(key seriesKey) (int64, bool) {
	id, ok := d.series[key]
	if !ok {
		if len(d.series) >= maxSeries {
			return 0, false
		}
		id = int64(len(d.series) + 1)
		d.series[key] = id
		d.newSeries = append(d.newSeries, key)
	}
	return id, true
}

func loadDictionary(ctx context.Context, db *sql.DB) (*dictionary, error) {
	d := &dictionary{streams: map[string]int64{}, series: map[seriesKey]int64{}}
	var name, metric, rendition, side string
	var id int64
	err := each(ctx, db, "SELECT id, name FROM stream", []any{&id, &name}, func() error {
		d.streams[name] = id
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = each(ctx, db, "SELECT id, metric, rendition, side FROM series", []any{&id, &metric, &rendition, &side}, func() error {
		key := seriesKey{metric: &probe.Metric{Name: metric}, rendition: rendition} // a metric of another version keeps its id
		if m, ok := probe.FindMetric(metric); ok {
			key.metric = m
		}
		side, key.place.Edge, _ = strings.Cut(side, edgeMark)
		if err := key.place.Side.UnmarshalText([]byte(side)); err != nil {
			return err
		}
		d.series[key] = id
		return nil
	})
	return d, err
}

// save inserts the names that are not in the database yet.
func (d *dictionary) save(ctx context.Context, tx *sql.Tx) error {
	for _, name := range d.newStreams {
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO stream (id, name) VALUES (?, ?)", d.streams[name], name); err != nil {
			return err
		}
	}
	for _, k := range d.newSeries {
		side := k.place.Side.String()
		if k.place.Edge != "" {
			side += edgeMark + k.place.Edge
		}
		_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO series (id, metric, rendition, side) VALUES (?, ?, ?, ?)",
			d.series[k], k.metric.Name, k.rendition, side)
		if err != nil {
			return err
		}
	}
	return nil
}

// each runs a query and calls f after each row is scanned into dest.
func each(ctx context.Context, db *sql.DB, query string, dest []any, f func() error, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err tells how it ended
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
	return rows.Err()
}
