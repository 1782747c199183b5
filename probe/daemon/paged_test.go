package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
	"github.com/streamwatch/streamwatch/probe/sink/store"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// pager is a service like PagerDuty. It remembers what is done with an alert.
type pager struct {
	mu   sync.Mutex
	took []string
}

func (p *pager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Action string `json:"event_action"`
		Key    string `json:"dedup_key"`
	}
	_ = json.NewDecoder(r.Body).Decode(&e)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took = append(p.took, e.Action+" "+e.Key)
	w.WriteHeader(http.StatusAccepted)
}

func (p *pager) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.took, ", ")
}

// paged is an event with an open incident that an earlier process told a pager of.
type paged struct {
	t       *testing.T
	event   *configs.Event
	edge    string
	service pager

	answered chan struct{} // the stream was asked for, and given
}

// muted silences the incident after it was told.
func newPaged(t *testing.T, muted bool) *paged {
	t.Helper()
	p := &paged{t: t, answered: make(chan struct{}, 1)}
	heard := httptest.NewServer(&p.service)
	t.Cleanup(heard.Close)
	stream := sim.NewOrigin(sim.Config{Streams: []string{"a"}})
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stream.ServeHTTP(w, r)
		select {
		case p.answered <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(origin.Close)
	p.edge = origin.URL
	text := strings.NewReplacer("%ORIGIN%", origin.URL, "%DIR%", t.TempDir(), "%PAGER%", heard.URL).Replace(`event: concert
origin: {url: "%ORIGIN%"}
distribution: {existing: {url: "%ORIGIN%"}}
output: "%DIR%"
streams: [{name: a, manifest: /a/playlist.m3u8}]
notify: {pagerduty: [{routing_key: "00000000000000000000000000000000", url: "%PAGER%/v2/enqueue"}]}
`)
	file := filepath.Join(t.TempDir(), "event.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	event, err := configs.Load(file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	event.Monitor.Listen = ""
	p.event = event
	p.tell(muted)
	return p
}

// tell is what the process before did: an incident opened and was told.
func (p *paged) tell(muted bool) {
	p.t.Helper()
	began := time.Now().Add(-time.Minute)
	in := probe.Incident{
		ID: "i", State: probe.Opened, Check: "upd.stale", Severity: probe.Critical,
		Blame: probe.BlameEncoder, Event: "concert",
		Scope: probe.ScopeStream, Streams: []string{"a"}, Stream: "a", Side: probe.Origin, Summary: "playlist stopped moving",
		Began: began, Opened: began, Count: 1,
	}
	history, err := store.Open(p.event.Output, p.event.Event, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	s := notify.New(notify.Options{
		Receiver: eventfile.Receivers(p.event)[0], Folder: filepath.Join(p.event.Output, p.event.Event, "notify"),
	})
	ctx, stop := context.WithCancel(p.t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	write := func() {
		b := probe.Batch{At: time.Now(), Event: in.Event, Incidents: []probe.Incident{in}}
		if err := history.Write(ctx, b); err != nil {
			p.t.Fatal(err)
		}
		_ = s.Write(ctx, b)
	}
	write()
	for p.service.said() == "" {
		time.Sleep(10 * time.Millisecond)
	}
	if muted {
		a := probe.Action{Kind: probe.ActSilence, At: time.Now(), By: "ana", Silence: &probe.Silence{
			ID: "s", From: time.Now(), Until: time.Now().Add(time.Hour), By: "ana", Reason: "encoder restart",
		}}
		if err := history.Act(ctx, &a); err != nil {
			p.t.Fatal(err)
		}
		in.Silenced = &probe.Muting{ID: "s", Until: a.Silence.Until, By: "ana", Reason: "encoder restart"}
		write()
	}
	stop()
	running.Wait()
	if err := history.Close(); err != nil {
		p.t.Fatal(err)
	}
}

// daemon is the next process.
func (p *paged) daemon(ctx context.Context, limit time.Duration) *Daemon {
	p.t.Helper()
	d, err := New(ctx, Options{
		Event: p.event, Log: zap.NewNop(), Secrets: new(fetch.Secrets), Out: io.Discard, Say: func(string, string) {},
		AWS: func() []func(*config.LoadOptions) error { return nil }, Env: os.LookupEnv, Limit: limit,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p *paged) run(ctx context.Context, limit time.Duration) {
	p.t.Helper()
	d := p.daemon(ctx, limit)
	if err := errors.Join(d.Run(ctx, deploy.Found{Distribution: provision.Distribution{EdgeURL: p.edge}}),
		d.Close()); err != nil {
		p.t.Fatal(err)
	}
}

// last is the newest line about the incident.
func (p *paged) last() (in probe.Incident) {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.event.Output, p.event.Event, "incidents.jsonl"))
	if err != nil {
		p.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &in); err != nil {
		p.t.Fatal(err)
	}
	return in
}

// over wants the incident closed for a reason, and the pager told of it once.
func (p *paged) over(why string) {
	p.t.Helper()
	if got := p.service.said(); got != "trigger i, resolve i" {
		p.t.Errorf("the pager was told: %s", got)
	}
	if in := p.last(); in.State != probe.Closed || in.ClosedBecause != why {
		p.t.Errorf("the last line is %+v", in)
	}
}
