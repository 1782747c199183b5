package configs

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/streamwatch/streamwatch/probe"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func noEnv(string) (string, bool) { return "", false }

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v, true
			}
		}
		return "", false
	}
}

// Each case of testdata/problems.txtar is a file and, after it, what is wrong.
func TestProblems(t *testing.T) {
	path := filepath.Join("testdata", "problems.txtar")
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lookup := env("PORT=8080", "SECRET=hunter2", "BAD=hunter2 is not a port", "EMPTY=")
	for i := 0; i < len(archive.Files); i += 2 {
		give, want := archive.Files[i], &archive.Files[i+1]
		t.Run(give.Name, func(t *testing.T) {
			_, err := Parse("event.yaml", give.Data, lookup)
			got := "no problem\n"
			if err != nil {
				got = err.Error() + "\n"
			}
			if strings.Contains(got, "hunter2") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			if *update {
				want.Data = []byte(got)
			}
			if got != string(want.Data) {
				t.Errorf("got\n%swant\n%s", got, want.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnreadableText(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "e.yaml:1:1: the file is empty"},
		{"comments only", "# nothing\n", "e.yaml:1:1: the file is empty"},
		{"utf-16", "\xff\xfee\x00v\x00", "e.yaml:1:1: the file is UTF-16"},
		{"nul", "event: a\nor\x00igin: b\n", "e.yaml:2:3: control character U+0000"},
		{"latin-1", "event: caf\xe9\n", "e.yaml:1:11: the file is not UTF-8"},
		{"large", strings.Repeat("#", maxFileBytes+1), "e.yaml:1:1: the file is larger than 1 MiB"},
		{"deep", "event: " + deep, "e.yaml:"},
		{"two documents", "event: a\n---\nevent: b\n", "e.yaml:2:1: a second document begins here"},
		{"scalar", "hello\n", "e.yaml:1:1: the file must be a mapping of keys to values, got text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("e.yaml", []byte(c.text), noEnv)
			problems, ok := errors.AsType[*Problems](err)
			if !ok || len(problems.List) != 1 || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want one problem %q", err, c.want)
			}
		})
	}
	_, err := Parse("e.yaml", []byte(strings.Repeat("  a:\n", 20_000)), noEnv)
	if problems, ok := errors.AsType[*Problems](err); !ok || len(problems.List) != maxProblems {
		t.Error("the report of a file full of problems is not bounded")
	}
	if e, err := Parse("e.yaml", []byte("\ufeff"+minimal), noEnv); err != nil || e.Event != "a" {
		t.Errorf("a UTF-8 byte order mark: %v", err)
	}
}

const minimal = `event: a
origin: {url: "http://o.example"}
distribution: {local: {}}
streams: [{name: main, manifest: /m.m3u8}]
`

func TestLoadErrors(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml"), noEnv); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Load(t.TempDir(), noEnv); err == nil {
		t.Error("a folder was read as a file")
	}
}

func TestExpansion(t *testing.T) {
	text := minimal + `output: "${DIR:-out}/$${x}/$1"
player: {lazy: "${LAZY}", title: '${TITLE}'}
monitor: {interval: "${EVERY}", listen: "127.0.0.1:${PORT}"}
`
	e, err := Parse("e.yaml", []byte(text), env("DIR=", "LAZY=true", "EVERY=3s", "PORT=9000",
		"TITLE=a: {b: [c]} # ${PORT}"))
	if err != nil {
		t.Fatal(err)
	}
	if e.Output != "out/${x}/$1" || !e.Player.Lazy || e.Monitor.Interval != Interval(3*time.Second) ||
		e.Monitor.Listen != "127.0.0.1:9000" {
		t.Errorf("got %v", e)
	}
	if e.Player.Title != "a: {b: [c]} # ${PORT}" {
		t.Errorf("a value changed the file: %q", e.Player.Title)
	}
}

func TestSecretsStaySecret(t *testing.T) {
	text := strings.Replace(minimal, "/m.m3u8", `"/m.m3u8?token=hunter2"`, 1)
	text = strings.Replace(text, `"http://o.example"`, `"http://o.example", headers: {X-Verify: hunter2}`, 1)
	text += `monitor: {listen: "0.0.0.0:80", auth: {username: u, password: hunter2}}
notify:
  webhooks: [{url: "https://h.example/hunter2", secret: hunter2, headers: {Authorization: hunter2}}]
  pagerduty: [{routing_key: hunter2}]
  opsgenie: [{api_key: hunter2}]
  email: [{host: smtp.example.com, from: a@example.com, to: [b@example.com], username: u, password: hunter2}]
`
	e, err := Parse("e.yaml", []byte(text), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{
		e.String(), string(asJSON), fmt.Sprintf("%v %+v %#v", *e, *e, *e),
		fmt.Sprintf("%q %q %q", e.Notify.Webhooks, e.Notify.PagerDuty, e.Notify.Opsgenie),
	} {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("a secret is shown: %s", shown)
		}
	}
	if e.Origin.Headers["X-Verify"].Reveal() != "hunter2" {
		t.Error("the secret is lost")
	}
	if got := e.ManifestURL(&e.Streams[0], probe.Edge,
		"https://cdn.example/"); got != "https://cdn.example/m.m3u8?token=hunter2" {
		t.Errorf("edge manifest %q", got)
	}
	if got := e.ManifestURL(&e.Streams[0], probe.Origin, ""); got != "http://o.example/m.m3u8?token=hunter2" {
		t.Errorf("origin manifest %q", got)
	}
}

func TestValuesInSeveralForms(t *testing.T) {
	text := strings.Replace(minimal, "/m.m3u8", `"http://o.example/b.m3u8", renditions: [720p, 2]`, 1)
	text += "monitor: {checks: {stale: {severity: off, after: 2}, seq.regress: {severity: warning}}}\n"
	e, err := Parse("e.yaml", []byte(text), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	s := &e.Streams[0]
	if got := e.ManifestURL(s, probe.Edge, "https://e.example/"); got != "https://e.example/b.m3u8" {
		t.Errorf("a full URL on the origin is %s at the edge", got)
	}
	if r := s.Renditions; !r.Chosen(0, "720p") || !r.Chosen(2, "x") || r.Chosen(1, "x") {
		t.Errorf("renditions %+v", r)
	}
	if c := e.Monitor.Checks; !c["stale"].Severity.Off || c["stale"].After != 2 ||
		c["seq.regress"].Severity.Severity != probe.Warning {
		t.Errorf("checks %+v", c)
	}
}

func TestLocate(t *testing.T) {
	e, err := Parse("e.yaml", []byte(minimal), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	p := e.Locate("e.yaml", []Problem{{Path: "streams[0].renditions", Message: "b"}, {Path: "origin.url", Message: "a"}})
	if got, want := p.Error(), "e.yaml:2:15: a\ne.yaml:4:11: b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"event.yaml", "full.yaml", "demo.yaml"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	archive, err := txtar.ParseFile(filepath.Join("testdata", "problems.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := Parse("e.yaml", text, noEnv)
		if err == nil {
			_ = e.String()
			return
		}
		problems, ok := errors.AsType[*Problems](err)
		if !ok || e != nil || len(problems.List) == 0 {
			t.Fatalf("got %v and %v", e, err)
		}
		for _, p := range problems.List {
			if p.Line < 1 || p.Col < 1 || p.Message == "" {
				t.Fatalf("a problem without a place: %+v", p)
			}
		}
	})
}
