package eventfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

const someEvent = "event: concert\norigin: {url: \"http://o.example\"}\n" +
	"distribution: {existing: {url: \"https://e.example\"}}\n" +
	"streams: [{name: main, manifest: /m.m3u8}]\n"

// An argument is a URL, an event file or a playlist, and each has what the others
// have not.
func TestSubject(t *testing.T) {
	file := filepath.Join(t.TempDir(), "event.yaml")
	t.Setenv("E", someEvent)
	if err := os.WriteFile(file, []byte(someEvent), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		arg, stdin  string
		event, text string // name of the event, text of the playlist
	}{
		"URL":           {"https://a.example/live/main.m3u8", "", "check", ""},
		"event file":    {file, "", "concert", ""},
		"event in $E":   {"env:E", "", "concert", ""},
		"playlist file": {"main.m3u8", "", "", ""},
		"event, piped":  {"-", someEvent, "concert", ""},
		"list, piped":   {"-", "#EXTM3U\n", "", "#EXTM3U\n"},
	} {
		r := &Reader{Stdin: strings.NewReader(c.stdin), Env: os.LookupEnv, Secrets: new(fetch.Secrets)}
		got, err := r.Subject(c.arg, &Flags{})
		event := ""
		if got.Event != nil {
			event = got.Event.Event
		}
		if err != nil || event != c.event || string(got.Text) != c.text {
			t.Errorf("%s: event %q, text %q, %v", name, event, got.Text, err)
		}
	}
	for name, c := range map[string]struct {
		arg   string
		flags Flags
		want  string
	}{
		"DASH":                       {"a.mpd", Flags{}, "DASH manifest"},
		"--edge with a file":         {file, Flags{Edges: []string{"https://b.example"}}, "--edge with a file"},
		"--origin with an event":     {file, Flags{Origin: "http://o.example"}, "--origin with an event file"},
		"a text that does not end":   {"-", Flags{}, "larger than our limit"},
		"an event that is not there": {"gone.yaml", Flags{}, "no such file"},
	} {
		r := &Reader{Stdin: endless{}, Env: os.LookupEnv, Secrets: new(fetch.Secrets)}
		_, err := r.Subject(c.arg, &c.flags)
		if !probe.IsUsage(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := &Reader{Stdin: endless{}, Env: os.LookupEnv, Secrets: new(fetch.Secrets)}
	if _, err := r.Load("-"); err == nil || !strings.Contains(err.Error(), "larger than our limit") {
		t.Errorf("an event that does not end: %v", err)
	}
}

// endless is a text without an end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }
