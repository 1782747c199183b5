package fleet

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// A NATS of one server forgets the leases and the event when it starts anew, since
// they are kept in memory. Hub and agent go on by themselves: the hub leads again,
// and the agent hears of changes and does not spin meanwhile.
func TestANATSThatForgets(t *testing.T) {
	folder := t.TempDir()
	first := natsServer(t, func(o *server.Options) { o.StoreDir = folder })
	url, port := first.ClientURL(), first.Addr().(*net.TCPAddr).Port
	h := hubAt(t, url, "hub", plan())
	leading, release, err := h.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	publish := func(stream string) {
		t.Helper()
		setup, err := Setup(&monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test",
			Streams: []monitor.Stream{{Name: stream, Manifest: "/main/playlist.m3u8"}},
		})
		if err == nil {
			err = h.Publish(soon(t), setup)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	publish("main")
	core, logs := observer.New(zap.InfoLevel)
	watching := func(n int) {
		t.Helper()
		for limit := soon(t); logs.FilterMessage("watching").Len() < n; {
			if !probe.Pause(limit, 50*time.Millisecond) {
				t.Fatalf("the agent did not take up event %d: %v", n, logs.All())
			}
		}
	}
	a := NewAgent(AgentOptions{Connection: Connection{Servers: []string{url}}, Vantage: "eu", Name: "a", Log: zap.New(core)})
	origin := sim.NewOrigin(sim.Config{})
	a.transport = sim.Hosts{"origin.test": http.Handler(origin), "edge.test": origin}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	watching(1)

	first.Shutdown()
	first.WaitForShutdown()
	natsServer(t, func(o *server.Options) { o.StoreDir, o.Port = folder, port })
	select {
	case <-leading.Done():
	case <-soon(t).Done():
		t.Fatal("the hub goes on without its lease")
	}
	release()
	if _, release, err = h.Lead(soon(t)); err != nil {
		t.Fatalf("the hub does not lead again: %v", err)
	}
	defer release()
	publish("other")
	watching(2)
}
