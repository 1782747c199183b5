package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe/drill"
)

var (
	fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	link  = regexp.MustCompile(`\]\(([^)#]+)\)`)
)

// blocks returns the fenced blocks of the README in one language.
func blocks(text []byte, language string) []string {
	var found []string
	for _, m := range fence.FindAllSubmatch(text, -1) {
		if string(m[1]) == language {
			found = append(found, string(m[2]))
		}
	}
	return found
}

// TestReadmeCommands runs every command of the README: those of make are looked
// up, those of streamwatch are run with a stream that exists.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	event, err := os.ReadFile("../../configs/event.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if b := blocks(text, "yaml"); len(b) != 1 || b[0] != string(event) {
		t.Errorf("the README's event.yaml is not configs/event.yaml")
	}
	var script strings.Builder
	script.WriteString("exec streamwatch demo --listen $FREE --for 3s --output made-up-by-the-demo\n")
	n := 0
	for line := range strings.Lines(strings.Join(blocks(text, "sh"), "")) {
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "make":
			//nolint:gosec // a target of our README
			if out, err := exec.Command("make", "-C", "../..", "-n", words[1]).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
		case len(words) > 1 && words[0] == "streamwatch":
			line = strings.ReplaceAll(strings.TrimSpace(line), "https://d111111abcdef8.cloudfront.net/myStream", "$EDGE/main")
			if words[1] == "run" {
				line += " --for 3s"
			}
			script.WriteString("exec " + line + "\n")
		default:
			t.Errorf("the README has a command that is not tested: %q", line)
		}
		n++
	}
	if n < 4 {
		t.Errorf("found %d commands in the README", n)
	}
	made := strings.NewReplacer("http://live.example.com:8080", `"${ORIGIN}"`,
		"https://d111111abcdef8.cloudfront.net", `"${EDGE}"`, "/myStream/", "/main/").Replace(string(event))
	dir := t.TempDir()
	body := script.String() + "\n-- event.yaml --\n" + made + "monitor: {listen: \"${FREE}\"}\n"
	if err := os.WriteFile(filepath.Join(dir, "readme.txtar"), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	runScripts(t, dir, false)
}

// TestReadmeLinks requires that every local link leads somewhere.
func TestReadmeLinks(t *testing.T) {
	for _, name := range []string{"README.md", "DECISIONS.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			to := string(m[1])
			if strings.Contains(to, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join("../..", to)); err != nil {
				t.Errorf("%s links to %s: %v", name, to, err)
			}
		}
	}
}

// TestReadmeIsShort holds the README to what a stranger reads.
func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n > 120 {
		t.Errorf("README.md has %d lines, want 120 at most", n)
	}
}

// TestDrillDocs requires that the docs claim what the drills require.
func TestDrillDocs(t *testing.T) {
	for _, c := range []struct {
		path, rows, next string
		drills           []drill.Drill
	}{
		{"../../docs/drills.md", "drill.All()", "\n## Several CDNs", drill.All()},
		{"../../docs/edges.md", "drill.OfEdges()", "\n## Where it shows", drill.OfEdges()},
	} {
		text, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		mark := "<!-- drills: the rows are " + c.rows + "; a test compares them -->\n"
		head, rest, ok := bytes.Cut(text, []byte(mark))
		_, tail, ok2 := bytes.Cut(rest, []byte(c.next))
		if !ok || !ok2 {
			t.Fatalf("%s has no place for the drills", c.path)
		}
		want := fmt.Sprintf("%s%s%s%s%s", head, mark, drillTable(c.drills), c.next, tail)
		if *update {
			if err := os.WriteFile(c.path, []byte(want), 0o644); err != nil { //nolint:gosec // a file that everyone reads
				t.Fatal(err)
			}
		} else if string(text) != want {
			t.Errorf("the table of drills in %s is old: run make golden", c.path)
		}
	}
}

func drillTable(drills []drill.Drill) string {
	var b strings.Builder
	b.WriteString("| fault | what happens | found as | blamed | within |\n|---|---|---|---|---|\n")
	for _, d := range drills {
		blames := make([]string, 0, len(d.Blame))
		for _, blame := range d.Blame {
			blames = append(blames, string(blame))
		}
		checks, blamed := strings.Join(d.Checks, " or "), strings.Join(blames, " or ")
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.1f s |\n",
			d.Fault, d.Doc(), checks, blamed, d.Within(defaultTarget).Seconds())
	}
	return b.String()
}
