package main

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestMarkdownColumns holds the prose of the docs to 120 columns, as a linter
// holds the code. Tables, code and the target of a link cannot be broken.
func TestMarkdownColumns(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "node_modules" || name == ".git" || name == "bin" || name == "dist") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			checkColumns(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkColumns(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fenced := false
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if fenced || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "    ") || strings.Contains(line, "](") {
			continue
		}
		if got := utf8.RuneCountInString(line); got > 120 {
			t.Errorf("%s:%d has %d columns, at most 120 are allowed", path, n, got)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
