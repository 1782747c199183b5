package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// process is a program that a field test runs: an encoder, a server, a cache or
// the monitor. It is not a service, and it does not outlive the test.
type process struct {
	t    *testing.T
	name string
	args []string
	env  []string
	end  syscall.Signal // ends it, and what it started

	mu    sync.Mutex
	cmd   *exec.Cmd
	guard io.Closer
	gone  chan struct{} // closed when it has ended
	out   bytes.Buffer
}

func startProcess(t *testing.T, name string, end syscall.Signal, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, args: args, end: end}
	p.start()
	t.Cleanup(func() {
		p.kill(end)
		if t.Failed() && p.out.Len() > 0 {
			t.Logf("%s said:\n%s", name, lastLines(p.out.String(), 30))
		}
	})
	return p
}

// start starts it, for the first time or again, as the leader of a group. A shell
// beside it kills the group when the test's process ends without a word.
func (p *process) start() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.WaitDelay = 5 * time.Second
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("starting %s: %v", p.name, err)
	}
	kill := fmt.Sprintf("cat; kill -KILL -- -%d 2>/dev/null", p.cmd.Process.Pid)
	guard := exec.Command("sh", "-c", kill)
	guard.SysProcAttr = p.cmd.SysProcAttr
	pipe, err := guard.StdinPipe()
	if err == nil {
		err = guard.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.guard = pipe
	cmd, gone := p.cmd, make(chan struct{})
	p.gone = gone
	go func() { _ = cmd.Wait(); close(gone); _ = guard.Wait() }()
}

// kill ends it with a signal, and waits. What is left of its group after five
// seconds is killed.
func (p *process) kill(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	group := -p.cmd.Process.Pid
	_ = p.cmd.Process.Signal(s)
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
	force := time.AfterFunc(5*time.Second, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
	<-p.gone
	force.Stop()
	_ = syscall.Kill(group, syscall.SIGKILL)
	p.guard.Close()
	p.cmd = nil
}

// restart ends it and starts it again, as a packaged service does for `restart`.
func (p *process) restart() {
	p.t.Helper()
	p.kill(p.end)
	p.start()
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Errorf("%v to %s: %v", s, p.name, err)
	}
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// place is where one server lives: what its configuration is filled in with.
type place struct {
	Dir    string // its own
	Www    string // the files, where it has some
	Port   int
	Origin string // host:port of what stands behind it
	Module string // nginx: what it loads
	Stale  bool   // nginx: answers with the copy before while it asks for the next
	Root   bool   // we are root
}

func (p place) OriginHost() string { host, _, _ := strings.Cut(p.Origin, ":"); return host }
func (p place) OriginPort() string { _, port, _ := strings.Cut(p.Origin, ":"); return port }

// newPlace makes a folder that a server which gives up its rights can still use.
func newPlace(t *testing.T, origin string) place {
	t.Helper()
	p := place{Dir: fieldDir(t), Port: proctest.Port(t), Origin: origin, Root: os.Geteuid() == 0}
	for _, sub := range []string{"tmp", "cache", "flags"} {
		makeDir(t, filepath.Join(p.Dir, sub))
	}
	return p
}

// fieldDir is a folder for anybody, unlike t.TempDir, whose parent is ours alone.
func fieldDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "streamwatch-field-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

func makeDir(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

// configure fills in a configuration of testdata/field and returns its path.
func (p place) configure(t *testing.T, name string) string {
	t.Helper()
	form, err := template.ParseFiles(filepath.Join("testdata", "field", name))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := form.Execute(&text, p); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(p.Dir, filepath.Base(name))
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (p place) address() string { return fmt.Sprintf("127.0.0.1:%d", p.Port) }

// setFlag has the origin answer differently, or as before.
func (p place) setFlag(t *testing.T, name string, on bool) {
	t.Helper()
	path := filepath.Join(p.Dir, "flags", name)
	err := os.Remove(path)
	if on {
		err = os.WriteFile(path, nil, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// waitFor waits until something of it works, which load can make slow.
func (p *process) waitFor(what string, done func() bool) {
	p.t.Helper()
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if done() {
			return
		}
		select {
		case <-p.gone:
			p.t.Fatalf("%s ended while we waited for %s", p.name, what)
		default:
		}
	}
	p.t.Fatalf("waited in vain for %s", what)
}

func answers(url string) bool {
	client := &http.Client{Timeout: 3 * time.Second}
	res, err := client.Get(url)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}
