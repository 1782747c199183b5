package drill_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/record"
)

// What was recorded of a drill, judged again, gives the incident of the drill.
func TestReplayOfDrills(t *testing.T) {
	for _, d := range drill.All() {
		t.Run(d.Fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rec, err := record.New(record.Options{
					Folder: t.TempDir(), Streams: []string{"main"}, Header: record.Header{Event: "drill"},
				})
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithCancel(t.Context())
				var running sync.WaitGroup
				running.Go(func() { rec.Run(ctx) })
				o := drill.Run(t.Context(), d, drill.Settings{Offset: 700 * time.Millisecond, Renditions: 3, Record: rec})
				stop()
				running.Wait()
				if o.Incident == nil {
					t.Fatal("the drill was not met")
				}
				for _, in := range o.Seen.Incidents() {
					replay(t, rec, in)
				}
			})
		})
	}
}

// replay judges the recording of an incident again and wants that incident. What
// is known of the stream begins with the recording, so it may open a little sooner
// or later where the recorder's memory does not reach back to the beginning.
func replay(t *testing.T, rec *record.Recorder, want probe.Incident) {
	t.Helper()
	f, err := rec.Open(want.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, err := record.Replay(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(out.Incidents, func(in probe.Incident) bool { return in.ID == want.ID })
	if i < 0 {
		for _, in := range out.Incidents {
			t.Logf("replay: %s %s %s %s %s", in.ID, in.Check, in.Severity, in.Blame, in.Opened)
		}
		t.Fatalf("no %s %s of %s in the replay of %d looks", want.Check, want.ID, want.Opened, out.Looks)
	}
	got := out.Incidents[i]
	if got.Claim() != want.Claim() || got.Side != want.Side || !got.Began.Equal(want.Began) || got.Opened.Sub(want.Opened).Abs() > diagnose.Gather || got.State != want.State {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.Because != want.Because || got.Detail != want.Detail {
		t.Errorf("got  %s; %s\nwant %s; %s", got.Detail, got.Because, want.Detail, want.Because)
	}
	if info, err := os.Stat(f.Name()); err == nil {
		t.Logf("%s: %d looks, %d bytes", want.Check, out.Looks, info.Size())
	}
}
