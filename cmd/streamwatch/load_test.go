//go:build linux

package main_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/playlist"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/awstest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// TestLoad watches many streams with the binary and every sink (make load). The
// origin, the edge and the double of AWS run in another process, so that what is
// measured is the monitor's: requests, processor time for each of them all in,
// and memory for each watched playlist.
//
// STREAMWATCH_LOAD is the number of streams, STREAMWATCH_LOAD_TARGET their target
// duration (2s), STREAMWATCH_LOAD_FAULT what fails at the end (the origin answers 503;
// hang: it does not answer; edge: the edge answers 503), STREAMWATCH_LOAD_BINARY a
// binary to measure instead of this commit's.
func TestLoad(t *testing.T) {
	n := loadStreams(t)
	target, err := time.ParseDuration(cmp.Or(os.Getenv("STREAMWATCH_LOAD_TARGET"), "2s"))
	if err != nil {
		t.Fatal(err)
	}
	server := startLoadServer(t, n, target)
	binary := os.Getenv("STREAMWATCH_LOAD_BINARY")
	if binary == "" {
		binary = buildBinary(t)
	}
	dir := t.TempDir()
	cmd := exec.Command(binary, "run", "event.yaml", "--for", "2h") // it is killed long before
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, io.Discard, io.Discard
	page := fmt.Sprintf("127.0.0.1:%d", proctest.Port(t))
	writeLoadEvent(t, dir, server, page, n)
	cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL="+server.aws, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=key",
		"AWS_EC2_METADATA_DISABLED=true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	untilWritten(t, filepath.Join(dir, "streamwatch-out", "load", "embeds"), n)
	time.Sleep(2*target + 20*time.Second) // every loop has found its beat
	span := 30 * time.Second
	if os.Getenv("STREAMWATCH_LOAD_SINKS") == "all" {
		span = time.Minute // a period of CloudWatch, which is sent in a burst
	}
	asked, before := server.asked(t), spentBy(t, cmd.Process.Pid)
	time.Sleep(span)
	requests, after := float64(server.asked(t)-asked), spentBy(t, cmd.Process.Pid)
	cpu := after.cpu - before.cpu
	perSecond := requests / span.Seconds()
	t.Logf("%d streams of 2 variants on 2 sides, target duration %s: %.0f requests/s, %.2f per stream, "+
		"%.1f µs of CPU each, %.1f %% of one core", n, target, perSecond, perSecond/float64(n),
		float64(cpu.Microseconds())/requests, cpu.Seconds()/span.Seconds()*100)
	t.Logf("memory: %.1f MiB resident, %.1f KiB for each of %d watched playlists",
		float64(after.resident)/(1<<20), float64(after.resident)/1024/float64(4*n), 4*n)
	t.Logf("of that: %s", memoryOf(t, cmd.Process.Pid))
	t.Logf("the process: %s", runtimeOf(t, "http://"+page+"/metrics"))
	t.Logf("reading a playlist of 6 segments takes %s of CPU at this moment", readingTime())
	var snap struct{ Verdict, Reason string }
	readJSON(t, "http://"+page+"/api/v1/status", &snap)
	t.Logf("the event is %s %s", snap.Verdict, snap.Reason)
	for _, in := range incidentsOf(t, page) {
		t.Errorf("false alarm: %s %s: %s", in.Stream, in.Check, in.Detail)
	}
	if !t.Failed() {
		failUnderLoad(t, server, page, cmd.Process.Pid)
	}
}

// loadIncident is what TestLoad reads of an incident.
type loadIncident struct {
	Stream, Check, Blame, Detail string
	Streams                      []string
	Closed                       *time.Time
}

func incidentsOf(t *testing.T, page string) []loadIncident {
	t.Helper()
	var answer struct{ Incidents []loadIncident }
	readJSON(t, "http://"+page+"/api/v1/incidents", &answer)
	return answer.Incidents
}

// failUnderLoad has the origin or the edge fail for a while, as every stream sees: that is when a
// monitor of thousands of streams has the most to do.
func failUnderLoad(t *testing.T, server *loadServer, page string, pid int) {
	t.Helper()
	const lasts, patience = 30 * time.Second, 2 * time.Minute
	began, before := time.Now(), spentBy(t, pid)
	server.tell(t, "/break")
	for len(incidentsOf(t, page)) == 0 {
		if time.Since(began) > patience {
			t.Fatalf("nothing was found within %s", patience)
		}
		time.Sleep(250 * time.Millisecond)
	}
	t.Logf("what fails is an incident after %s", time.Since(began).Round(100*time.Millisecond))
	time.Sleep(lasts - time.Since(began))
	for _, in := range incidentsOf(t, page) {
		t.Logf("after %s: %s, blame %s, %d streams: %s", lasts, in.Check, in.Blame, len(in.Streams), in.Detail)
	}
	after, asked := spentBy(t, pid), time.Now()
	readJSON(t, "http://"+page+"/api/v1/status", new(any))
	t.Logf("/api/v1/status takes %s then", time.Since(asked).Round(time.Millisecond))
	t.Logf("meanwhile %.1f %% of one core, %.1f MiB resident",
		(after.cpu-before.cpu).Seconds()/time.Since(began).Seconds()*100, float64(after.resident)/(1<<20))
	server.tell(t, "/mend")
	mended := time.Now()
	for open := true; open; time.Sleep(250 * time.Millisecond) {
		open = false
		for _, in := range incidentsOf(t, page) {
			open = open || in.Closed == nil
		}
		if time.Since(mended) > patience {
			t.Fatalf("it is not over %s after it answers again", patience)
		}
	}
	t.Logf("over %s after it answers again; %d incidents in all",
		time.Since(mended).Round(100*time.Millisecond), len(incidentsOf(t, page)))
}

// untilWritten waits until the embeds of all streams are there: that is work of the
// start, and not of watching.
func untilWritten(t *testing.T, dir string, n int) {
	t.Helper()
	for end := time.Now().Add(10*time.Minute + time.Duration(n)*time.Second/2); ; time.Sleep(time.Second) {
		if all, _ := filepath.Glob(filepath.Join(dir, "*", "wordpress.zip")); len(all) == n {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the embeds were not written")
		}
	}
}

// memoryOf is what of a process's memory is its own, and what is its program, which
// is read from the file.
func memoryOf(t *testing.T, pid int) string {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	return linesWith(string(status), "RssAnon", "RssFile", "VmHWM")
}

// runtimeOf is what the process says of its goroutines, its heap, and how long
// goroutines waited to run.
func runtimeOf(t *testing.T, metrics string) string {
	t.Helper()
	res, err := http.Get(metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return linesWith(string(text), "go_goroutines ", "go_memstats_heap_alloc_bytes ",
		"go_memstats_heap_inuse_bytes ", "go_memstats_heap_idle_bytes ", "go_memstats_heap_released_bytes ",
		"go_memstats_stack_inuse_bytes ", "go_memstats_next_gc_bytes ", "go_memstats_sys_bytes ")
}

// linesWith returns the lines of a text that begin with one of some words.
func linesWith(text string, words ...string) string {
	var found []string
	for line := range strings.Lines(text) {
		for _, w := range words {
			if strings.HasPrefix(line, w) {
				found = append(found, strings.Join(strings.Fields(line), " "))
			}
		}
	}
	return strings.Join(found, ", ")
}

// readingTime is the processor time that reading a playlist takes now: on a machine
// with other work beside everything takes longer, by the same factor.
func readingTime() time.Duration {
	text := []byte("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:100\n")
	for i := range 6 {
		text = fmt.Appendf(text, "#EXTINF:2.000,\nsegment%d.ts\n", 100+i)
	}
	const times = 20_000
	processor := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := processor()
	for range times {
		playlist.Decode(text, playlist.Inputs{})
	}
	return (processor() - before) / times
}

func loadStreams(t *testing.T) int {
	n, _ := strconv.Atoi(os.Getenv("STREAMWATCH_LOAD"))
	if n == 0 {
		t.Skip("a measurement, not a test: run make load")
	}
	return n
}

func writeLoadEvent(t *testing.T, dir string, s *loadServer, page string, n int) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "event: load\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\n", s.origin, s.edge)
	if os.Getenv("STREAMWATCH_LOAD_SINKS") == "all" {
		b.WriteString("metrics: {cloudwatch: {namespace: StreamWatch}}\n")
	}
	fmt.Fprintf(&b, "monitor: {listen: %q}\nstreams:\n", page)
	for i := range n {
		fmt.Fprintf(&b, "  - {name: s%04d, manifest: /s%04[1]d/playlist.m3u8}\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "event.yaml"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// spent is what a process has used.
type spent struct {
	cpu      time.Duration
	resident int64 // bytes
}

func spentBy(t *testing.T, pid int) spent {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest) // from the third field on: proc(5)
	number := func(i int) int64 {
		v, err := strconv.ParseInt(f[i-3], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	const tick = time.Second / 100
	return spent{time.Duration(number(14)+number(15)) * tick, number(24) * int64(os.Getpagesize())}
}

// loadServer is the other process of TestLoad.
type loadServer struct{ origin, edge, aws string }

func startLoadServer(t *testing.T, n int, target time.Duration) *loadServer {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestLoadServer$")
	cmd.Env = append(os.Environ(), "STREAMWATCH_LOAD_SERVER="+strconv.Itoa(n), "STREAMWATCH_LOAD_TARGET="+target.String())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	proctest.Start(t, cmd, syscall.SIGKILL)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) == 4 && f[0] == "serving" {
			return &loadServer{f[1], f[2], f[3]}
		}
	}
	t.Fatal("the server did not start")
	return nil
}

// asked is how many requests came to the origin and to the edge from outside.
func (s *loadServer) asked(t *testing.T) (n int64) {
	t.Helper()
	readJSON(t, s.origin+"/asked", &n)
	return n
}

// tell asks for a path of the server's own.
func (s *loadServer) tell(t *testing.T, path string) {
	t.Helper()
	var n int64
	readJSON(t, s.origin+path, &n)
}

// TestLoadServer is the other process.
func TestLoadServer(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("STREAMWATCH_LOAD_SERVER"))
	if n == 0 {
		t.Skip("part of TestLoad")
	}
	target, err := time.ParseDuration(os.Getenv("STREAMWATCH_LOAD_TARGET"))
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("s%04d", i)
	}
	var asked atomic.Int64
	var broken atomic.Bool
	fault := os.Getenv("STREAMWATCH_LOAD_FAULT")
	counted := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/break", "/mend":
				broken.Store(r.URL.Path == "/break")
				fallthrough
			case "/asked":
				_, _ = fmt.Fprint(w, asked.Load())
			default:
				asked.Add(1)
				h.ServeHTTP(w, r)
			}
		})
	}
	well := sim.NewOrigin(sim.Config{Streams: names, TargetDuration: target, Stagger: true, Jitter: 0.05})
	failing := func(h http.Handler, is bool) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case !is || !broken.Load():
				h.ServeHTTP(w, r)
			case fault == "hang":
				<-r.Context().Done()
			default:
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
	}
	origin := failing(well, fault != "edge")
	originURL := serveLoad(t, counted(origin))
	base, err := url.Parse(originURL)
	if err != nil {
		t.Fatal(err)
	}
	cdn := edge.New(edge.Config{Origin: base, Transport: sim.Transport(origin)}) // what it asks for is not ours
	fmt.Println("serving", originURL, serveLoad(t, counted(failing(cdn, fault == "edge"))), serveLoad(t, &awstest.Cloud{}))
	select {}
}

func serveLoad(t *testing.T, h http.Handler) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = http.Serve(l, h) }() //nolint:gosec // loopback, for a measurement
	return "http://" + l.Addr().String()
}

func readJSON(t *testing.T, u string, into any) {
	t.Helper()
	res, err := http.Get(u)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		t.Fatalf("%s: %v", u, err)
	}
}
