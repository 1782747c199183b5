package checks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// TestPages holds docs/checks to the catalogue: a page for each check and a list
// of them, and nothing else.
func TestPages(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "checks")
	want := map[string]string{}
	list := new(strings.Builder)
	list.WriteString("<!-- Written from probe/checks by make golden. -->\n# Checks\n\nWhat streamwatch checks. " +
		"`streamwatch checks ID` prints the same.\n\n| check | severity at most | what is wrong |\n|---|---|---|\n")
	for _, c := range checks.All() {
		want[c.ID+".md"] = c.Markdown()
		fmt.Fprintf(list, "| [%s](%s.md) | %s | %s |\n", c.ID, c.ID, c.Severity, c.Summary)
		if text := c.Markdown(); strings.Contains(text, "\n\n\n") || !strings.Contains(text, "\n1. ") {
			t.Errorf("%s: the page does not say what it means for viewers, or what to do", c.ID)
		}
		if c.Page() != probe.Docs+"checks/"+c.ID+".md" {
			t.Errorf("%s: its page is %s", c.ID, c.Page())
		}
	}
	want["README.md"] = list.String()
	there, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range there {
		if want[filepath.Base(name)] != "" {
			continue
		}
		t.Errorf("%s is the page of no check", name)
		if *update {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range want {
		name = filepath.Join(dir, name)
		if *update {
			if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // everyone reads it
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil { //nolint:gosec // likewise
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != text {
			t.Errorf("%s is old: run make golden (%v)", name, err)
		}
	}
}
