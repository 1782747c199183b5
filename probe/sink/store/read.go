package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// ErrNoHistory says that an event has no history yet.
var ErrNoHistory = errors.New("there is no history")

// Reader reads the history of an event that another process may be writing. It
// changes nothing, and takes no lock that a writer would wait for.
type Reader struct {
	db      *sql.DB
	names   *dictionary
	version int
}

// Read opens the history of an event in dir/event for reading. It sees what is
// on disk: of a monitor that runs all but the newest eleven seconds.
// ErrNoHistory says that there is none.
func Read(ctx context.Context, dir, event string) (*Reader, error) {
	path, err := filepath.Abs(filepath.Join(dir, event, dbName))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no %s in %s", ErrNoHistory, dbName, filepath.Join(dir, event))
	} else if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", readOnly(path))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	r := &Reader{db: db}
	if err := r.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", path, err), db.Close())
	}
	return r, nil
}

// readOnly is how the database is opened without writing a byte. While somebody
// writes there is a write-ahead log, and what is in it is read too. Without one
// nobody does, and SQLite is told so: else it would make that log's files.
func readOnly(path string) string {
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		u := url.URL{Scheme: "file", Path: path}
		return u.String() + "?mode=ro&immutable=1"
	}
	return dsn(path, "&mode=ro&_pragma=query_only(1)")
}

func (r *Reader) load(ctx context.Context) (err error) {
	if err := r.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&r.version); err != nil {
		return err
	}
	if r.version > len(migrations) {
		return tooNew(r.version)
	}
	r.names, err = loadDictionary(ctx, r.db)
	return err
}

// Close ends the reading.
func (r *Reader) Close() error { return r.db.Close() }

// Incidents returns those that a filter chooses, newest first.
func (r *Reader) Incidents(ctx context.Context, f probe.IncidentFilter) ([]probe.Incident, error) {
	list, err := query(ctx, r.db, f)
	if err != nil {
		return nil, fmt.Errorf("reading incidents: %w", err)
	}
	return list, nil
}

// Actions returns what people did, as Store.Actions does.
func (r *Reader) Actions(ctx context.Context, since time.Time) ([]probe.Action, error) {
	if r.version < actionsSince {
		return []probe.Action{}, nil // written before anybody could do anything
	}
	return actions(ctx, r.db, since)
}

// Recorded returns when the first and the last interval of samples begin and
// end; both are zero where there is none.
func (r *Reader) Recorded(ctx context.Context) (from, until time.Time, err error) {
	var first, last sql.NullInt64
	if err = r.db.QueryRowContext(ctx, "SELECT min(at), max(at) FROM bucket").Scan(&first, &last); err != nil {
		return from, until, fmt.Errorf("reading when samples were recorded: %w", err)
	}
	if !first.Valid {
		return from, until, nil
	}
	return time.Unix(first.Int64, 0).UTC(), time.Unix(last.Int64, 0).Add(bucketLength).UTC(), nil
}

// Scan reads every series from a time until before another, in order of time.
func (r *Reader) Scan(ctx context.Context, from, until time.Time, f func(of probe.SeriesQuery, p probe.Point)) error {
	return scan(ctx, r.db, r.names, from, until, f)
}

// Scan reads every series as Reader.Scan does. What was not flushed is not seen.
func (s *Store) Scan(ctx context.Context, from, until time.Time, f func(of probe.SeriesQuery, p probe.Point)) error {
	s.mu.Lock()
	reads := s.reads
	s.mu.Unlock()
	names, err := loadDictionary(ctx, reads)
	if err != nil {
		return fmt.Errorf("reading the names of series: %w", err)
	}
	return scan(ctx, reads, names, from, until, f)
}

func scan(
	ctx context.Context, db *sql.DB, names *dictionary, from, until time.Time, f func(of probe.SeriesQuery, p probe.Point),
) error {
	streams, series := map[int64]string{}, map[int64]seriesKey{}
	for name, id := range names.streams {
		streams[id] = name
	}
	for key, id := range names.series {
		series[id] = key
	}
	var stream, at int64
	var data sql.RawBytes
	const rows = "SELECT stream, at, data FROM bucket WHERE at >= ? AND at < ? ORDER BY at, stream"
	err := each(ctx, db, rows, []any{&stream, &at, &data}, func() error {
		when := time.Unix(at, 0).UTC()
		return eachBucket(data, func(id int64, b bucket) {
			if key, known := series[id]; known {
				f(probe.SeriesQuery{
					Stream: streams[stream], Rendition: key.rendition, Side: key.place.Side, Edge: key.place.Edge, Metric: key.metric,
				}, b.point(when))
			}
		})
	}, bucketStart(from), until.Unix())
	if err != nil {
		return fmt.Errorf("reading the samples: %w", err)
	}
	return nil
}
