package monitor_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sink/prom"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// TestLoad watches many streams from one process (make load). The origin and
// the edge run in another one, so that what is measured is the monitor's: CPU
// for each request all in, memory for each watched playlist, and how late
// polls begin. STREAMWATCH_LOAD is the number of streams.
func TestLoad(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("STREAMWATCH_LOAD"))
	if n == 0 {
		t.Skip("a measurement, not a test: run make load")
	}
	originURL, edgeURL := startLoadServer(t, n)
	streams := make([]monitor.Stream, n)
	for i := range streams {
		streams[i] = monitor.Stream{Name: fmt.Sprintf("s%03d", i), Manifest: fmt.Sprintf("/s%03d/playlist.m3u8", i)}
	}
	counted := &countingTransport{next: &http.Transport{
		MaxIdleConnsPerHost: fetch.ConnsPerHost, MaxConnsPerHost: fetch.ConnsPerHost, DisableCompression: true, ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10,
	}}
	found := &sink{last: map[string]probe.Incident{}}
	runtime.GC()
	before := rss(t)
	m := monitor.New(monitor.Options{
		Event: "load", Origin: originURL, Edge: edgeURL, Streams: streams, Transport: counted, Sinks: []probe.Sink{prom.New(prom.Options{Event: "load"}), found},
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { m.Run(ctx) })
	time.Sleep(20 * time.Second) // every loop has found its beat
	requests, cpu := counted.n.Load(), cpuTime(t)
	time.Sleep(30 * time.Second)
	requests, cpu = counted.n.Load()-requests, cpuTime(t)-cpu
	after := rss(t)
	targets := n * 2 * 2
	t.Logf("%d streams, %d watched playlists and %d multivariant ones: %.0f requests/s, %.1f µs of CPU each, %.1f %% of one core",
		n, targets, n*2, float64(requests)/30, float64(cpu.Microseconds())/float64(requests), cpu.Seconds()/30*100)
	t.Logf("memory: %.1f MiB resident (%.1f before), %.1f KiB for each watched playlist; lateness p50 %s, p99 %s; GOGC %d",
		float64(after)/(1<<20), float64(before)/(1<<20), float64(after-before)/1024/float64(targets), m.Lateness(0.5), m.Lateness(0.99), gogc())
	if name := os.Getenv("STREAMWATCH_LOAD_HEAP"); name != "" {
		writeHeap(t, name)
	}
	cancel()
	running.Wait()
	for _, in := range found.last {
		t.Errorf("false alarm: %s %s %s %s: %s", in.Stream, in.Check, in.Side, in.Opened.Sub(in.Began), in.Detail)
	}
}

// TestLoadBare makes as many bare requests for playlists, at the same pace and
// from as many goroutines, and nothing else: what net/http and the kernel take
// of the figures of TestLoad on this machine at this moment.
func TestLoadBare(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("STREAMWATCH_LOAD"))
	if n == 0 {
		t.Skip("a measurement, not a test: run make load")
	}
	originURL, _ := startLoadServer(t, n)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: fetch.ConnsPerHost, MaxConnsPerHost: fetch.ConnsPerHost, DisableCompression: true}}
	var requests atomic.Int64
	var running sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for i := range n * 7 {
		running.Go(func() {
			time.Sleep(time.Duration(i%1000) * time.Millisecond)
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/s%03d/360p/playlist.m3u8", originURL, i%n), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if res, err := client.Do(req); err == nil {
					_, _ = io.Copy(io.Discard, res.Body)
					res.Body.Close()
					requests.Add(1)
				}
				select {
				case <-tick.C:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	time.Sleep(10 * time.Second)
	made, cpu := requests.Load(), cpuTime(t)
	time.Sleep(20 * time.Second)
	made, cpu = requests.Load()-made, cpuTime(t)-cpu
	t.Logf("bare: %.0f requests/s, %.1f µs of CPU each", float64(made)/20, float64(cpu.Microseconds())/float64(made))
	cancel()
	running.Wait()
}

func writeHeap(t *testing.T, name string) {
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	runtime.GC()
	if err := pprof.WriteHeapProfile(f); err != nil {
		t.Fatal(err)
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	t.Logf("heap in use %.1f MiB, stacks %.1f MiB, %d goroutines, next collection at %.1f MiB", float64(s.HeapInuse)/(1<<20), float64(s.StackInuse)/(1<<20), runtime.NumGoroutine(), float64(s.NextGC)/(1<<20))
}

func gogc() int {
	v := debug.SetGCPercent(100)
	debug.SetGCPercent(v)
	return v
}

type countingTransport struct {
	next http.RoundTripper
	n    atomic.Int64
}

func (c *countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.next.RoundTrip(r)
}

func cpuTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func rss(t *testing.T) int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("needs /proc")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

func startLoadServer(t *testing.T, n int) (origin, edge string) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestLoadServer$")
	cmd.Env = append(os.Environ(), "STREAMWATCH_LOAD_SERVER="+strconv.Itoa(n))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "serving" {
			return f[1], f[2]
		}
	}
	t.Fatal("the server did not start")
	return "", ""
}

// TestLoadServer is the other process of TestLoad.
func TestLoadServer(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("STREAMWATCH_LOAD_SERVER"))
	if n == 0 {
		t.Skip("part of TestLoad")
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("s%03d", i)
	}
	origin := sim.NewOrigin(sim.Config{Streams: names, TargetDuration: 2 * time.Second, Stagger: true, Jitter: 0.05})
	originURL := serve(t, origin)
	u, err := url.Parse(originURL)
	if err != nil {
		t.Fatal(err)
	}
	edgeURL := serve(t, edge.New(edge.Config{Origin: u}))
	fmt.Println("serving", originURL, edgeURL)
	select {}
}

func serve(t *testing.T, h http.Handler) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = http.Serve(l, h) }() //nolint:gosec // loopback, for a measurement
	return "http://" + l.Addr().String()
}
