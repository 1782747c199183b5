package record

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
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

// repair rewrites a file that a kill cut off, so that it can go on: what is not a
// whole line at its end is left out.
func repair(path string) error {
	old, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("repairing a recording: %w", err)
	}
	defer old.Close()
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("repairing a recording: %w", err)
	}
	out := gzip.NewWriter(file)
	if zip, bad := gzip.NewReader(old); bad == nil {
		in := bufio.NewReader(zip)
		for err == nil {
			line, bad := in.ReadBytes('\n')
			if bad != nil {
				break
			}
			_, err = out.Write(line)
		}
	}
	if err = errors.Join(err, out.Close(), file.Sync(), file.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("repairing a recording: %w", err)
	}
	return nil
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
	return slices.ContainsFunc(r.tapes, func(t *tape) bool { return filepath.Base(t.reel.path) == name })
}
