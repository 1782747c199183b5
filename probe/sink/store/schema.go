package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.uber.org/zap"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// migrations bring a database from the version that is its index to the next.
// A published one is never changed: append. PRAGMA user_version counts them.
var migrations = [...]string{
	`CREATE TABLE stream (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
	 CREATE TABLE series (id INTEGER PRIMARY KEY, metric TEXT NOT NULL, rendition TEXT NOT NULL, side TEXT NOT NULL,
	                      UNIQUE (metric, rendition, side));
	 CREATE TABLE bucket (stream INTEGER NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL,
	                      PRIMARY KEY (stream, at)) WITHOUT ROWID;
	 CREATE INDEX bucket_at ON bucket (at);
	 CREATE TABLE incident (id TEXT PRIMARY KEY, stream TEXT NOT NULL, began INTEGER NOT NULL, closed INTEGER,
	                        data TEXT NOT NULL);
	 CREATE INDEX incident_began ON incident (began);
	 CREATE INDEX incident_open ON incident (closed) WHERE closed IS NULL;`,
	createUnsent,
	createAction,
	addSeen,
	addPart,
}

// actionsSince is the version from which on there is the table of actions.
const actionsSince = 3

// maxQuickCheck is the size of database that is checked whole when it is
// opened; a larger one is trusted until a statement fails.
const maxQuickCheck = 128 << 20

func dsn(path, more string) string {
	u := url.URL{Scheme: "file", Path: path}
	return u.String() + "?_pragma=busy_timeout(5000)" + more
}

// openDB opens the one connection that writes and brings the schema up to date.
func openDB(path string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite",
		dsn(abs, "&_pragma=auto_vacuum(incremental)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_txlock=immediate"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := migrate(context.Background(), db, abs); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// openReads opens connections for queries, which never wait for the writer.
func openReads(path string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(abs, "&mode=rw&_pragma=query_only(1)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(2)
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB, path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() <= maxQuickCheck {
		var said string
		if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
			return err
		}
		if said != "ok" {
			return fmt.Errorf("%w: %s", errCorrupt, said)
		}
	}
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(migrations) {
		return tooNew(version)
	}
	for v, m := range migrations[version:] {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, m+fmt.Sprintf("PRAGMA user_version = %d", version+v+1))
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			_ = tx.Rollback()
			return fmt.Errorf("bringing the schema to version %d: %w", version+v+1, err)
		}
	}
	return nil
}

func tooNew(version int) error {
	return fmt.Errorf("its schema has version %d, this streamwatch knows up to %d: "+
		"use the newer streamwatch or another output folder", version, len(migrations))
}

var errCorrupt = errors.New("quick_check found damage")

// isCorrupt reports whether the file, not the disk or the caller, is at fault.
func isCorrupt(err error) bool {
	if errors.Is(err, errCorrupt) {
		return true
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlitelib.SQLITE_CORRUPT || e.Code() == sqlitelib.SQLITE_NOTADB)
}

// full says of an error of the database that the disk is full, as the system
// says it of a file.
func full(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code()&0xff == sqlitelib.SQLITE_FULL {
		return fmt.Errorf("%w: %w", err, syscall.ENOSPC)
	}
	return err
}

// moveAside renames a database and what belongs to it, and returns its new name.
func moveAside(path, why string) (string, error) {
	aside := path + "." + why + "-" + time.Now().UTC().Format(asideTime)
	if err := os.Rename(path, aside); err != nil {
		return "", err
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}

// openDatabase opens the database and replaces one that is corrupt.
func (s *Store) openDatabase() error {
	path := filepath.Join(s.folder, dbName)
	if err := ownAlone(path); err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	db, err := openDB(path)
	if isCorrupt(err) {
		if err := s.setAside(path, err); err != nil {
			return err
		}
		db, err = openDB(path)
	}
	if err != nil {
		return fmt.Errorf("opening %s: %w", path, err)
	}
	reads, err := openReads(path)
	if err != nil {
		_ = db.Close()
		return fmt.Errorf("opening %s: %w", path, err)
	}
	names, err := loadDictionary(context.Background(), db)
	if err != nil {
		_, _ = db.Close(), reads.Close()
		return fmt.Errorf("reading %s: %w", path, err)
	}
	s.db, s.reads, s.names = db, reads, names
	s.dbFile, err = os.Stat(path)
	return err
}

// ownAlone makes a file readable for this user alone; SQLite gives the rights of
// the database to what it puts beside it.
func ownAlone(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_ = f.Chmod(0o600) // a version before made it for everybody
	return f.Close()
}

func (s *Store) setAside(path string, cause error) error {
	aside, err := moveAside(path, "corrupt")
	if err != nil {
		return fmt.Errorf("moving the corrupt database aside: %w", err)
	}
	s.log.Warn("database is corrupt: moved aside, history starts anew", zap.String("moved_to", filepath.Base(aside)),
		zap.Error(cause))
	return nil
}

// replaceDatabase starts a new database after the old one proved corrupt while
// in use. Incidents come back from the log; samples of the past are lost.
func (s *Store) replaceDatabase(cause error) error {
	_, _ = s.reads.Close(), s.db.Close()
	s.pending, s.waiting = nil, 0 // their series ids belong to the old dictionary
	if err := s.setAside(filepath.Join(s.folder, dbName), cause); err != nil {
		return err
	}
	if err := s.openDatabase(); err != nil {
		return err
	}
	return s.reconcile(context.Background())
}
