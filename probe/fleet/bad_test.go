package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// natsServer is a NATS with JetStream in this process.
func natsServer(t *testing.T, change func(*server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}
	if change != nil {
		change(o)
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

func hubAt(t *testing.T, url, name string, plan Plan) *Hub {
	t.Helper()
	h, err := OpenHub(t.Context(), HubOptions{Connection: Connection{Servers: []string{url}}, Plan: plan, Name: name, Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func plan(parts ...string) Plan {
	p := Plan{Event: "e", Shards: 2, Parts: map[string]string{}}
	for _, part := range parts {
		path, hash, _ := strings.Cut(part, "=")
		p.Parts[path] = hash
	}
	return p
}

// says requires a failure that says something and has a hint.
func says(t *testing.T, err error, want string) {
	t.Helper()
	f, ok := errors.AsType[*Failure](err)
	if !ok || !strings.Contains(err.Error(), want) || f.Hint() == "" {
		t.Errorf("%v, want %q with a hint", err, want)
	}
}

// soon bounds what should end at once.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestTwoHubsWithDifferentFiles(t *testing.T) {
	s := natsServer(t, nil)
	first := hubAt(t, s.ClientURL(), "one", plan("ends=1", "streams.main=2"))
	_, release, err := first.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := first.Publish(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	_, _, err = hubAt(t, s.ClientURL(), "two", plan("ends=9", "streams.main=2", "streams.more=3")).Lead(soon(t))
	says(t, err, "hub one, which leads, has another event file: the two differ at ends, streams.more")
}

// A hub that stands by leads as soon as the one before gives up its lead.
func TestTheOneThatStandsByFollows(t *testing.T) {
	s := natsServer(t, nil)
	_, release, err := hubAt(t, s.ClientURL(), "one", plan()).Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Second, release)
	leading, release2, err := hubAt(t, s.ClientURL(), "two", plan()).Lead(soon(t))
	if err != nil || leading.Err() != nil {
		t.Fatal(err)
	}
	release2()
}

// A lead that cannot be renewed ends by itself.
func TestALeadThatCannotBeRenewed(t *testing.T) {
	s := natsServer(t, nil)
	h := hubAt(t, s.ClientURL(), "one", plan())
	leading, release, err := h.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	h.room.conn.Close()
	select {
	case <-leading.Done():
	case <-soon(t).Done():
		t.Fatal("it still leads")
	}
	if !errors.Is(context.Cause(leading), ErrLost) {
		t.Errorf("ended with %v", context.Cause(leading))
	}
}

func TestAgentsThatAreRefused(t *testing.T) {
	secured := natsServer(t, func(o *server.Options) { o.Username, o.Password = "u", "secret-of-nats" })
	agent := func(url string, change func(*AgentOptions)) error {
		o := AgentOptions{Connection: Connection{Servers: []string{url}}, Vantage: "eu", Name: "a", Version: "v1"}
		if change != nil {
			change(&o)
		}
		return NewAgent(o).Run(soon(t))
	}
	err := agent(strings.Replace(secured.ClientURL(), "nats://", "nats://u:wrong@", 1), nil)
	says(t, err, "Authorization Violation")
	err = agent(secured.ClientURL(), func(o *AgentOptions) { o.Connection.Credentials = "/nowhere/a.creds" })
	says(t, err, "fleet.credentials_file")

	s := natsServer(t, nil)
	p := plan()
	p.Vantages = []string{"us"}
	h := hubAt(t, s.ClientURL(), "hub", p)
	if err := h.Publish(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	says(t, agent(s.ClientURL(), nil), `vantage "eu" is not among those of the event: [us]`)

	other := *h.room
	text, err := json.Marshal(Plan{V: 7, Version: "v9", Event: "e"})
	if err == nil {
		_, err = other.plan.Put(t.Context(), planKey, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	says(t, agent(s.ClientURL(), nil), "the hub is streamwatch v9 and speaks protocol 7, this one speaks 1")

	hubAt(t, s.ClientURL(), "hub", Plan{Event: "another", Shards: 1})
	says(t, agent(s.ClientURL(), nil), "this NATS has 2 events")
}

func TestAPortThatIsTaken(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, err = OpenHub(t.Context(), HubOptions{Plan: plan(), Embedded: Embedded{Listen: ln.Addr().String(), Folder: t.TempDir()}})
	says(t, err, "address already in use")
}

// running is a hub that leads, with an agent, over a stream in this process.
type running struct {
	hub  *Hub
	m    *monitor.Monitor
	logs *observer.ObservedLogs
	sink *keeping
}

// keeping is a sink that keeps all.
type keeping struct{ batches chan probe.Batch }

func (*keeping) Name() string { return "keeping" }
func (k *keeping) Write(_ context.Context, b probe.Batch) error {
	k.batches <- b
	return nil
}

// run starts a hub that leads and an agent that polls through a handler.
func run(t *testing.T, url string, agentURL string) *running {
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
		Streams: []monitor.Stream{{Name: "main", Manifest: "/main/playlist.m3u8", Headers: map[string]string{"X-Key": "hunter2-secret"}}},
	}
	setup, err := Setup(&o)
	if err == nil {
		err = h.Publish(ctx, setup)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.log = log
	r := &running{hub: h, logs: logs, sink: &keeping{make(chan probe.Batch, 1<<16)}}
	l := h.Attach(&o)
	o.Sinks = []probe.Sink{l.Store(r.sink, func(context.Context) error { return nil })}
	r.m = monitor.New(o)
	l.Use(r.m)
	a := NewAgent(AgentOptions{Connection: Connection{Servers: []string{agentURL}}, Vantage: "eu", Name: "a", Version: "v1", Log: log})
	origin := sim.NewOrigin(sim.Config{})
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
		if !sleep(limit, 200*time.Millisecond) {
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
	} else if status, err := kv.Status(limit); err != nil || status.(*jetstream.KeyValueBucketStatus).StreamInfo().Config.Storage != jetstream.MemoryStorage {
		t.Errorf("the event's secrets are written to a disk: %v", err)
	}
}

// What people did at one hub the next one knows.
func TestActionsAreShared(t *testing.T) {
	s := natsServer(t, nil)
	own := 0
	journal := hubAt(t, s.ClientURL(), "one", plan()).Journal(func(context.Context, *probe.Action) error { own++; return nil })
	at := time.Now().UTC().Truncate(time.Millisecond)
	done := probe.Action{Kind: probe.ActAcknowledge, At: at, By: "ana", Incident: "20261128T190000Z-main", Note: "on it"}
	if err := journal(t.Context(), &done); err != nil || own != 1 {
		t.Fatal(err, own)
	}
	two := hubAt(t, s.ClientURL(), "two", plan())
	older := probe.Action{Kind: probe.ActUnacknowledge, At: at.Add(-time.Hour), Incident: "x"}
	got, err := two.Actions(t.Context(), []probe.Action{older})
	if err != nil || len(got) != 2 || got[0].Incident != "x" || got[1].By != "ana" || got[1].Note != "on it" || !got[1].At.Equal(at) {
		t.Errorf("%v: %+v", err, got)
	}
	if list, err := two.Incidents(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("%v: %+v", err, list)
	}
}
