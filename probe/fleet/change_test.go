package fleet

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// noting is a network that notes what is asked for: paths, and the key with them.
type noting struct {
	http.RoundTripper
	mu    sync.Mutex
	asked map[string]int
}

func (n *noting) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.asked[r.URL.Path]++
	n.asked[r.URL.Path+" "+r.Header.Get("X-Key")]++
	n.mu.Unlock()
	return n.RoundTripper.RoundTrip(r)
}

// times is how often a path was asked for, or one with a key.
func (n *noting) times(what string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[what]
}

// until waits until something was asked for more often than so many times.
func (n *noting) until(t *testing.T, what string, more int) {
	t.Helper()
	for limit := soon(t); n.times(what) <= more; {
		if !probe.Pause(limit, 50*time.Millisecond) {
			t.Fatalf("nobody asks for %s", what)
		}
	}
}

// Streams come to a fleet, go and change, and are judged otherwise: the agents go on
// with the others as they were.
func TestAChangeLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	url := natsServer(t, nil).ClientURL()
	h := hubAt(t, url, "hub", plan())
	_, release, err := h.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	o := monitor.Options{Event: "e", Origin: "http://origin.test", Edge: "http://edge.test"}
	publish := func(streams ...monitor.Stream) {
		t.Helper()
		o.Streams = streams
		setup, err := Setup(&o)
		if err == nil {
			err = h.Publish(t.Context(), setup)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	stream := func(name, key string) monitor.Stream {
		return monitor.Stream{Name: name, Manifest: "/" + name + "/playlist.m3u8", Headers: map[string]string{"X-Key": key}}
	}
	publish(stream("main", "a"), stream("second", "a"))

	origin := sim.NewOrigin(sim.Config{Streams: []string{"main", "second", "third"}})
	net := &noting{RoundTripper: sim.Hosts{"origin.test": origin, "edge.test": origin}, asked: map[string]int{}}
	a := NewAgent(AgentOptions{Connection: Connection{Servers: []string{url}}, Vantage: "eu", Name: "a", Version: "v1"})
	a.transport = net
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	const main, second, third = "/main/playlist.m3u8", "/second/playlist.m3u8", "/third/playlist.m3u8"
	net.until(t, main, 1)
	net.until(t, second, 1)
	lease := func() uint64 { // of what the second stream shows; 0 is none yet
		views, err := h.room.js.Stream(t.Context(), h.room.viewStream())
		if err != nil {
			t.Fatal(err)
		}
		m, err := views.GetLastMsgForSubject(t.Context(), h.room.view("eu", "second"))
		if err != nil {
			return 0
		}
		_, order, _, err := decodeView(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		return order.Lease
	}
	newer := func(than uint64) {
		t.Helper()
		for limit := soon(t); lease() <= than; {
			if !probe.Pause(limit, 50*time.Millisecond) {
				t.Fatal("what the stream shows does not count as new")
			}
		}
	}
	newer(0)
	before, first := net.times(main), lease()

	// One comes, one goes.
	publish(stream("main", "a"), stream("second", "a"), stream("third", "a"))
	net.until(t, third, 0)
	publish(stream("main", "a"), stream("second", "a"))

	// One changes: what it shows now is what another agent would see.
	publish(stream("main", "a"), stream("second", "b"))
	net.until(t, second+" b", 0)
	newer(first)

	// The others are judged otherwise, and the end moves.
	o.Overrides = map[string]checks.Override{"seg.status": {Off: true}}
	o.Ends = time.Now().Add(time.Hour)
	publish(stream("main", "a"), stream("second", "b"), stream("third", "c"))
	net.until(t, third+" c", 0)
	if n := net.times(main); n != before {
		t.Errorf("the ladder of a stream that nobody changed was asked for %d times more", n-before)
	}
	net.mu.Lock()
	defer net.mu.Unlock()
	for what := range net.asked {
		if strings.HasPrefix(what, "/main/") && strings.HasSuffix(what, " b") {
			t.Errorf("%s: the key of another stream", what)
		}
	}
}

// What agents were told of an event before does not stay in NATS: it would be more
// with each stream that comes, and it holds secrets.
func TestOldSetupsAreRemoved(t *testing.T) {
	t.Parallel()
	h := hubAt(t, natsServer(t, nil).ClientURL(), "hub", plan())
	_, release, err := h.Lead(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for _, name := range []string{"one", "two", "three", "four", "four"} {
		tell(t, h, name)
	}
	keys, err := h.room.plan.ListKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for key := range keys.Keys() {
		list = append(list, key)
	}
	if len(list) > 3 || !slices.Contains(list, planKey) || !slices.Contains(list, pieceKey(h.o.Plan.Hash, 0)) {
		t.Errorf("the bucket has %v", list)
	}
	entry, err := h.room.plan.Get(t.Context(), planKey)
	if err == nil {
		_, err = readPlan(t.Context(), h.room.plan, entry.Value())
	}
	if err != nil {
		t.Error(err)
	}
}
