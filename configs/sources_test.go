package configs

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const manyEvent = `event: e
origin: {url: "http://o.example"}
distribution: {existing: {url: "https://e.example"}}
output: %OUT%
streams_from: streams/*.yaml
`

// folder writes files, by their names below a new folder, and returns that.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "%OUT%", filepath.Join(dir, "out"))),
			0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestStreamsFromFilesAndTheAPI(t *testing.T) {
	dir := folder(t, map[string]string{
		"event.yaml":             manyEvent + "streams: [{name: main, manifest: /main.m3u8}]\n",
		"streams/a.yaml":         "name: a\nmanifest: /a.m3u8\nheaders: {Authorization: \"${TOKEN}\"}\n",
		"streams/more.yaml":      "- {name: b, manifest: /b.m3u8}\n- {name: c, manifest: /c.m3u8, renditions: first}\n",
		"streams/notes.txt":      "not a stream",
		"out/e/streams.d/d.yaml": "{\"manifest\": \"/d.m3u8\"}\n",
	})
	event, err := Load(filepath.Join(dir, "event.yaml"), func(string) (string, bool) { return "secret-of-a", true })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"main": "file", "a": "streams_from", "b": "streams_from", "c": "streams_from", "d": "api"}
	if got := event.Sources(); !reflect.DeepEqual(got, want) {
		t.Errorf("sources %v, want %v", got, want)
	}
	if names := event.StreamNames(); !slices.Equal(names, []string{"main", "a", "b", "c", "d"}) {
		t.Errorf("streams %v", names)
	}
	if c := event.Stream("c"); !c.Renditions.First || event.Stream("d").Manifest != "/d.m3u8" ||
		!event.Stream("d").Renditions.All {
		t.Errorf("c %+v, d %+v", c, event.Stream("d"))
	}
	if h := event.Stream("a").Headers["Authorization"]; h.Reveal() != "secret-of-a" {
		t.Error("a variable in a stream's file is not expanded")
	}
	if err := os.Remove(filepath.Join(dir, "streams", "a.yaml")); err != nil {
		t.Fatal(err)
	}
	again, err := event.Regather(event, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if d := Compare(event, again); len(d) != 1 || d[0].String() != "streams.a removed" || event.Stream("a") == nil {
		t.Errorf("differences %v", d)
	}
}

// Each mistake names its file, its place there and the other source.
func TestMistakesInFilesOfStreams(t *testing.T) {
	const main = manyEvent + "streams: [{name: main, manifest: /main.m3u8}]\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a name twice": {
			map[string]string{"event.yaml": main, "streams/a.yaml": "name: main\nmanifest: /a.m3u8\n"},
			"streams/a.yaml:1:7: stream \"main\" is in event.yaml too\n  hint: give one of the two",
		},
		"in two files": {
			map[string]string{
				"event.yaml": main, "streams/a.yaml": "name: x\nmanifest: /a\n",
				"streams/b.yaml": "name: x\nmanifest: /a\n",
			},
			"streams/b.yaml:1:7: stream \"x\" is in DIR/streams/a.yaml too",
		},
		"one of a list": {
			map[string]string{"event.yaml": main, "streams/a.yaml": "- {name: x, manifest: /a}\n- manifest: /a\n  name: main\n"},
			"streams/a.yaml:3:9: stream \"main\" is in event.yaml too",
		},
		"one of the API": {
			map[string]string{
				"event.yaml": main, "streams/a.yaml": "name: x\nmanifest: /a\n",
				"out/e/streams.d/x.yaml": "manifest: /a\n",
			},
			"out/e/streams.d/x.yaml:1:1: stream \"x\" is in DIR/streams/a.yaml too\n  hint: this one came by the API",
		},
		"a bad value": {
			map[string]string{"event.yaml": main, "streams/a.yaml": "name: x\nmanifest: a.m3u8\n"},
			"streams/a.yaml:2:11: manifest must be an absolute path",
		},
		"a check": {
			map[string]string{"event.yaml": main, "streams/a.yaml": "- name: x\n  manifest: /a\n  checks: {stael: {}}\n"},
			"streams/a.yaml:3:12: unknown check \"stael\"\n  hint: did you mean \"stale\"?",
		},
		"in a list": {
			map[string]string{"event.yaml": main, "streams/a.yaml": "- name: x\n  manifset: /a\n"},
			"streams/a.yaml:2:3: unknown key \"manifset\" in [0]\n  hint: did you mean \"manifest\"?",
		},
		"half-written": {
			map[string]string{"event.yaml": main, "streams/a.yaml": "- name: x\n  manifest: \"/a"},
			"streams/a.yaml:",
		},
		"empty": {
			map[string]string{"event.yaml": main, "streams/a.yaml": ""},
			"streams/a.yaml:1:1: the file is empty\n  hint: a stream has a name and a manifest",
		},
		"two documents": {
			map[string]string{"event.yaml": main, "streams/a.yaml": "name: a\nmanifest: /a\n---\nname: b\nmanifest: /b\n"},
			"streams/a.yaml:3:1: a second document begins here\n  hint: write several streams as one list",
		},
		"no folder": {
			map[string]string{"event.yaml": main},
			"event.yaml:5:15: streams_from: there is no folder DIR/streams",
		},
		"no pattern": {
			map[string]string{"event.yaml": strings.Replace(main, "streams/*.yaml", "streams", 1)},
			"event.yaml:5:15: streams_from must be a pattern",
		},
		"no stream": {
			map[string]string{"event.yaml": strings.Replace(manyEvent, "streams_from: streams/*.yaml\n", "", 1)},
			"event.yaml:1:1: streams is required",
		},
		"kept, renamed": {
			map[string]string{
				"event.yaml": main, "streams/a.yaml": "name: x\nmanifest: /a\n",
				"out/e/streams.d/y.yaml": "name: z\nmanifest: /a\n",
			},
			"out/e/streams.d/y.yaml:1:7: name is \"z\", and the address names \"y\"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, c.files)
			event, err := Load(filepath.Join(dir, "event.yaml"), noEnv)
			if err == nil {
				err = &Problems{List: event.Aside()}
			}
			if want := strings.ReplaceAll(c.want, "DIR", dir); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// A pattern that names no file yet is fine, also without any other stream.
func TestAFolderThatFillsLater(t *testing.T) {
	dir := folder(t, map[string]string{"event.yaml": manyEvent, "streams/README": "put streams here"})
	event, err := Load(filepath.Join(dir, "event.yaml"), noEnv)
	if err != nil || len(event.Streams) != 0 {
		t.Errorf("%v, %v", event, err)
	}
}

// The event file itself is no file of streams, by whatever name a pattern finds it.
func TestStreamsBesideTheEventFile(t *testing.T) {
	dir := folder(t, map[string]string{
		"event.yaml": strings.Replace(manyEvent, "streams/*.yaml", "\"*.yaml\"", 1),
		"a.yaml":     "name: a\nmanifest: /a.m3u8\n",
	})
	path := filepath.Join(dir, "event.yaml")
	for name, link := range map[string]func(from, to string) error{"hard.yaml": os.Link, "soft.yaml": os.Symlink} {
		if err := link(path, filepath.Join(dir, name)); err != nil {
			t.Logf("%s is left out: %v", name, err)
		}
	}
	for _, name := range []string{"event.yaml", "soft.yaml"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		event, err := Load(path, noEnv)
		if err != nil {
			t.Fatal(err)
		}
		if names := event.StreamNames(); len(event.Aside()) > 0 || !slices.Equal(names, []string{"a"}) {
			t.Errorf("%s: streams %v, aside %v", name, names, event.Aside())
		}
		again, err := event.Regather(event, noEnv)
		if err != nil || len(again.Aside()) > 0 || len(again.StreamFiles()) != 1 {
			t.Errorf("%s, again: %v, aside %v, files %v", name, err, again.Aside(), again.StreamFiles())
		}
	}
}

func TestParseStream(t *testing.T) {
	s, err := ParseStream("second",
		[]byte("{\n\t\"manifest\": \"/second/playlist.m3u8\",\n\t\"headers\": {\"Authorization\": \"Bearer x\"}\n}"))
	if err != nil || s.Name != "second" || s.Manifest != "/second/playlist.m3u8" || !s.Renditions.All ||
		s.Source() != FromRequest {
		t.Errorf("%+v, %v", s, err)
	}
	for text, want := range map[string]string{
		"":                         "1:1: there is no stream\n  hint: send at least a manifest",
		"{\n \"manifest\": \"/a\"": "2:17: neither JSON nor YAML: unexpected end of JSON input\n  hint: check quotes",
		`{"manifest": "/a"} {}`:    "1:20: neither JSON nor YAML: invalid character '{' after top-level value",
		"{manifest: /a":            "neither JSON nor YAML: invalid character 'm'",
		"[]": "1:1: a stream must be a mapping of keys to values, got a list\n" +
			`  hint: send one stream, such as {"manifest": "/second/playlist.m3u8"}`,
		"manifest: /a\n---\nmanifest: /b":          "2:1: a second document begins here\n  hint: send one stream",
		"name: first\nmanifest: /a":                `the request:1:7: name is "first", and the address names "second"`,
		"manifest: a":                              "1:11: manifest must be an absolute path",
		"manifest: \"/a?t=${HOME}\"":               "manifest holds a variable",
		"manifest: /a\nheaders: {\"A B\": \"x\"}":  `2:11: headers: "A B" is not the name of a header`,
		"manifest: /a\nstreams: []":                "unknown key \"streams\"",
		"manifest: /a\nchecks: {stael: {}}":        "2:10: unknown check \"stael\"\n  hint: did you mean \"stale\"?",
		"manifest: /a\nchecks: {gap: {after: -1}}": "2:23: checks.gap.after must be from 0 to 100, got \"-1\"",
	} {
		if _, err := ParseStream("second", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := ParseStream("No/Name", []byte("manifest: /a")); err == nil ||
		!strings.Contains(err.Error(), "name must be lower-case") {
		t.Errorf("a bad name: %v", err)
	}
}

func TestCompare(t *testing.T) {
	const base = "event: e\norigin: {url: \"http://o.example\", headers: {A: x}}\ndistribution: {existing: {url: " +
		"\"https://e.example\"}}\n" +
		"streams: [{name: one, manifest: /1}, {name: two, manifest: /2}]\nmonitor: {checks: {upd.stale: {after: 2}}}\n"
	load := func(text string) *Event {
		e, err := Parse("event.yaml", []byte(text), noEnv)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{"# comment", "", ""},
		{"{name: one, manifest: /1}, {name: two, manifest: /2}", "{name: two, manifest: /2}, {name: one, manifest: /1}", ""},
		{"{name: two, manifest: /2}", "{name: three, manifest: /2}", "streams.three added, streams.two removed"},
		{"manifest: /2", "manifest: /2, renditions: first", "streams.two changed"},
		{"manifest: /2", "manifest: /2, checks: {gap: {after: 4}}", "streams.two changed"},
		{"{A: x}", "{A: y, B: z}", "origin.headers.A changed, origin.headers.B added"},
		{"after: 2", "after: 3", "monitor.checks.upd.stale changed"},
		{"event: e\n", "event: e\nends: 2030-01-01T00:00:00Z\n", "ends changed"},
		{
			"https://e.example\"}", "https://e.example\", sign: {key_pair_id: K, private_key_file: k}}",
			"distribution.existing.sign added",
		},
		{"existing: {url: \"https://e.example\"}", "local: {}", "distribution.existing removed, distribution.local added"},
		{"monitor: {", "monitor: {interval: 2s, listen: \"\", ", "monitor.listen changed, monitor.interval changed"},
	} {
		var got []string
		for _, d := range Compare(load(base), load(strings.Replace(base, c.from, c.to, 1))) {
			got = append(got, d.String())
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%q → %q: %s, want %s", c.from, c.to, text, c.want)
		}
	}
}

// A maintenance may name streams of any source, and no others.
func TestMaintenanceOfStreamsFromElsewhere(t *testing.T) {
	const planned = "maintenance: [{from: 2026-11-28T20:00:00Z, to: 2026-11-28T21:00:00Z, streams: [main, a, d]}]\n"
	dir := folder(t, map[string]string{
		"event.yaml":             manyEvent + "streams: [{name: main, manifest: /main.m3u8}]\n" + planned,
		"streams/a.yaml":         "name: a\nmanifest: /a.m3u8\n",
		"out/e/streams.d/d.yaml": "manifest: /d.m3u8\n",
	})
	event, err := Load(filepath.Join(dir, "event.yaml"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if found := event.Dangling(); len(found) > 0 {
		t.Errorf("%+v", found)
	}
	found := event.Without("d").Dangling()
	if len(found) != 1 || found[0].Path != "maintenance[0].streams[2]" {
		t.Errorf("%+v", found)
	}
}
