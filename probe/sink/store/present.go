package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// lookEvery is how often it is looked whether the files are still there. A file
// that was deleted can be written to for ever, and nobody will read it.
const lookEvery = time.Second

// present sees to it that the files are there. When somebody deleted or replaced
// them it says so once, so that the page and the log show it; the next call makes
// them again, from what is still open. The caller holds the lock.
func (s *Store) present(ctx context.Context) error {
	if s.unsteady || !s.gone && time.Since(s.looked) < lookEvery {
		return nil
	}
	s.looked = time.Now()
	missing := s.missing()
	if len(missing) == 0 {
		s.gone = false
		return nil
	}
	if !s.gone {
		s.gone = true
		s.log.Error("files of the output folder were deleted or replaced by somebody: they are made again",
			zap.String("folder", s.folder), zap.Strings("files", missing))
		return fmt.Errorf("files of the output folder were deleted or replaced: %w", syscall.ENOENT)
	}
	if err := s.remake(ctx); err != nil {
		return fmt.Errorf("making the output folder again: %w", err)
	}
	s.gone = false
	s.steady()
	s.log.Info("the output folder is there again, with all of its history", zap.String("folder", s.folder))
	return nil
}

// steady finds out whether files are the same twice: some file systems that come
// over a network give them other numbers each time, and nobody can tell there
// whether a file was replaced.
func (s *Store) steady() {
	if s.unsteady = len(s.missing()) > 0; s.unsteady {
		s.log.Warn("this file system does not tell files apart: nobody will notice when the output folder is deleted",
			zap.String("folder", s.folder))
	}
}

// missing lists the files that are not those that were opened.
func (s *Store) missing() (names []string) {
	if !s.isLog() {
		names = append(names, logName)
	}
	if there, err := os.Stat(filepath.Join(s.folder, dbName)); err != nil || !os.SameFile(there, s.dbFile) {
		names = append(names, dbName)
	}
	return names
}

// isLog reports whether the log is where it should be.
func (s *Store) isLog() bool {
	own, err := s.lines.file.Stat()
	there, err2 := os.Stat(s.lines.path)
	return err == nil && err2 == nil && os.SameFile(own, there)
}

// remake writes the files again. What is deleted is still there for whoever has
// it open: the log is copied, and the database copies itself. What others put in
// their place is moved aside.
func (s *Store) remake(ctx context.Context) error {
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return err
	}
	text, err := s.lines.own()
	if err != nil {
		return err
	}
	if err := s.free(); err != nil {
		return err
	}
	if !s.isLog() {
		if err := s.lines.begin(text); err != nil {
			return err
		}
	}
	return s.remakeDatabase(ctx)
}

// free moves files aside that somebody put in the place of ours, unless another
// streamwatch uses them.
func (s *Store) free() error {
	path := s.lines.path
	if s.isLog() {
		return nil
	}
	other, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer other.Close()
	free, err := lockFile(other)
	if err == nil && !free {
		err = fmt.Errorf("%s is in use by another streamwatch", s.folder)
	}
	if err != nil {
		return err
	}
	return os.Rename(path, path+".replaced-"+time.Now().UTC().Format(asideTime))
}

// remakeDatabase copies the database that is open to where it should be.
func (s *Store) remakeDatabase(ctx context.Context) error {
	path := filepath.Join(s.folder, dbName)
	info, err := os.Stat(path)
	if err == nil && os.SameFile(info, s.dbFile) {
		return nil
	}
	replaced := err == nil
	_ = os.Remove(path + ".new") // of an attempt before
	if _, err := s.db.ExecContext(ctx, "VACUUM INTO ?", path+".new"); err != nil {
		return err
	}
	_, _ = s.reads.Close(), s.db.Close()
	if replaced {
		if _, err := moveAside(path, "replaced"); err != nil {
			return err
		}
	}
	for _, suffix := range []string{"-wal", "-shm"} { // of the one that is gone
		_ = os.Remove(path + suffix)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	_ = os.Chmod(path, 0o600)
	pending := s.names
	if err := s.openDatabase(); err != nil {
		return err
	}
	s.names = pending // the ids are the same, and some are not saved yet
	return nil
}
