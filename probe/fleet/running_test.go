package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// running is a hub that leads, with an agent, over a stream in this process.
type running struct {
	hub  *Hub
	m    *monitor.Monitor
	logs *observer.ObservedLogs
	sink *keeping

	faults *sim.Board // of origin and edge
}

// keeping is a sink that keeps all.
type keeping struct{ batches chan probe.Batch }

func (*keeping) Name() string { return "keeping" }
func (k *keeping) Write(_ context.Context, b probe.Batch) error {
	k.batches <- b
	return nil
}

// run starts a hub that leads and an agent that polls through a handler. The event may
// have more than its one stream.
func run(t *testing.T, url string, agentURL string, more ...func(*monitor.Options)) *running {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	log := zap.New(core)
	ctx, stop := context.WithCancel(t.Context())
	h := hubAt(t, url, "hub", plan())
	leading, release, err := h.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	o := monitor.Options{
		Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Log: log,
		Streams: []monitor.Stream{
			{Name: "main", Manifest: "/main/playlist.m3u8", Headers: map[string]string{"X-Key": "hunter2-secret"}},
		},
	}
	var names []string
	for _, change := range more {
		change(&o)
	}
	for i := range o.Streams {
		names = append(names, o.Streams[i].Name)
	}
	publish(t, h, &o)
	h.log = log
	r := &running{hub: h, logs: logs, sink: &keeping{make(chan probe.Batch, 1<<16)}, faults: sim.NewBoard()}
	l := h.Attach(&o)
	o.Sinks = []probe.Sink{l.Store(r.sink, func(context.Context) error { return nil })}
	r.m = monitor.New(o)
	l.Use(r.m)
	a := NewAgent(
		AgentOptions{
			Connection: Connection{Servers: []string{agentURL}},
			Vantage:    "eu",
			Name:       "a",
			Version:    "v1",
			Log:        log,
		},
	)
	origin := sim.NewOrigin(sim.Config{Faults: r.faults, Streams: names})
	a.transport = sim.Hosts{"origin.test": origin, "edge.test": origin}
	done := make(chan struct{}, 2)
	go func() { r.m.Run(leading); done <- struct{}{} }()
	go func() {
		if err := a.Run(ctx); err != nil {
			t.Error(err)
		}
		done <- struct{}{}
	}()
	t.Cleanup(func() {
		stop()
		release()
		<-done
		<-done
	})
	return r
}

// publish tells the agents of a hub of an event.
func publish(t *testing.T, h *Hub, o *monitor.Options) {
	t.Helper()
	setup, err := Setup(o)
	if err == nil {
		err = h.Publish(t.Context(), setup)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// until waits for a sample.
func (r *running) until(t *testing.T, metric *probe.Metric) probe.Sample {
	t.Helper()
	limit := soon(t)
	for {
		select {
		case b := <-r.sink.batches:
			for _, s := range b.Samples {
				if s.Metric == metric {
					return s
				}
			}
		case <-limit.Done():
			t.Fatalf("no %s; the log has %v", metric.Name, r.logs.All())
		}
	}
}

// What an agent sees comes to the hub's sinks, without a vantage while there is
// no other, and is acknowledged once it is stored.
func TestSamplesArrive(t *testing.T) {
	s := natsServer(t, nil)
	r := run(t, s.ClientURL(), s.ClientURL())
	if got := r.until(t, probe.ManifestAge); got.Vantage != "" || got.Stream != "main" {
		t.Errorf("%+v", got)
	}
	r.until(t, probe.ViewerImpact)
	limit := soon(t)
	for {
		stream, err := r.hub.room.js.Stream(limit, r.hub.room.reportStream())
		if err != nil {
			t.Fatal(err)
		}
		info, err := stream.Info(limit)
		if err != nil {
			t.Fatal(err)
		}
		if info.State.FirstSeq > 3 && info.State.Msgs < 15 { // those that were stored are gone
			break
		}
		if !probe.Pause(limit, 200*time.Millisecond) {
			t.Fatalf("reports are not acknowledged: %+v", info.State)
		}
	}
	if !r.m.Ready() || r.m.Snapshot().Streams[0].Vantages[0].Name != "eu" {
		t.Errorf("%+v", r.m.Snapshot())
	}
	for _, entry := range r.logs.All() {
		if text, _ := json.Marshal(entry.ContextMap()); strings.Contains(string(text), "hunter2") {
			t.Errorf("a secret in the log: %s %s", entry.Message, text)
		}
	}
	if kv, err := r.hub.room.js.KeyValue(limit, r.hub.room.plans()); err != nil {
		t.Error(err)
	} else if status, err := kv.Status(limit); err != nil ||
		status.(*jetstream.KeyValueBucketStatus).StreamInfo().Config.Storage != jetstream.MemoryStorage {
		t.Errorf("the event's secrets are written to a disk: %v", err)
	}
}

// The time in each verdict, which availability in the report is made of, is
// counted by the hub: an agent does not know what is wrong.
func TestTimeInVerdicts(t *testing.T) {
	t.Parallel()
	s := natsServer(t, nil)
	r := run(t, s.ClientURL(), s.ClientURL())
	for r.until(t, probe.VerdictTime).Rendition != string(probe.OK) {
	}
	if err := r.faults.Inject(sim.Injection{Fault: "origin-down", From: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for r.until(t, probe.VerdictTime).Rendition != string(probe.Down) {
	}
	for n := 0; n < 3; {
		got := r.until(t, probe.VerdictTime)
		if got.Rendition == string(probe.Blind) {
			continue // this process did not get to run
		}
		if n++; got.Rendition != string(probe.Down) || got.Stream != "main" || got.Value > 3 {
			t.Errorf("%+v", got)
		}
	}
}

// What a stream sets of checks goes over what the event sets, at the agent that judges and
// so in what the hub says. A change of it reaches both.
func TestChecksOfAStreamOfAFleet(t *testing.T) {
	t.Parallel()
	const id = "http.ctype.playlist"
	set := func(name string, o checks.Override) monitor.Stream {
		return monitor.Stream{
			Name: name, Manifest: "/" + name + "/playlist.m3u8", Checks: map[string]checks.Override{id: o},
		}
	}
	var event monitor.Options
	s := natsServer(t, nil)
	r := run(t, s.ClientURL(), s.ClientURL(), func(o *monitor.Options) {
		o.Overrides = map[string]checks.Override{id: {Severity: probe.Warning}}
		o.Streams = append(o.Streams,
			set("loud", checks.Override{Severity: probe.Error}), set("off", checks.Override{Off: true}))
		event = *o
	})
	// told is whether the incident hits each stream, and the verdict that follows.
	told := func() (s string) {
		for _, one := range r.m.Snapshot().Streams {
			s += fmt.Sprintf("%s %s %d ", one.Name, one.Verdict, len(one.OpenIncidents))
		}
		return strings.TrimSpace(s)
	}
	until := func(want string) {
		t.Helper()
		for limit := soon(t); told() != want; {
			if !probe.Pause(limit, 50*time.Millisecond) {
				t.Fatalf("%s, want %s", told(), want)
			}
		}
	}
	until("main ok 0 loud ok 0 off ok 0")
	if err := r.faults.Inject(sim.Injection{Fault: "wrong-type", From: time.Now()}); err != nil {
		t.Fatal(err)
	}
	until("main ok 1 loud degraded 1 off ok 0")
	event.Streams = slices.Clone(event.Streams)
	event.Streams[1], event.Streams[2] = set("loud", checks.Override{}), set("off", checks.Override{Severity: probe.Error})
	publish(t, r.hub, &event)
	until("main ok 1 loud ok 1 off degraded 1")
}
