package probe

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A file is replaced whole, for whom it is meant, and what fails leaves the old one
// and nothing else.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	if err := WriteFile(path, "one"); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("half of it")
	err := ReplaceFile(path, 0o644, func(file *os.File) error {
		_, _ = io.WriteString(file, "tw")
		return broken
	})
	if text, _ := os.ReadFile(path); !errors.Is(err, broken) || string(text) != "one" {
		t.Errorf("%q after %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	err = ReplaceFile(path, 0o644, func(file *os.File) error { _, err := io.WriteString(file, "two"); return err })
	if info, _ := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 || info.Size() != 3 {
		t.Errorf("%v, %v", info, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the folder has %v", entries)
	}
	if err := WriteFile(filepath.Join(dir, "none", "a"), "x"); err == nil {
		t.Error("a file was written in a folder that is not there")
	}
}
