package player_test

import (
	"archive/zip"
	"bytes"
	"flag"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
)

var update = flag.Bool("update", false, "write the golden files")

const edgeURL = "https://d111111abcdef8.cloudfront.net/myStream/playlist.m3u8"

// render derives and renders, or fails the test.
func render(t *testing.T, m player.Manifest, o player.Options) map[string][]byte {
	t.Helper()
	cfg, _, err := player.Derive(m, o)
	if err != nil {
		t.Fatal(err)
	}
	files, err := player.Render("autumn-concert", "main", edgeURL, cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// golden compares files with those of a folder; -update writes them.
func golden(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := player.Write(dir, "", files); err != nil {
			t.Fatal(err)
		}
	}
	entries, _ := os.ReadDir(dir)
	var want []string
	for _, e := range entries {
		want = append(want, e.Name())
	}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	for name, got := range files {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && string(b) != string(got) {
			t.Errorf("%s differs from its golden; run go test ./player -update and review the diff", name)
		}
	}
}

func TestRenderGolden(t *testing.T) {
	full := player.Options{
		Title: "Autumn <concert> & \"friends\"", Poster: "https://img.example.com/poster.jpg", Captions: "en",
		Starts: time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC), Base: "https://player.example.com/main",
		CMCD: true, Beacon: "https://monitor.example.com/beacon", FrameAncestors: []string{"https://www.example.com"},
	}
	facts := benchFacts()
	facts.Captions = []player.Caption{{Channel: "CC1", Name: "English", Language: "en"}}
	facts.Hosts = []string{"https://media.example.com"}
	for name, c := range map[string]struct {
		facts player.Manifest
		opt   player.Options
	}{
		"unknown": {player.Manifest{}, player.Options{}},
		"full":    {facts, full},
	} {
		t.Run(name, func(t *testing.T) {
			files := render(t, c.facts, c.opt)
			again := render(t, c.facts, c.opt)
			if !maps.EqualFunc(files, again, func(a, b []byte) bool { return string(a) == string(b) }) {
				t.Error("the same input gives other bytes")
			}
			// What is the same for every event is reviewed where it stands.
			maps.DeleteFunc(files, func(name string, _ []byte) bool {
				return slices.Contains([]string{".js", ".mjs", ".ts", ".css", ".LICENSE", ".png", ".zip"}, filepath.Ext(name))
			})
			if name == "unknown" { // what carries the script too, or stands in the other folder
				maps.DeleteFunc(files, func(name string, _ []byte) bool {
					return !slices.Contains(
						[]string{"hlsjs.html", "videojs.html", "iframe.snippet.html", "player.json", "headers.txt"}, name)
				})
			}
			golden(t, "testdata/"+name, files)
		})
	}
}

func TestLocalScriptsStandBesideThePages(t *testing.T) {
	files := render(t, benchFacts(), player.Options{Scripts: player.Local})
	for _, name := range []string{"hls.min.js", "hls.js.LICENSE", "video.min.js", "video-js.min.css", "video.js.LICENSE"} {
		if len(files[name]) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	for name, b := range files {
		if strings.HasSuffix(name, "js.html") && strings.Contains(string(b), "cdn.jsdelivr.net") {
			t.Errorf("%s still loads from the CDN", name)
		}
	}
}

// The archive of the WordPress plug-in opens, and has the files as they stand beside it.
func TestWordPressArchive(t *testing.T) {
	files := render(t, benchFacts(), player.Options{})
	z, err := zip.NewReader(bytes.NewReader(files["wordpress.zip"]), int64(len(files["wordpress.zip"])))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range z.File {
		name := path.Base(f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r) // the checksum is checked at its end
		if err != nil || !bytes.Equal(b, files[name]) {
			t.Errorf("%s: %d bytes, want %d: %v", f.Name, len(b), len(files[name]), err)
		}
		if got := f.Modified.UTC().Format(time.DateOnly); got != "2026-01-01" {
			t.Errorf("%s is of %s", f.Name, got)
		}
		names[name] = true
	}
	if !names["wordpress.php"] || !names["hls.min.js"] || !names["hls.js.LICENSE"] || !names["streamwatch-player.js"] {
		t.Errorf("the archive has %v", names)
	}
}

// An event writes the embeds of each of its streams when it starts.
func BenchmarkRender(b *testing.B) {
	cfg, _, err := player.Derive(benchFacts(), player.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := player.Render("autumn-concert", "main", edgeURL, cfg, player.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
