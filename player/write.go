package player

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/streamwatch/streamwatch/probe"
)

// perm are the permissions of embeds: web servers read them.
const perm = 0o644

// Write stores rendered files in a folder, which it makes. A file appears whole
// or not at all, and one that already has these bytes is left alone, so that a
// web server's caches stay valid. What another folder of embeds has already, such as
// the players' own code, becomes a link to the same bytes: most of what thousands of
// streams would take on disk. An empty like is no such folder. Write returns the names
// that it wrote.
func Write(dir, like string, files map[string][]byte) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder for embeds: %w", err)
	}
	var written []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if filepath.Base(name) != name {
			return written, fmt.Errorf("writing embeds: %q is not a file name", name)
		}
		to := filepath.Join(dir, name)
		if holds(to, files[name]) {
			continue
		}
		if like != "" && link(filepath.Join(like, name), to, files[name]) {
			written = append(written, name)
			continue
		}
		err := probe.ReplaceFile(to, perm, func(file *os.File) error {
			_, err := file.Write(files[name])
			return err
		})
		if err != nil {
			return written, fmt.Errorf("writing embeds: %w", err)
		}
		written = append(written, name)
	}
	return written, nil
}

// link makes a new file of one with the same bytes, and reports whether it could. A
// file that is there already is replaced instead: what is written into it would change
// its links too.
func link(from, to string, data []byte) bool {
	info, err := os.Lstat(from)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != perm || info.Size() != int64(len(data)) {
		return false
	}
	return holds(from, data) && os.Link(from, to) == nil
}

// holds reports whether a file can be read and is data. It reads a piece at a time:
// of thousands of streams whole files are gigabytes in a minute.
func holds(name string, data []byte) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // read only
	if info, err := f.Stat(); err != nil || info.Size() != int64(len(data)) {
		return false
	}
	var piece [16 << 10]byte
	for len(data) > 0 {
		n, err := f.Read(piece[:min(len(piece), len(data))])
		if err != nil || !bytes.Equal(piece[:n], data[:n]) {
			return false
		}
		data = data[n:]
	}
	return true
}
