package fleet

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// A NATS server that is started again has lost what it had in memory: who leads,
// who is alive, and the event. The hub makes the room again and leads anew, and an
// agent hears of the event's next change.
func TestANATSThatForgets(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := natsServer(t, func(o *server.Options) { o.StoreDir = folder })
	port := s.Addr().(*net.TCPAddr).Port
	h := hubAt(t, s.ClientURL(), "hub", plan())
	lead := func(streams ...string) (leading context.Context, release func()) {
		leading, release, err := h.Lead(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		tell(t, h, streams...)
		return leading, release
	}
	leading, release := lead("one")
	core, logs := observer.New(zap.InfoLevel)
	a := NewAgent(AgentOptions{
		Connection: Connection{Servers: []string{s.ClientURL()}}, Vantage: "eu", Name: "a", Version: "v1", Log: zap.New(core),
	})
	a.transport = silence{}
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- a.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	watching(t, logs, 1)

	s.Shutdown()
	s.WaitForShutdown()
	natsServer(t, func(o *server.Options) { o.StoreDir, o.Port = folder, port })
	select {
	case <-leading.Done():
	case <-soon(t).Done():
		t.Fatal("the hub does not notice")
	}
	if !errors.Is(context.Cause(leading), ErrLost) {
		t.Errorf("the lead ended with %v", context.Cause(leading))
	}
	release()
	_, release = lead("one")
	defer release()
	for limit := soon(t); len(a.members.at("eu", time.Now())) == 0; {
		if !probe.Pause(limit, 100*time.Millisecond) {
			t.Fatal("the agent does not know who is alive")
		}
	}
	tell(t, h, "one", "two", "three")
	watching(t, logs, 3)
}

// silence is a network that answers nothing.
type silence struct{}

func (silence) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// tell publishes an event of some streams.
func tell(t *testing.T, h *Hub, streams ...string) {
	t.Helper()
	o := monitor.Options{Event: "e", Origin: "http://origin.test", Edge: "http://edge.test"}
	for _, name := range streams {
		o.Streams = append(o.Streams, monitor.Stream{Name: name, Manifest: "/m.m3u8"})
	}
	setup, err := Setup(&o)
	if err == nil {
		err = h.Publish(t.Context(), setup)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// watching waits until an agent says that it watches so many streams.
func watching(t *testing.T, logs *observer.ObservedLogs, streams int64) {
	t.Helper()
	for limit := soon(t); ; {
		for _, entry := range logs.FilterMessage("watching").All() {
			if entry.ContextMap()["streams"] == streams {
				return
			}
		}
		if !probe.Pause(limit, 100*time.Millisecond) {
			t.Fatalf("the agent does not watch %d streams: %v", streams, logs.All())
		}
	}
}

// However much streams show, no report is too large for NATS: one that is refused
// holds up all that come after it.
func TestReportsFitIntoMessages(t *testing.T) {
	o := &outbox{log: zap.NewNop(), self: func() head { return head{V: Protocol, Vantage: "eu", Agent: "a"} }}
	looks := make([]streamLook, 250)
	for i := range looks {
		looks[i].Stream = strings.Repeat("n", 60)
		looks[i].Shown = &probe.StreamSnapshot{Name: looks[i].Stream}
		for range 40 {
			looks[i].Shown.Renditions = append(looks[i].Shown.Renditions, probe.RenditionSnapshot{
				Name: "1080p-6000k", Edge: &probe.SideSnapshot{Status: 200}, Origin: &probe.SideSnapshot{Status: 200},
			})
		}
	}
	o.pack(time.Now(), looks, nil, nil)
	got := 0
	for _, p := range o.spool {
		m, err := decodeReport(p.data)
		if err != nil {
			t.Fatal(err)
		}
		got += len(m.Looks)
		if len(p.data) > maxMessage {
			t.Errorf("a report of %d streams has %d bytes", len(m.Looks), len(p.data))
		}
	}
	if got != len(looks) {
		t.Errorf("%d streams are reported, of %d", got, len(looks))
	}
}
