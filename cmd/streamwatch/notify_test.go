package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// A receiver that takes nothing is named with its reason and a hint, the others
// are tried all the same, and no secret is shown.
func TestNotifyTest(t *testing.T) {
	t.Parallel()
	var bodies safe
	well := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.Write(&bodies)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer well.Close()
	sick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no such hook: "+r.URL.Path, http.StatusNotFound)
	}))
	defer sick.Close()
	gone := proctest.Port(t)
	file := filepath.Join(t.TempDir(), "event.yaml")
	text := fmt.Sprintf(`event: concert
origin: {url: "http://o.example"}
distribution: {local: {}}
streams: [{name: main, manifest: /m.m3u8}]
notify:
  webhooks:
    - {url: "%s/T000/hunter2hunter2", format: slack}
    - {url: "%s/T000/hunter2hunter2", format: teams}
  pagerduty: [{routing_key: hunter2hunter2hunter2, url: "%s/v2/enqueue"}]
  email: [{host: 127.0.0.1, port: %d, from: a@example.com, to: [b@example.com], tls: none}]
`, well.URL, sick.URL, well.URL, gone)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	c := &cli{stdout: &out, stderr: &errs, env: os.LookupEnv}
	if code := c.execute(t.Context(), []string{"notify", "test", file}); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{
		"webhook-1    slack      sent",
		"webhook-2    teams      opened: the receiver answered with status 404",
		"the address is not, or no longer, valid: make a new webhook; it says: no such hook: /REDACTED",
		"pagerduty-1  pagerduty  sent",
		"email-1      email      opened: the mail server: connection refused",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String()+errs.String(), "hunter2") {
		t.Errorf("a secret is shown:\n%s%s", out.String(), errs.String())
	}
	if n := strings.Count(bodies.String(), "TEST, nothing happened: "); n < 4 {
		t.Errorf("%d messages say that they are tests:\n%s", n, bodies.String())
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every example of docs/notifications.md is one that an event file may have.
func TestNotificationsDoc(t *testing.T) {
	text, err := os.ReadFile("../../docs/notifications.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	hook := filepath.Join(dir, "teams-url.txt")
	if err := os.WriteFile(hook, []byte("https://teams.example.com/hook\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, m := range yamlBlock.FindAllSubmatch(text, -1) {
		file := filepath.Join(dir, "event.yaml")
		whole := "event: concert\norigin: {url: \"http://o.example\"}\ndistribution: {local: {}}\n" +
			"streams: [{name: main, manifest: /m.m3u8}]\n" + string(m[1])
		if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		c := &cli{stdout: io.Discard, stderr: io.Discard, env: func(string) (string, bool) { return "", false }}
		event, err := c.load(file)
		if err != nil {
			t.Errorf("%v in\n%s", err, m[1])
			continue
		}
		told += len(eventfile.Receivers(event))
	}
	if told != 7 {
		t.Errorf("the examples have %d receivers", told)
	}
}
