package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// TestFieldDoc compares docs/field.md with the tests that it names: each is
// there, and each row has one.
func TestFieldDoc(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "field.md"))
	if err != nil {
		t.Fatal(err)
	}
	scenes := goSource(t, filepath.Join("..", "..", "probe", "drill"))
	tests := goSource(t, filepath.Join("..", ".."))
	held := regexp.MustCompile("`(pair|fault|scene|drill|timeline|test) ([^`]+)`")
	rows := 0
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.HasPrefix(cells[1], "-") || strings.TrimSpace(cells[3]) == "held by" {
			continue
		}
		rows++
		names := held.FindAllStringSubmatch(cells[3], -1)
		if len(names) == 0 {
			t.Errorf("nothing holds %q", cells[1])
		}
		for _, n := range names {
			if !heldBy(n[1], n[2], scenes, tests) {
				t.Errorf("%s: there is no %s %q", strings.TrimSpace(cells[1]), n[1], n[2])
			}
		}
	}
	if rows < 30 {
		t.Errorf("only %d rows were read", rows)
	}
	t.Logf("%d rows", rows)
}

// heldBy says whether there is such a test.
func heldBy(kind, name, scenes, tests string) bool {
	switch kind {
	case "pair":
		return slices.ContainsFunc(fieldEncoders(), func(e fieldEncoder) bool { return e.name == name }) ||
			slices.ContainsFunc(fieldCaches(), func(c fieldCache) bool { return c.name == name })
	case "fault":
		return slices.ContainsFunc(fieldFaults(), func(f fieldFault) bool { return f.name == name })
	case "scene":
		if preset, ok := cutAny(name, "origin hung behind ", "healthy behind "); ok {
			return slices.ContainsFunc(sim.Presets(), func(p sim.Preset) bool { return p.Name == preset })
		}
		return strings.Contains(scenes, `name: "`+name+`"`)
	case "drill":
		_, ok := drill.Find(name)
		return ok
	case "timeline":
		_, err := os.Stat(filepath.Join("..", "..", "probe", "checks", "testdata", name+".txtar"))
		return err == nil
	default:
		return strings.Contains(tests, "func "+name+"(")
	}
}

func cutAny(s string, prefixes ...string) (string, bool) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return rest, true
		}
	}
	return s, false
}

// goSource is the text of all test files below a folder.
func goSource(t *testing.T, dir string) string {
	t.Helper()
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		text.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}
