package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// One file of streams that is wrong holds back no other: what it had stays, what it
// never had is missing, and Aside says why.
func TestOneBadFileOfStreams(t *testing.T) {
	files := map[string]string{
		"event.yaml":             manyEvent + "streams: [{name: main, manifest: /main.m3u8}]\n",
		"out/e/streams.d/d.yaml": "manifest: /d.m3u8\n",
	}
	for i := range 1000 {
		files[fmt.Sprintf("streams/s%03d.yaml", i)] = fmt.Sprintf("name: s%03d\nmanifest: /s%03d.m3u8\n", i, i)
	}
	dir := folder(t, files)
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	event, err := Load(filepath.Join(dir, "event.yaml"), noEnv)
	if err != nil || len(event.Streams) != 1002 || len(event.Aside()) > 0 {
		t.Fatalf("%v, %d streams, aside %v", err, len(event.Streams), event.Aside())
	}
	put("streams/s100.yaml", "name: s100\nmanifest: s100.m3u8\n") // wrong
	// Twice, each of them.
	put("streams/s200.yaml", "- {name: s200, manifest: /new.m3u8}\n- {name: s300, manifest: /other.m3u8}\n")
	put("streams/a.yaml", "name: s400\nmanifest: /theirs.m3u8\n") // before its owner
	put("streams/aa.yaml", "name: d\nmanifest: /theirs.m3u8\n")   // of the API
	// Twice in one.
	put("streams/b.yaml", "- {name: b, manifest: /b.m3u8}\n- {name: b, manifest: /b.m3u8}\n")

	put("streams/new.yaml", "name: new\nmanifest: /new.m3u8\n")     // right
	put("streams/s500.yaml", "name: s500\nmanifest: /moved.m3u8\n") // right
	put("streams/empty.yaml", "")                                   // half-written
	for _, name := range []string{"s600", "s601"} {
		if err := os.Remove(filepath.Join(dir, "streams", name+".yaml")); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"gone": "nowhere.yaml", "alias": "s700.yaml", "loop": "loop.yaml"} {
		if err := os.Symlink(to, filepath.Join(dir, "streams", link+".yaml")); err != nil {
			t.Fatal(err)
		}
	}
	again, err := event.Regather(event, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range Compare(event, again) {
		got = append(got, d.String())
	}
	slices.Sort(got)
	want := "streams.new added, streams.s500 changed, streams.s600 removed, streams.s601 removed"
	if strings.Join(got, ", ") != want {
		t.Errorf("differences %v, want %s", got, want)
	}
	aside := (&Problems{List: again.Aside()}).Error()
	for _, want := range []string{
		"s100.yaml:2:11: manifest must be", `s200.yaml:2:10: stream "s300" is in`, `a.yaml:1:7: stream "s400" is in`,
		`aa.yaml:1:7: stream "d" is in`, `b.yaml:2:10: stream "b" is in`, "empty.yaml:1:1: the file is empty",
		"gone.yaml:1:1: cannot be read: no such file", `alias.yaml:1:7: stream "s700" is in`, "loop.yaml:1:1: cannot be read",
	} {
		if !strings.Contains(aside, want) {
			t.Errorf("nothing says %s", want)
		}
	}
	if len(again.Aside()) != 9 {
		t.Errorf("aside:\n%s", aside)
	}

	// A start has nothing from before: all that is right is there.
	fresh, err := Load(filepath.Join(dir, "event.yaml"), noEnv)
	if err != nil || fresh.Stream("s100") != nil || fresh.Stream("s101") == nil || fresh.Stream("new") == nil {
		t.Errorf("%v, %d streams", err, len(fresh.Streams))
	}
	put("streams/s100.yaml", "name: s100\nmanifest: /back.m3u8\n")
	if again, err = again.Regather(again, noEnv); err != nil || again.Stream("s100").Manifest != "/back.m3u8" {
		t.Errorf("a file that is right again: %v, %+v", err, again)
	}
}

// What names a stream whose file is gone holds back no other file.
func TestAFileThatIsNamedIsGone(t *testing.T) {
	const planned = "maintenance: [{from: 2026-11-28T20:00:00Z, to: 2026-11-28T21:00:00Z, streams: [a]}]\n"
	dir := folder(t, map[string]string{
		"event.yaml":     manyEvent + planned,
		"streams/a.yaml": "name: a\nmanifest: /a.m3u8\n", "streams/b.yaml": "name: b\nmanifest: /b.m3u8\n",
	})
	event, err := Load(filepath.Join(dir, "event.yaml"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "streams", "a.yaml")); err != nil {
		t.Fatal(err)
	}
	again, err := event.Regather(event, noEnv)
	if err != nil || len(again.Dangling()) > 0 || !slices.Equal(again.StreamNames(), []string{"b"}) {
		t.Fatalf("%v, streams %v", err, again.StreamNames())
	}
	aside := again.Aside()
	if len(aside) != 1 || aside[0].File != "event.yaml" || aside[0].Path != "maintenance[0].streams[0]" {
		t.Errorf("aside %+v", aside)
	}
	if event, err = Load(filepath.Join(dir, "event.yaml"), noEnv); err != nil || len(event.Dangling()) != 1 {
		t.Errorf("read for validate: %v, %v", err, event.Dangling())
	}
}
