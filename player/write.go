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

// Write stores rendered files in a folder, which it makes. A file appears whole
// or not at all, and one that already has these bytes is left alone, so that a
// web server's caches stay valid. It returns the names that it wrote.
func Write(dir string, files map[string][]byte) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder for embeds: %w", err)
	}
	var written []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if filepath.Base(name) != name {
			return written, fmt.Errorf("writing embeds: %q is not a file name", name)
		}
		to := filepath.Join(dir, name)
		if old, err := os.ReadFile(to); err == nil && bytes.Equal(old, files[name]) {
			continue
		}
		err := probe.ReplaceFile(to, 0o644, func(file *os.File) error {
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
