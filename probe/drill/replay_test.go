package drill_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/record"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// What hits many streams of a host is the host's in a replay too, though not all
// of them are recorded; it opens and closes when it did.
func TestReplayOfFleets(t *testing.T) {
	n := 20
	if thin() {
		n = 6
	}
	for _, f := range one(fleets[0], fleets[6], fleets[3]) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rec, stop := recorder(t, names(n)...)
				cache, _ := sim.FindPreset(f.cache)
				w := drill.New(drill.Setup{
					Origin: sim.Config{Streams: names(n), Stagger: true, Renditions: make([]sim.Rendition, 2)},
					Edge:   cache.Config, Record: rec,
				})
				w.Run(t.Context(), func(context.Context) {
					time.Sleep(15 * time.Second)
					if err := w.Break(f.faults...); err != nil {
						t.Fatal(err)
					}
					time.Sleep(fleetBreak)
					w.Board.Clear("", "", "")
					time.Sleep(fleetAfter)
				})
				stop()
				all := w.Seen.Incidents()
				if len(all) == 0 {
					t.Fatal("nothing was found")
				}
				for _, in := range all {
					replay(t, rec, in)
				}
			})
		})
	}
}

// recorder returns a recorder that runs until stop is called.
func recorder(t *testing.T, streams ...string) (rec *record.Recorder, stop func()) {
	t.Helper()
	rec, err := record.New(record.Options{
		Folder: t.TempDir(), Streams: streams, Header: record.Header{WrittenBy: "streamwatch drill", Event: "drill"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { rec.Run(ctx) })
	return rec, func() {
		cancel()
		running.Wait()
	}
}

// keep copies a recording to where STREAMWATCH_RECORDING says.
func keep(t *testing.T, rec *record.Recorder, name string, in probe.Incident) {
	t.Helper()
	folder := os.Getenv("STREAMWATCH_RECORDING")
	if folder == "" {
		return
	}
	f, err := rec.Open(in.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+record.Extension), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
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
	soon := got.Opened.Sub(want.Opened).Abs() <= diagnose.Gather
	same := got.Claim() == want.Claim() && got.Side == want.Side && got.State == want.State
	if !same || !soon || !got.Began.Equal(want.Began) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if len(want.Streams) == 1 && (got.Because != want.Because || got.Detail != want.Detail) {
		t.Errorf("got  %s; %s\nwant %s; %s", got.Detail, got.Because, want.Detail, want.Because)
	}
	if want.Closed != nil && got.Closed != nil && got.Closed.Sub(*want.Closed).Abs() > time.Second {
		t.Errorf("closed at %s, want %s", got.Closed, want.Closed)
	}
	if info, err := os.Stat(f.Name()); err == nil {
		t.Logf("%s: %d looks, %d bytes", want.Check, out.Looks, info.Size())
	}
}
