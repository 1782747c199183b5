package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe"
)

// docs/embeds.md names every option with its default, every metric of viewers,
// and files and pictures that exist.
func TestEmbedsDoc(t *testing.T) {
	b, err := os.ReadFile("../../docs/embeds.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	defaults := reflect.ValueOf(configs.Default().Player)
	var options []string
	for field, value := range defaults.Fields() {
		shown := strings.Trim(fmt.Sprint(value.Interface()), "[]")
		if shown != "" {
			shown = "`" + shown + "`"
		} else {
			shown = "empty"
		}
		options = append(options, fmt.Sprintf("| `%s` | %s | ", field.Tag.Get("yaml"), shown))
	}
	if got := rows(text, "options", 2); !slices.Equal(got, options) {
		t.Errorf("the options are\n%s\nin the code\n%s", strings.Join(got, "\n"), strings.Join(options, "\n"))
	}
	var metrics []string
	for _, m := range probe.Catalog() {
		if m.Scope == probe.ByViewer {
			metrics = append(metrics, fmt.Sprintf("| `streamwatch_%s` | %s | %s |", m.Prometheus, m.Name, m.Help))
		}
	}
	if got := rows(text, "metrics", 3); !slices.Equal(got, metrics) {
		t.Errorf("the metrics are\n%s\nin the catalog\n%s", strings.Join(got, "\n"), strings.Join(metrics, "\n"))
	}
	var attributes []string
	for _, name := range player.Attributes() {
		attributes = append(attributes, "| `"+name+"` |")
	}
	if got := rows(text, "attributes", 1); !slices.Equal(got, attributes) {
		t.Errorf("the attributes are\n%s\nin the code\n%s", strings.Join(got, "\n"), strings.Join(attributes, "\n"))
	}
	for _, m := range link.FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join("../../docs", m[1])); err != nil {
			t.Error(err)
		}
	}
	written := embedFiles(t)
	for _, m := range regexp.MustCompile("`([a-z.-]+\\.(html|json|jsx|js|css|php|txt))`").FindAllStringSubmatch(text, -1) {
		if written[m[1]] == nil {
			t.Errorf("no file %s is written", m[1])
		}
	}
}

// embedFiles are the embeds with everything on.
func embedFiles(t *testing.T) map[string][]byte {
	t.Helper()
	o := player.Options{Base: "https://player.example.com/main"}
	cfg, _, err := player.Derive(player.Manifest{}, o)
	if err != nil {
		t.Fatal(err)
	}
	files, err := player.Render("concert", "main", "https://edge.example.com/main.m3u8", cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// rows returns the rows of the table below a mark, cut after some cells; 3 is
// the whole row.
func rows(text, mark string, cells int) (list []string) {
	_, rest, _ := strings.Cut(text, "<!-- "+mark)
	table, _, _ := strings.Cut(rest, "\n\n")
	for i, line := range strings.Split(table, "\n") {
		if i < 3 {
			continue // the mark and the head
		}
		switch parts := strings.SplitN(line, " | ", 3); cells {
		case 1:
			line = parts[0] + " |"
		case 2:
			line = parts[0] + " | " + parts[1] + " | "
		}
		list = append(list, line)
	}
	return list
}
