package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// natsNode is a program for the fleet's test: one server of a NATS cluster.
// Its arguments are a name, its address, that of its routes, a folder, and the
// routes of all.
func natsNode() {
	a := os.Args[1:]
	client, route := hostPort(a[1]), hostPort(a[2])
	o := &server.Options{
		ServerName: a[0], Host: "127.0.0.1", Port: client, JetStream: true, StoreDir: a[3], NoSigs: true, NoLog: true,
		Cluster: server.ClusterOpts{Name: "fleet", Host: "127.0.0.1", Port: route, NoAdvertise: true},
		Routes:  server.RoutesFromStr(a[4]),
	}
	s, err := server.NewServer(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s.Start()
	s.WaitForShutdown()
}

func hostPort(address string) int {
	_, text, _ := net.SplitHostPort(address)
	port, err := net.LookupPort("tcp", text)
	if err != nil {
		panic(err)
	}
	return port
}

// member is one process of a fleet.
type member struct {
	name string
	args []string
	dir  string
	cmd  *exec.Cmd
	log  string // file
}

func (m *member) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(m.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	m.cmd = exec.Command(m.args[0], m.args[1:]...)
	m.cmd.Dir, m.cmd.Stdout, m.cmd.Stderr = m.dir, log, log
	proctest.Bind(m.cmd, syscall.SIGKILL)
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// kill ends a member without a word, as the end of its machine does.
func (m *member) kill() {
	if m.cmd != nil {
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait()
		m.cmd = nil
	}
}

func (m *member) said() string {
	text, _ := os.ReadFile(m.log)
	return string(text)
}

// fleetTest is three servers of NATS, two hubs and agents in two vantages, all of
// them processes, and a stream for them to watch.
type fleetTest struct {
	t       *testing.T
	pulse   *proctest.Pulse
	began   time.Time
	dir     string
	members map[string]*member
	order   []string // in which they start
	edge    *sim.Board
	pages   map[string]string // of the hubs
	gate    *gate

	mu   sync.Mutex
	told []probe.Incident
}

// newFleet prepares a fleet that watches streams of an origin, with more agents of
// the vantage us than one.
func newFleet(t *testing.T, streams int, origin sim.Config, more ...string) *fleetTest {
	t.Helper()
	f := &fleetTest{
		t:       t,
		pulse:   proctest.NewPulse(t),
		began:   time.Now(),
		dir:     t.TempDir(),
		members: map[string]*member{},
		edge:    sim.NewBoard(),
		pages:   map[string]string{},
	}
	for i := range streams {
		origin.Streams = append(origin.Streams, fmt.Sprintf("s%d", i))
	}
	source := httptest.NewServer(sim.NewOrigin(origin))
	base, _ := url.Parse(source.URL)
	edge := httptest.NewServer(sim.NewEdge(edge.Config{Origin: base}, f.edge, ""))
	hook := httptest.NewServer(http.HandlerFunc(f.hook))
	var free []string
	for range 8 {
		free = append(free, proctest.Address(t))
	}
	f.gate = newGate(t, free[0])
	t.Cleanup(func() {
		for _, m := range f.members {
			m.kill()
		}
		f.gate.ln.Close()
		hook.Close()
		edge.CloseClientConnections()
		edge.Close()
		source.Close()
	})
	var routes, servers []string
	for i := range 3 {
		routes, servers = append(routes, "nats://"+free[3+i]), append(servers, "nats://"+free[i])
	}
	for i := range 3 {
		name := fmt.Sprintf("nats%d", i)
		f.add(name, "natsnode", name, free[i], free[3+i], filepath.Join(f.dir, name), strings.Join(routes, ","))
	}
	for i, name := range []string{"hub0", "hub1"} {
		f.pages[name] = "http://" + free[6+i]
		f.event(name, origin.Streams, source.URL, edge.URL, hook.URL, free[6+i], servers)
		f.add(name, "streamwatch", "hub", name+".yaml", "--name", name)
	}
	for _, agent := range append([]string{"eu-a", "eu-b", "us-a"}, more...) {
		vantage, _, _ := strings.Cut(agent, "-")
		join := strings.Join(servers, ",")
		if agent == "us-a" {
			join = "nats://" + f.gate.ln.Addr().String()
		}
		f.add(agent, "streamwatch", "agent", "--join", join, "--vantage", vantage, "--name", agent)
	}
	return f
}

func (f *fleetTest) add(name string, args ...string) {
	f.order = append(f.order, name)
	f.members[name] = &member{name: name, args: args, dir: f.dir, log: filepath.Join(f.dir, name+".log")}
}

func (f *fleetTest) event(hub string, streams []string, origin, edge, hook, listen string, servers []string) {
	text := fmt.Sprintf(
		"event: fleet\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\n"+
			"player: {allow_insecure: true}\noutput: %s-out\n"+
			"monitor: {listen: %q, checks: {edge.hit: {severity: off}}}\nnotify: {webhooks: [{url: %q}]}\n"+
			"fleet:\n  nats: [%s]\n  vantages: [eu, us]\n  shards: 8\nstreams:\n",
		origin,
		edge,
		hub,
		listen,
		hook,
		`"`+strings.Join(servers, `", "`)+`"`,
	)
	for _, s := range streams {
		text += fmt.Sprintf("  - {name: %s, manifest: /%s/playlist.m3u8}\n", s, s)
	}
	if err := os.WriteFile(filepath.Join(f.dir, hub+".yaml"), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// hook is the receiver of notifications.
func (f *fleetTest) hook(_ http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	var in probe.Incident
	if json.Unmarshal(text, &in) == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.told = append(f.told, in)
	}
}

// heard counts the messages about incidents of a state, by id.
func (f *fleetTest) heard(state probe.IncidentState) map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := map[string]int{}
	for i := range f.told {
		if f.told[i].State == state {
			n[f.told[i].ID]++
		}
	}
	return n
}

// within waits for something, and says how long it took.
func (f *fleetTest) within(what string, done func() bool) time.Duration {
	f.t.Helper()
	began := time.Now()
	for !done() {
		if time.Since(began) > proctest.Patience {
			for name, m := range f.members {
				f.t.Logf("%s said:\n%s", name, tail(m.said(), 12))
			}
			f.t.Fatalf("%s: not within %s; told %+v", what, proctest.Patience, f.told)
		}
		time.Sleep(50 * time.Millisecond)
	}
	took := time.Since(began)
	f.t.Logf("%s: %.1f s", what, took.Seconds())
	return took
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// active is the hub whose page is there and ready, "" for none.
func (f *fleetTest) active() string {
	for name, page := range f.pages {
		if f.members[name].cmd == nil {
			continue
		}
		client := http.Client{Timeout: 10 * time.Second}
		resp, err := client.Get(page + "/readyz")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return name
		}
	}
	return ""
}

var otherHub = map[string]string{"hub0": "hub1", "hub1": "hub0"}

func (f *fleetTest) start() {
	for _, name := range f.order {
		f.members[name].start(f.t)
	}
}

// ready waits for a hub that leads and has seen every stream.
func (f *fleetTest) ready() (leader string) {
	f.t.Helper()
	f.within("until a hub is ready", func() bool { leader = f.active(); return leader != "" })
	return leader
}

// inject breaks the edge.
func (f *fleetTest) inject() {
	if err := f.edge.Inject(sim.Injection{Fault: "edge-503", From: time.Now()}); err != nil {
		f.t.Fatal(err)
	}
}
