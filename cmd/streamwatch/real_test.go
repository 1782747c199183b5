package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// TestRealStream watches what a user would: a stream that ffmpeg makes live, a
// plain file server as its origin, nginx with proxy_cache as its edge, and the
// built binary with `distribution: existing`. Nothing may be found for two
// minutes; then one thing after another is broken, and each must be found and
// blamed on whom it is due.
func TestRealStream(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes; run without -short")
	}
	proctest.Need(t, "ffmpeg", "nginx")
	binary := buildBinary(t)
	for _, container := range []string{"mpegts", "fmp4"} {
		t.Run(container, func(t *testing.T) {
			t.Parallel()
			b := startBench(t, binary, container)
			b.quietFor(2 * time.Minute)
			for _, h := range b.harms() {
				b.provoke(h)
			}
		})
	}
}

// bench is one real stream with everything around it.
type bench struct {
	t      *testing.T
	pulse  *proctest.Pulse
	dir    string
	origin *origin
	nginx  *exec.Cmd
	conf   string
	port   int // of nginx
	ffmpeg *exec.Cmd
	seen   *encoderWitness // of what ffmpeg makes
	watch  *exec.Cmd       // streamwatch
	api    string
}

func startBench(t *testing.T, binary, container string) *bench {
	b := &bench{t: t, dir: t.TempDir(), pulse: proctest.NewPulse(t)}
	b.ffmpeg = startFFmpeg(t, filepath.Join(b.dir, "www"), container)
	b.origin = &origin{t: t, root: filepath.Join(b.dir, "www"), missing: map[string]bool{}}
	b.origin.start()
	b.port = proctest.Port(t)
	b.startNginx()
	page := proctest.Port(t)
	b.api = fmt.Sprintf("http://127.0.0.1:%d/api/v1", page)
	event := fmt.Sprintf(`event: real-%s
origin: {url: "http://%s"}
distribution: {existing: {url: "http://127.0.0.1:%d"}}
streams: [{name: main, manifest: /master.m3u8}]
monitor: {listen: "127.0.0.1:%d"}
output: %s
`, container, b.origin.address, b.port, page, filepath.Join(b.dir, "out"))
	file := filepath.Join(b.dir, "event.yaml")
	if err := os.WriteFile(file, []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	b.waitFor("the stream through nginx", proctest.Patience, func() bool {
		res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/v0/playlist.m3u8", b.port))
		if err != nil {
			return false
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		return err == nil && strings.Count(string(text), "#EXTINF") >= 5
	})
	b.seen = watchEncoder(t, b.origin.root)
	b.watch = exec.Command(binary, "run", file)
	start(t, "streamwatch", b.watch, syscall.SIGINT)
	b.waitFor("the monitor", proctest.Patience, func() bool {
		res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", page))
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == 200
	})
	return b
}

// quietFor lets the healthy stream run and fails on any incident that is new, unless
// the machine was too busy to make a healthy stream.
func (b *bench) quietFor(d time.Duration) {
	b.t.Helper()
	before, began := b.incidents(), time.Now()
	for time.Since(began) < d {
		time.Sleep(time.Second)
		if fresh := b.since(before); len(fresh) > 0 {
			before = b.incidents()
			if still := b.seen.still(began); still > 2500*time.Millisecond && stalls(fresh) { // of 3 s, less a round of looks
				b.t.Logf("ffmpeg has written nothing for %s: %s", still, describe(fresh))
				continue
			}
			b.wrong(began, "an incident on a healthy stream: "+describe(fresh))
		}
	}
	b.mended("the end of what a busy machine has made")
}

// wrong fails, unless the machine has been too busy since a moment for the programs
// of the test to be in time.
func (b *bench) wrong(since time.Time, what string) {
	b.t.Helper()
	if !b.pulse.Excuse(b.t, since.Add(-10*time.Second), what) {
		b.t.Error(what)
	}
}

// mended waits until nothing is open.
func (b *bench) mended(what string) {
	b.t.Helper()
	b.waitFor(what, proctest.Patience, func() bool {
		return !slices.ContainsFunc(b.incidents(), func(in probe.Incident) bool { return in.State == probe.Opened })
	})
}

// since returns the incidents that have come since.
func (b *bench) since(before []probe.Incident) []probe.Incident {
	b.t.Helper()
	return slices.DeleteFunc(b.incidents(), func(in probe.Incident) bool {
		return slices.ContainsFunc(before, func(old probe.Incident) bool { return old.ID == in.ID })
	})
}

// harm is something that is broken, and repaired.
type harm struct {
	what     string
	want     func(probe.Incident) bool
	do, undo func()
}

func (b *bench) harms() []harm {
	return []harm{
		{"a segment is gone", func(in probe.Incident) bool {
			return in.Check == "seg.status" && in.Blame == probe.BlameOrigin && in.Side == probe.Origin
		}, b.origin.loseNextSegment, b.origin.findSegments},
		{"nginx keeps the playlist for minutes", func(in probe.Incident) bool {
			return in.Side == probe.Edge && (in.Blame == probe.BlameCDN || in.Blame == probe.BlameConfig)
		}, func() { b.configure("10m") }, func() { b.configure("1s") }},
		{"the origin is down and nginx serves stale", func(in probe.Incident) bool {
			return in.Check == "http.unreachable" && in.Blame == probe.BlameOrigin && in.Side == probe.Origin
		}, b.origin.stop, b.origin.start},
		{"ffmpeg is stopped", func(in probe.Incident) bool {
			return in.Check == "upd.stale" && in.Blame == probe.BlameEncoder && in.Side == probe.Origin
		}, func() { b.signal(b.ffmpeg, syscall.SIGSTOP) }, func() { b.signal(b.ffmpeg, syscall.SIGCONT) }},
	}
}

// provoke breaks something, waits for the incident that it must lead to, checks
// that no other one stands beside it, repairs it, and waits until all is well.
func (b *bench) provoke(h harm) {
	b.t.Helper()
	before := b.incidents()
	if !b.pulse.Calm(time.Now().Add(-10 * time.Second)) { // what a busy machine has made may turn into what is waited for
		before = slices.DeleteFunc(before, func(in probe.Incident) bool { return in.State == probe.Opened })
	}
	h.do()
	began := time.Now()
	var fresh []probe.Incident
	b.waitFor("the incident for: "+h.what, proctest.Patience, func() bool {
		fresh = b.since(before)
		return slices.ContainsFunc(fresh, h.want)
	})
	b.t.Logf("%s: %s after %.1f s", h.what, describe(fresh), time.Since(began).Seconds())
	for _, in := range fresh {
		if !h.want(in) {
			b.wrong(began, h.what+": also "+describe([]probe.Incident{in}))
		}
	}
	h.undo()
	b.mended("the end of: " + h.what)
}

func (b *bench) incidents() []probe.Incident {
	b.t.Helper()
	res, err := http.Get(b.api + "/incidents")
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct {
		Incidents []probe.Incident `json:"incidents"`
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := json.Unmarshal(body, &list); err != nil {
		b.t.Fatalf("%v in %s", err, body)
	}
	return list.Incidents
}

func describe(all []probe.Incident) string {
	var s []string
	for _, in := range all {
		s = append(s, fmt.Sprintf("%s %s blame %s at the %s (%s; %v)",
			in.Check, in.Severity, in.Blame, in.Side, in.Detail, in.Consequences))
	}
	return strings.Join(s, "; ")
}

func (b *bench) waitFor(what string, limit time.Duration, done func() bool) {
	b.t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if done() {
			return
		}
	}
	detail := ""
	if strings.HasPrefix(what, "the incident") || strings.HasPrefix(what, "the end") {
		detail = "; there is: " + describe(b.incidents())
	}
	b.t.Fatalf("waited %s for %s in vain%s", limit, what, detail)
}

func (b *bench) signal(cmd *exec.Cmd, s os.Signal) {
	b.t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		b.t.Fatal(err)
	}
}

// start starts a command whose errors go to the test's log, and ends it with the
// test.
func start(t *testing.T, name string, cmd *exec.Cmd, end syscall.Signal) {
	t.Helper()
	cmd.Stderr, cmd.WaitDelay = logged{t, name}, 10*time.Second
	proctest.Start(t, cmd, end)
}

// logged writes to a test's log.
type logged struct {
	t    *testing.T
	name string
}

// Write is an io.Writer's.
func (l logged) Write(p []byte) (int, error) {
	l.t.Logf("%s: %s", l.name, bytes.TrimSpace(p))
	return len(p), nil
}
