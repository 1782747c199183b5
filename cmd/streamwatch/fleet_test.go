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
	if os.Getenv("NATSLOG") != "" {
		o.NoLog, o.Logtime, o.Debug = false, true, false
		s.ConfigureLogger()
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
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
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

// fleetTest is three servers of NATS, two hubs and three agents in two vantages, all
// of them processes, and a stream for them to watch.
type fleetTest struct {
	t       *testing.T
	dir     string
	members map[string]*member
	edge    *sim.Board
	pages   map[string]string // of the hubs
	gate    *gate

	mu   sync.Mutex
	told []probe.Incident
}

// addresses returns so many that are free.
func addresses(t *testing.T, n int) (list []string) {
	t.Helper()
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		list = append(list, ln.Addr().String())
	}
	return list
}

func newFleet(t *testing.T, streams int) *fleetTest {
	t.Helper()
	f := &fleetTest{t: t, dir: t.TempDir(), members: map[string]*member{}, edge: sim.NewBoard(), pages: map[string]string{}}
	var names []string
	for i := range streams {
		names = append(names, fmt.Sprintf("s%d", i))
	}
	origin := httptest.NewServer(sim.NewOrigin(sim.Config{Streams: names}))
	base, _ := url.Parse(origin.URL)
	edge := httptest.NewServer(sim.NewEdge(sim.EdgeConfig{Origin: base, Faults: f.edge}))
	hook := httptest.NewServer(http.HandlerFunc(f.hook))
	free := addresses(t, 8)
	f.gate = newGate(t, free[0])
	t.Cleanup(func() {
		for _, m := range f.members {
			m.kill()
		}
		f.gate.ln.Close()
		hook.Close()
		edge.CloseClientConnections()
		edge.Close()
		origin.Close()
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
		f.event(name, names, origin.URL, edge.URL, hook.URL, free[6+i], servers)
		f.add(name, "streamwatch", "hub", name+".yaml", "--name", name)
	}
	for _, a := range []struct{ name, vantage, join string }{
		{"eu-a", "eu", strings.Join(servers, ",")}, {"eu-b", "eu", strings.Join(servers, ",")}, {"us-a", "us", "nats://" + f.gate.ln.Addr().String()},
	} {
		f.add(a.name, "streamwatch", "agent", "--join", a.join, "--vantage", a.vantage, "--name", a.name)
	}
	return f
}

func (f *fleetTest) add(name string, args ...string) {
	f.members[name] = &member{name: name, args: args, dir: f.dir, log: filepath.Join(f.dir, name+".log")}
}

func (f *fleetTest) event(hub string, streams []string, origin, edge, hook, listen string, servers []string) {
	text := fmt.Sprintf("event: fleet\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\nplayer: {allow_insecure: true}\noutput: %s-out\n"+
		"monitor: {listen: %q, checks: {edge.hit: {severity: off}}}\nnotify: {webhooks: [{url: %q}]}\n"+
		"fleet:\n  nats: [%s]\n  vantages: [eu, us]\n  shards: 8\nstreams:\n",
		origin, edge, hub, listen, hook, `"`+strings.Join(servers, `", "`)+`"`)
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
func (f *fleetTest) within(limit time.Duration, what string, done func() bool) time.Duration {
	f.t.Helper()
	began := time.Now()
	for !done() {
		if time.Since(began) > limit {
			for name, m := range f.members {
				f.t.Logf("%s said:\n%s", name, tail(m.said(), 12))
			}
			f.t.Fatalf("%s: not within %s; told %+v", what, limit, f.told)
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
		client := http.Client{Timeout: time.Second}
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

// gate is a way to one server that can be closed: then what is sent is dropped,
// and nobody is told.
type gate struct {
	ln     net.Listener
	to     string
	mu     sync.Mutex
	closed bool
}

func newGate(t *testing.T, to string) *gate {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{ln: ln, to: to}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go g.pass(c)
		}
	}()
	return g
}

func (g *gate) shut(is bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = is
}

func (g *gate) drops() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

func (g *gate) pass(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", g.to)
	if err != nil {
		return
	}
	defer to.Close()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			defer way[1].Close()
			buffer := make([]byte, 32<<10)
			for {
				n, err := way[0].Read(buffer)
				if err != nil {
					return
				}
				if g.drops() {
					continue
				}
				if _, err := way[1].Write(buffer[:n]); err != nil {
					return
				}
			}
		})
	}
	both.Wait()
}

// once says that of each incident there was one message that it opened and, when
// all is over, one that it closed.
func (f *fleetTest) once(want int) {
	f.t.Helper()
	opened, closed := f.heard(probe.Opened), f.heard(probe.Closed)
	if len(opened) != want || len(closed) != want {
		f.t.Errorf("%d incidents opened and %d closed, want %d: %v, %v", len(opened), len(closed), want, opened, closed)
	}
	for id, n := range opened {
		if n != 1 || closed[id] != 1 {
			f.t.Errorf("incident %s was opened %d times and closed %d times", id, n, closed[id])
		}
	}
}

// TestFleet kills every kind of member of a fleet while a fault lasts, and cuts
// one off: the fault is told once, and its end once.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("starts eight processes for half a minute")
	}
	const generous = time.Minute // a busy machine, and the race detector
	f := newFleet(t, 6)
	for _, name := range []string{"nats0", "nats1", "nats2", "hub0", "hub1", "eu-a", "eu-b", "us-a"} {
		f.members[name].start(t)
	}
	leader := ""
	f.within(generous, "from the start until a hub is ready", func() bool { leader = f.active(); return leader != "" })
	other := map[string]string{"hub0": "hub1", "hub1": "hub0"}[leader]

	if err := f.edge.Inject(sim.Injection{Fault: "edge-503", From: time.Now()}); err != nil {
		t.Fatal(err)
	}
	f.within(generous, "from a fault to the message", func() bool { return len(f.heard(probe.Opened)) > 0 })

	f.members["eu-a"].kill()
	f.gate.shut(true)
	time.Sleep(2 * time.Second)
	f.members[leader].kill()
	took := f.within(generous, "from the death of the hub until the other is ready", func() bool { return f.active() == other })
	if took > 10*time.Second {
		t.Logf("the takeover took longer than ten seconds")
	}
	f.gate.shut(false)
	f.members["nats1"].kill()
	f.members["eu-a"].start(t)
	f.members[leader].start(t)
	time.Sleep(3 * time.Second)
	f.members["nats1"].start(t)

	if n := len(f.heard(probe.Closed)); n > 0 {
		t.Errorf("%d incidents closed while the fault lasted", n)
	}
	f.edge.Clear("", "", "")
	f.within(generous, "from the end of the fault to the message", func() bool { return len(f.heard(probe.Closed)) > 0 })
	f.once(1)
	if said := f.members["us-a"].said(); !strings.Contains(said, "NATS takes reports again") {
		t.Errorf("the agent that was cut off does not say that it kept what it saw:\n%s", tail(said, 10))
	}
	_ = f.members[other].cmd.Process.Signal(os.Interrupt)
	f.within(generous, "from the end of a hub until the one that stood by is ready", func() bool { return f.active() == leader })
}
