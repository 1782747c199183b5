package dashboards

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// The catalog is the one place where metrics are named: no other source of ours
// has a name in a string. The page's script may name those that a status has,
// too, and these are of the catalog.
func TestMetricsAreNamedOnce(t *testing.T) {
	var names []string
	for _, m := range probe.Catalog() {
		names = append(names, m.Name, m.Prometheus)
	}
	for _, f := range probe.Families() {
		names = append(names, f.Prometheus)
	}
	named := regexp.MustCompile(`\b(streamwatch_)?(` + strings.Join(names, "|") + `)\b`)
	files := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		switch filepath.ToSlash(path) {
		case "../probe/metric.go", "../probe/family.go":
			return nil
		}
		files++
		for _, text := range stringsOf(t, path) {
			if name := named.FindString(text); name != "" && !strings.Contains(text, "json:") {
				t.Errorf("%s names %s in %s: take it from the catalog", path, name, text)
			}
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files: %v", files, err)
	}
	script, err := os.ReadFile("../probe/web/page/plots.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z_]+): (?:r|\(r, side\)) =>`).FindAllSubmatch(script, -1) {
		if _, ok := probe.FindMetric(string(m[1])); !ok {
			t.Errorf("plots.js names %s, which is no metric", m[1])
		}
	}
}

// stringsOf returns the string literals of a Go file.
func stringsOf(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var s scanner.Scanner
	s.Init(set.AddFile(path, -1, len(text)), text, nil, 0)
	var list []string
	for {
		_, kind, literal := s.Scan()
		switch kind {
		case token.EOF:
			return list
		case token.STRING:
			list = append(list, literal)
		default:
		}
	}
}
