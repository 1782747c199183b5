package daemon

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// rig is a daemon over a live origin, whose event file a test may change.
type rig struct {
	*Daemon
	t    *testing.T
	dir  string
	logs *observer.ObservedLogs
}

// fileOf is the event's file with some streams and more keys.
func (r *rig) fileOf(more string, streams ...string) string {
	list := make([]string, len(streams))
	for i, s := range streams {
		list[i] = fmt.Sprintf("{name: %s, manifest: /%s/playlist.m3u8}", s, s)
	}
	return "event: concert\norigin: {url: \"%ORIGIN%\"}\ndistribution: {existing: {url: \"%ORIGIN%\"}}\n" +
		"output: %DIR%/out\n" +
		"streams: [" + strings.Join(list, ", ") + "]\n" + more
}

func (r *rig) write(origin, text string) {
	r.t.Helper()
	text = strings.NewReplacer("%ORIGIN%", origin, "%DIR%", r.dir).Replace(text)
	if err := os.WriteFile(filepath.Join(r.dir, "event.yaml"), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// newRig runs a daemon; write changes its file.
func newRig(t *testing.T, more string, streams ...string) (r *rig, write func(more string, streams ...string)) {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	r = &rig{t: t, dir: t.TempDir(), logs: logs}
	origin := httptest.NewServer(sim.NewOrigin(sim.Config{Streams: []string{"a", "b", "c", "d"}}))
	t.Cleanup(origin.Close)
	write = func(more string, streams ...string) { r.write(origin.URL, r.fileOf(more, streams...)) }
	write(more, streams...)
	load := func() (*configs.Event, error) { return configs.Load(filepath.Join(r.dir, "event.yaml"), os.LookupEnv) }
	event, err := load()
	if err != nil {
		t.Fatal(err)
	}
	event.Monitor.Listen = ""
	r.Daemon, err = New(t.Context(), Options{
		Event: event, Version: "test", Log: zap.New(core), Secrets: new(fetch.Secrets),
		Out: io.Discard, Say: func(string, string) {},
		AWS: func() []func(*config.LoadOptions) error { return nil }, Env: os.LookupEnv,
		Load: func() (*configs.Event, error) {
			next, err := load()
			if err == nil {
				next.Monitor.Listen = ""
			}
			return next, err
		},
		Check: func(e *configs.Event) error {
			if e.Stream("forbidden") != nil {
				return &configs.Problems{Name: "event.yaml", List: []configs.Problem{{Line: 1, Col: 1, Message: "forbidden"}}}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	wired := make(chan struct{})
	running.Go(func() {
		found := deploy.Found{Distribution: provision.Distribution{EdgeURL: origin.URL}}
		found.Serve = func(ctx context.Context) error { // the first part: all is wired when it begins
			close(wired)
			<-ctx.Done()
			return nil
		}
		if err := r.Run(ctx, found); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	<-wired
	return r, write
}

// await waits until something is so.
func (r *rig) await(what string, so func() bool) {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("a minute without %s: %+v", what, r.source.Snapshot().Streams)
		}
	}
}

func (r *rig) ok(streams ...string) func() bool {
	return func() bool {
		n := 0
		for _, s := range r.source.Snapshot().Streams {
			if slices.Contains(streams, s.Name) && s.Verdict == probe.OK {
				n++
			}
		}
		return n == len(streams)
	}
}

func (r *rig) embed(stream string) func() bool {
	return func() bool { return r.embeds.Preview(stream) != nil }
}
