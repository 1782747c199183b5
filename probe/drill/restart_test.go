package drill_test

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

// An incident is told, silenced, and over after a restart: who heard of its
// beginning hears of its end.
func TestToldThenSilencedThenRestarted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		pages := &channel{name: "PagerDuty", read: func(_ *http.Request, body []byte) string {
			return field(body, "event_action")
		}}
		process := func(during func(context.Context, *drill.Watch)) {
			history, err := store.Open(dir, "main", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer history.Close()
			open, err := history.OpenIncidents(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			actions, err := history.Actions(t.Context(), time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			told := notify.New(notify.Options{
				Receiver: notify.Receiver{Name: "pagerduty-1", Format: notify.PagerDuty, URL: "http://pagerduty.test/", Key: "key"},
				Wait:     time.Second, Open: open,
				Folder: filepath.Join(dir, "notify"), Transport: channels{"pagerduty.test": pages},
			})
			w := drill.New(drill.Setup{Monitor: monitor.Options{
				Resume: open, Actions: actions, Journal: history.Act, Sinks: []probe.Sink{told, history},
				Feeds: []func(context.Context){func(ctx context.Context) { _ = told.Run(ctx) }},
			}})
			w.Run(t.Context(), func(ctx context.Context) { during(ctx, w) })
		}
		process(func(ctx context.Context, w *drill.Watch) {
			if err := w.Break(sim.Injection{Fault: "edge-503", From: time.Now(), Until: time.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Second)
			a := probe.Action{
				Kind: probe.ActSilence, By: "ana", Silence: &probe.Silence{Until: time.Now().Add(time.Hour), Reason: "known"},
			}
			if _, err := w.Monitor.Act(ctx, a); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Second)
		})
		process(func(context.Context, *drill.Watch) { time.Sleep(time.Minute) }) // nothing is broken any more
		if got := slices.Compact(pages.told); !slices.Equal(got, []string{"trigger", "resolve"}) {
			t.Errorf("told %v", pages.told)
		}
	})
}
