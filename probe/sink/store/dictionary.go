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

	nextStream, nextSeries int64               // the newest ids that were given
	seen                   map[seriesKey]int64 // last sample of each in Unix seconds, as far as it is not saved
	owner                  map[seriesKey]int64 // the stream for which it was made
	owned                  map[int64]int       // series by owner

	newStreams []string
	newSeries  []seriesKey
}

// The dictionary is bounded: names come from playlists, which a hostile origin
// could change for ever. Series beyond a bound are not stored. A stream that
// reaches its own takes no room from others, and what had no sample for as long
// as samples are kept gives its room back.
const (
	maxSeries          = 1 << 16
	maxSeriesPerStream = 1 << 12 // that a stream was the first to have; 100 renditions have about 2000
)

// edgeMark stands before the name of one of several edges in the column of the
// side: "edge/second".
const edgeMark = "/"

func (d *dictionary) streamID(name string) int64 {
	id, ok := d.streams[name]
	if !ok {
		d.nextStream++
		id = d.nextStream
		d.streams[name] = id
		d.newStreams = append(d.newStreams, name)
	}
	return id
}

func (d *dictionary) seriesID(stream int64, key seriesKey, at int64) (int64, bool) {
	id, ok := d.series[key]
	if !ok {
		if len(d.series) >= maxSeries || d.owned[stream] >= maxSeriesPerStream {
			return 0, false
		}
		d.nextSeries++
		id = d.nextSeries
		d.series[key], d.owner[key] = id, stream
		d.owned[stream]++
		d.newSeries = append(d.newSeries, key)
	}
	d.seen[key] = at
	return id, true
}

func loadDictionary(ctx context.Context, db *sql.DB) (*dictionary, error) {
	d := &dictionary{
		streams: map[string]int64{}, series: map[seriesKey]int64{},
		seen: map[seriesKey]int64{}, owner: map[seriesKey]int64{}, owned: map[int64]int{},
	}
	var name, metric, rendition, side string
	var id, owner int64
	err := each(ctx, db, "SELECT id, name FROM stream", []any{&id, &name}, func() error {
		d.streams[name], d.nextStream = id, max(d.nextStream, id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	const all = "SELECT id, metric, rendition, side, owner FROM series"
	err = each(ctx, db, all, []any{&id, &metric, &rendition, &side, &owner}, func() error {
		// A metric of another version keeps its id.
		key := seriesKey{metric: &probe.Metric{Name: metric}, rendition: rendition}
		if m, ok := probe.FindMetric(metric); ok {
			key.metric = m
		}
		side, key.place.Edge, _ = strings.Cut(side, edgeMark)
		if err := key.place.Side.UnmarshalText([]byte(side)); err != nil {
			return err
		}
		d.series[key], d.owner[key], d.nextSeries = id, owner, max(d.nextSeries, id)
		d.owned[owner]++
		return nil
	})
	return d, err
}

// save inserts the names that are not in the database yet.
func (d *dictionary) save(ctx context.Context, tx *sql.Tx) error {
	const add = "INSERT OR IGNORE INTO stream (id, name) VALUES (?, ?)"
	for _, name := range d.newStreams {
		if _, err := tx.ExecContext(ctx, add, d.streams[name], name); err != nil {
			return err
		}
	}
	for _, k := range d.newSeries {
		side := k.place.Side.String()
		if k.place.Edge != "" {
			side += edgeMark + k.place.Edge
		}
		_, err := tx.ExecContext(ctx,
			"INSERT OR IGNORE INTO series (id, metric, rendition, side, owner, seen) VALUES (?, ?, ?, ?, ?, ?)",
			d.series[k], k.metric.Name, k.rendition, side, d.owner[k], d.seen[k])
		if err != nil {
			return err
		}
	}
	return nil
}

// asks is a database or a transaction.
type asks interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each runs a query and calls f after each row is scanned into dest.
func each(ctx context.Context, db asks, query string, dest []any, f func() error, args ...any) error {
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
