package daemon

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// A session says where everything is, watches until its time is up, and reports; a
// session of an event that is over does not begin.
func TestSession(t *testing.T) {
	origin := httptest.NewServer(sim.NewOrigin(sim.Config{Streams: []string{"main"}}))
	defer origin.Close()
	dir := t.TempDir()
	text := fmt.Sprintf("event: concert\noutput: %s\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\n"+
		"streams: [{name: main, manifest: /main/playlist.m3u8}]\nmonitor: {listen: \"127.0.0.1:0\"}\n",
		dir, origin.URL, origin.URL)
	event, err := configs.Parse("event.yaml", []byte(text), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.InfoLevel)
	var out strings.Builder
	s := &Session{
		Options: Options{
			Event: event, Version: "test", Log: zap.New(core), Secrets: new(fetch.Secrets), Env: os.LookupEnv,
			Out: &out, Say: func(what, value string) { fmt.Fprintln(&out, what, value) }, Limit: time.Second,
		},
		Account: &deploy.Account{Secrets: new(fetch.Secrets)},
	}
	if !s.Begin(t.Context()) {
		t.Error("it does not begin")
	}
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"watching concert\npage http://127.0.0.1:", "edge " + origin.URL + "\norigin " + origin.URL,
		"embeds " + filepath.Join(dir, "concert", "embeds"), "report " + filepath.Join(dir, "concert", "report.html"),
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was not said:\n%s", want, out.String())
		}
	}
	event.Ends = time.Now().Add(-time.Minute)
	if s.Begin(t.Context()) || logs.FilterMessage(EventOver).Len() != 1 {
		t.Errorf("an event that is over begins, or nothing says why not: %v", logs.All())
	}
}

// An event without a stack of alarms is the user's mistake, with what is missing.
func TestNoStackOfAlarms(t *testing.T) {
	event := configs.Default()
	_, err := AlarmsOf(t.Context(), &event, "event.yaml")
	if !probe.IsUsage(err) || err.Error() != "event.yaml has no alarms" ||
		!strings.Contains(probe.HintOf(err), "alarms.stack_name") {
		t.Errorf("%v, hint %q", err, probe.HintOf(err))
	}
}
