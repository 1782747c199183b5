// Package store keeps the history of one event on disk: every incident, and
// every series in buckets of ten seconds, which are merged as they age. The page, the report and a daemon
// that was restarted read it back.
//
// The rule that keeps it simple: one process owns the folder and one
// connection writes. Incidents go to disk at once; samples are summed up in
// memory and go there once per bucket, one row per stream.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	dbName  = "streamwatch.db"
	logName = "incidents.jsonl"

	bucketLength = 10 * time.Second
	flushLag     = time.Second         // a bucket is written so long after its end
	retention    = 14 * 24 * time.Hour // of samples and closed incidents
	maxBytes     = 1 << 30             // of samples in the database; beyond it the oldest go first
	maxPending   = 32 << 20            // bytes of buckets that wait for a sick disk; the oldest go first
	pruneEvery   = time.Hour
)

// Store is the history of one event. Its methods may be called from several
// goroutines.
type Store struct {
	folder   string
	log      *zap.Logger
	maxBytes int64

	mu        sync.Mutex // guards all below, and makes this the only writer
	db        *sql.DB    // one connection, writes
	reads     *sql.DB    // read-only connections
	lines     *incidentLog
	logged    map[string]line // the last of each incident that the database does not hold as closed
	names     *dictionary
	streams   map[string]*streamBuckets
	pending   []row     // sealed buckets that are not on disk yet
	waiting   int       // bytes of pending
	lastAt    time.Time // of the newest batch
	nextFlush time.Time
	flushed   time.Time // by the clock on the wall, of the batch that had the last flush
	nextPrune time.Time
	coarse    [len(coarser)]int64 // Unix seconds up to which rows are as coarse as each level has them; 0 is not known
	closed    bool
	dbFile    os.FileInfo // the database as it was opened
	looked    time.Time   // when it was last looked whether the files are there
	gone      bool        // they were not
	unsteady  bool        // and it cannot be told
}

// ErrInUse is why a folder cannot be opened that another process has.
var ErrInUse = errors.New("in use by another streamwatch")

// Open opens, or makes, the history of an event in dir/event. A database that
// cannot be read is moved aside with a warning, and its incidents are taken
// from incidents.jsonl. A folder that cannot be written, or that another
// streamwatch uses, is an error.
func Open(dir, event string, log *zap.Logger) (*Store, error) {
	if log == nil {
		log = zap.NewNop()
	}
	folder := filepath.Join(dir, event)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the output folder: %w", err)
	}
	if err := os.Chmod(folder, 0o700); err != nil { // a version before made it for everybody
		log.Info("the output folder stays as open as it is", zap.Error(err))
	}
	s := &Store{folder: folder, log: log, maxBytes: maxBytes, streams: map[string]*streamBuckets{}}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) open() (err error) {
	if s.lines, err = openIncidentLog(filepath.Join(s.folder, logName)); err != nil {
		return err
	}
	s.lines.log = s.log
	defer func() {
		if err != nil {
			_ = s.lines.Close()
		}
	}()
	free, err := lockFile(s.lines.file)
	if err != nil {
		return fmt.Errorf("locking %s: %w", logName, err)
	}
	if !free {
		return fmt.Errorf("output folder %s is %w", s.folder, ErrInUse)
	}
	if err = s.lines.repair(); err != nil {
		return fmt.Errorf("reading the end of %s: %w", logName, err)
	}
	if cut := s.lines.repaired; cut > 0 {
		s.log.Warn("removed a torn last line from the incident log", zap.Int64("bytes", cut))
	}
	if err = s.openDatabase(); err != nil {
		return err
	}
	if err = s.reconcile(context.Background()); err != nil {
		_, _ = s.reads.Close(), s.db.Close()
		return fmt.Errorf("comparing %s with %s: %w", dbName, logName, err)
	}
	s.steady()
	return nil
}

// Name returns "store".
func (*Store) Name() string { return "store" }

// Write records a batch: its incidents at once, its samples with their bucket.
// After an error the batch may be written again: an incident that is on disk
// is not written twice, and samples are only taken from a batch that succeeds.
func (s *Store) Write(ctx context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	if err := s.present(ctx); err != nil {
		return err
	}
	if err := s.writeIncidents(ctx, b.Incidents); err != nil {
		return err
	}
	if b.At.After(s.lastAt) {
		s.lastAt = b.At
	}
	if !b.At.Before(s.nextFlush) || b.At.Round(0).Before(s.flushed.Add(-2*bucketLength)) {
		s.flushed = b.At.Round(0)
		// Not by Truncate, which would take the monotonic reading away: a clock that
		// is set back must not put the next flush off.
		s.nextFlush = b.At.Add(bucketLength + flushLag - b.At.Sub(time.Unix(bucketStart(b.At), 0)))
		if err := s.flush(ctx, b.At.Add(-flushLag)); err != nil {
			return err
		}
	}
	for i := range b.Samples {
		s.add(&b.Samples[i])
	}
	return nil
}

// Flush writes all that is still in memory.
func (s *Store) Flush(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	return s.flush(ctx, s.lastAt.Add(2*bucketLength))
}

// Close flushes and closes. A second Close does nothing.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.flush(ctx, s.lastAt.Add(2*bucketLength))
	for _, c := range []struct {
		what  string
		close func() error
	}{{"readers", s.reads.Close}, {dbName, s.db.Close}, {logName, s.lines.Close}} {
		if closeErr := c.close(); err == nil && closeErr != nil {
			err = fmt.Errorf("closing %s: %w", c.what, closeErr)
		}
	}
	return err
}
