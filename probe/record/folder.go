package record

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// Extension is what the names of recordings end with.
const Extension = ".jsonl.gz"

func (l Limits) orDefault() Limits {
	return Limits{
		Incident: cmp.Or(l.Incident, incidentMax), Keep: cmp.Or(l.Keep, 100<<20), Count: cmp.Or(l.Count, 1000),
		Age: cmp.Or(l.Age, 14*24*time.Hour),
	}
}

// FileName is the name of the recording of an incident. An id has the name of a
// stream in it, which may be any.
func FileName(id string) string { return url.PathEscape(id) + Extension }

func filePath(folder, id string) string { return filepath.Join(folder, FileName(id)) }

// prepare makes the folder, and puts together what a process left that was killed.
func prepare(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making the folder of recordings: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("reading the folder of recordings: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), Extension) {
			errs = append(errs, assemble(filepath.Join(folder, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// repair makes the files of a recording one that can go on, where there are any:
// what a kill or a full disk cut off at their ends is left out.
func repair(path string) error {
	parts, err := filepath.Glob(globEscape(path) + ".[0-9]*")
	if err != nil {
		return fmt.Errorf("repairing a recording: %w", err)
	}
	for _, file := range append([]string{path}, parts...) {
		if err := rewrite(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("repairing a recording: %w", err)
		}
	}
	return assemble(path)
}

// rewrite writes the whole lines of a file anew.
func rewrite(path string) error {
	old, err := os.Open(path)
	if err != nil {
		return err
	}
	defer old.Close()
	return probe.ReplaceFile(path, 0o600, func(file *os.File) error {
		out := gzip.NewWriter(file)
		return errors.Join(copyLines(out, old), out.Close(), file.Sync())
	})
}

// copyLines copies the whole lines of a file that may be cut off.
func copyLines(to io.Writer, file io.Reader) error {
	zip, err := gzip.NewReader(file)
	if err != nil {
		return nil //nolint:nilerr // it has none
	}
	in := bufio.NewReader(zip)
	for {
		line, cut := in.ReadBytes('\n')
		if cut != nil {
			return nil //nolint:nilerr // the end
		}
		if _, err := to.Write(line); err != nil {
			return err
		}
	}
}

// discard deletes a recording that nothing can be read of.
func discard(path string) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer file.Close()
	var found lineCount
	if _ = copyLines(&found, file); found == 0 {
		_ = os.Remove(path)
	}
}

// lineCount counts writes.
type lineCount int

// Write counts one.
func (n *lineCount) Write(b []byte) (int, error) {
	*n++
	return len(b), nil
}

// Has reports whether an incident has a recording, or part of one.
func (r *Recorder) Has(id string) bool {
	_, err := os.Stat(filePath(r.o.Folder, id))
	return err == nil
}

// Open opens the recording of an incident for reading. It is fs.ErrNotExist
// where there is none. One that is under way ends with what was written last.
func (r *Recorder) Open(id string) (*os.File, error) { return os.Open(filePath(r.o.Folder, id)) }

// prune deletes the oldest recordings that are more than are to be kept. The
// caller holds the lock of writing.
func (r *Recorder) prune() {
	entries, err := os.ReadDir(r.o.Folder)
	if err != nil {
		r.log.Warn("recordings cannot be listed", zap.Error(err))
		return
	}
	var list []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasSuffix(e.Name(), Extension) {
			list = append(list, info)
		}
	}
	slices.SortFunc(list, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	size, limits := int64(0), r.o.Limits
	for i, info := range list {
		size += info.Size()
		fits := size <= limits.Keep && i < limits.Count && time.Since(info.ModTime()) <= limits.Age
		if i == 0 || fits || r.under(info.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(r.o.Folder, info.Name())); err != nil {
			r.log.Warn("an old recording cannot be deleted", zap.Error(err))
		}
	}
}

// under reports whether a file is being written.
func (r *Recorder) under(name string) bool {
	return slices.ContainsFunc(r.tapes, func(t *tape) bool { return filepath.Base(t.path) == name })
}
