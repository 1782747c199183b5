package daemon

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fleet"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// What is open when the event ends is resolved wherever it was told, silenced or
// not; a signal before that resolves nothing, and the next run takes it up.
func TestTheEventEnds(t *testing.T) {
	t.Parallel()
	for name, muted := range map[string]bool{"as it is": false, "silenced": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPaged(t, muted)
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				<-p.answered // it watches
				stop()
			}()
			p.run(ctx, 0)
			if got := p.service.said(); got != "trigger i" || p.last().State == probe.Closed {
				t.Errorf("after a signal: %s, %+v", got, p.last())
			}
			p.event.Ends = time.Now().Add(500 * time.Millisecond)
			p.run(t.Context(), 0)
			p.over(EventOver)
			text, err := os.ReadFile(filepath.Join(p.event.Output, p.event.Event, "report.json"))
			if err != nil || !strings.Contains(string(text), `"closed_because": "the event is over"`) {
				t.Errorf("the report does not say why: %v", err)
			}
		})
	}
}

// The same where no process lived at the end, also when the notes of who was told
// what cannot be read; and a second time changes nothing.
func TestConclude(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]bool{"as it is": false, "notes are lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPaged(t, true)
			files, err := filepath.Glob(filepath.Join(p.event.Output, p.event.Event, "notify", "*.json"))
			if err != nil || len(files) != 1 {
				t.Fatalf("notes %v, %v", files, err)
			}
			if spoil {
				if err := os.WriteFile(files[0], []byte("{"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := conclude(t.Context(), p.event, EventOver, zap.NewNop()); err != nil {
					t.Fatal(err)
				}
			}
			p.over(EventOver)
		})
	}
}

// Nothing is made for an event of which nothing was kept.
func TestConcludeNothing(t *testing.T) {
	e := &configs.Event{Event: "concert", Output: filepath.Join(t.TempDir(), "out")}
	if err := conclude(t.Context(), e, EventOver, zap.NewNop()); err != nil || !isGone(e.Output) {
		t.Errorf("%v", err)
	}
}

func TestWhenTheEventIsOver(t *testing.T) {
	past, future := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	done := configs.Distribution{CloudFormation: &configs.CloudFormation{DeleteWhenDone: true}}
	for name, c := range map[string]struct {
		event configs.Event
		hub   *fleet.Hub
		want  bool
	}{
		"its end":                                {configs.Event{Ends: past}, nil, true},
		"its end, at a hub":                      {configs.Event{Ends: past}, new(fleet.Hub), true},
		"a limit, and no end is stated":          {configs.Event{}, nil, true},
		"a limit before the end":                 {configs.Event{Ends: future}, nil, false},
		"a hub's limit: others stand by":         {configs.Event{}, new(fleet.Hub), false},
		"a limit, and then the stack is deleted": {configs.Event{Ends: future, Distribution: done}, nil, true},
	} {
		d := &Daemon{o: Options{Hub: c.hub}}
		d.event.Store(&c.event)
		if d.concludes() != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}

// A stream that leaves takes its incident along, in a run and between two; who was
// told of it is told why it closed.
func TestAStreamLeaves(t *testing.T) {
	t.Parallel()
	for name, between := range map[string]bool{"in a run": false, "between two": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPaged(t, false)
			without := p.event.With(configs.Stream{Name: "b", Manifest: "/a/playlist.m3u8"}).Without("a")
			if between {
				p.event = without
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			d := p.daemon(ctx, 0)
			var running sync.WaitGroup
			running.Go(func() {
				found := deploy.Found{Distribution: provision.Distribution{EdgeURL: p.edge}}
				found.Serve = func(ctx context.Context) error { // all is wired when it begins
					if !between {
						if _, err := d.apply("a test", without); err != nil {
							t.Error(err)
						}
					}
					<-ctx.Done()
					return nil
				}
				if err := errors.Join(d.Run(ctx, found), d.Close()); err != nil {
					t.Error(err)
				}
			})
			for end := time.Now().Add(time.Minute); !strings.Contains(p.service.said(), "resolve") && time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond)
			}
			stop()
			running.Wait()
			p.over("stream a was removed from the event")
		})
	}
}
