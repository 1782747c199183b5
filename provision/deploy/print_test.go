package deploy_test

import (
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// Every part of an event with a stack can be printed; one without has what needs
// no stack, and the rest is the user's mistake.
func TestPrint(t *testing.T) {
	with := newWorld(t, "cloudformation: {}}\nmetrics: {cloudwatch: {}").event
	without := newWorld(t, "existing: {url: \"https://e.example\"}").event
	for _, what := range deploy.Parts() {
		text, notes, err := deploy.Print(with, "event.yaml", deploy.Part{What: what, Bitrate: 4e6})
		if err != nil || len(text) == 0 || len(notes) > 0 {
			t.Errorf("%s: %q, notes %q, %v", what, text, notes, err)
		}
		_, _, err = deploy.Print(without, "event.yaml", deploy.Part{What: what})
		if free := what == "grafana" || what == "rules"; free != (err == nil) || !free && !probe.IsUsage(err) {
			t.Errorf("%s without a stack: %v", what, err)
		}
	}
	_, _, err := deploy.Print(with, "event.yaml", deploy.Part{What: "template", Stack: "another"})
	if !probe.IsUsage(err) || !strings.Contains(probe.HintOf(err), "LiveHTTPStreaming") {
		t.Errorf("%v, hint %q", err, probe.HintOf(err))
	}
}
