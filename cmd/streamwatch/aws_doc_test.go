package main

import (
	"os"
	"strings"
	"testing"
)

// docs/aws.md shows the tables that tests write; -update puts them there.
func TestTablesOfAWSDoc(t *testing.T) {
	const file = "../../docs/aws.md"
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(doc)
	for mark, source := range map[string]string{
		"armed": "testdata/armed.txt", "sizes": "../../dashboards/testdata/sizes.txt",
	} {
		table, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, found := strings.Cut(text, "<!-- "+mark+" -->\n")
		_, after, ended := strings.Cut(rest, "<!-- /"+mark+" -->")
		if !found || !ended {
			t.Fatalf("%s has no place for %s", file, mark)
		}
		lines := strings.Split(strings.TrimSpace(string(table)), "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		text = before + "<!-- " + mark + " -->\n```\n" + strings.Join(lines, "\n") + "\n```\n<!-- /" + mark + " -->" + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // a file that everyone reads
			t.Fatal(err)
		}
	} else if text != string(doc) {
		t.Errorf("%s does not show the tables of today: make golden", file)
	}
}
