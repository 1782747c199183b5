package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
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
		s = append(s, fmt.Sprintf("%s %s blame %s at the %s (%s; %v)", in.Check, in.Severity, in.Blame, in.Side, in.Detail, in.Consequences))
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

// origin is a plain file server that can be stopped, and can lose files.
type origin struct {
	t       *testing.T
	root    string
	address string
	server  *http.Server

	mu      sync.Mutex
	missing map[string]bool
}

func (o *origin) start() {
	if o.address == "" {
		o.address = proctest.Address(o.t)
	}
	l, err := net.Listen("tcp", o.address)
	if err != nil {
		o.t.Fatal(err)
	}
	o.server = &http.Server{Handler: o, ReadHeaderTimeout: time.Second}
	go func() {
		if err := o.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			o.t.Error(err)
		}
	}()
	o.t.Cleanup(o.stop)
}

func (o *origin) stop() { o.server.Close() }

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	gone := o.missing[filepath.Base(filepath.Dir(r.URL.Path))+"/"+filepath.Base(r.URL.Path)]
	o.mu.Unlock()
	if gone {
		http.NotFound(w, r)
		return
	}
	if kind := mime.TypeByExtension(filepath.Ext(r.URL.Path)); strings.HasSuffix(r.URL.Path, ".m3u8") || kind == "" {
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	}
	http.FileServer(http.Dir(o.root)).ServeHTTP(w, r)
}

// loseNextSegment takes away the segment that v0 will list next, on both sides:
// nothing has asked for it yet.
func (o *origin) loseNextSegment() {
	names, err := filepath.Glob(filepath.Join(o.root, "v0", "seg*"))
	if err != nil || len(names) == 0 {
		o.t.Fatalf("no segments in %s: %v", o.root, err)
	}
	newest := 0
	for _, n := range names {
		digits := strings.TrimLeft(strings.TrimSuffix(filepath.Base(n), filepath.Ext(n)), "seg")
		if k, err := strconv.Atoi(digits); err == nil {
			newest = max(newest, k)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ext := range []string{".ts", ".m4s"} {
		o.missing[fmt.Sprintf("v0/seg%05d%s", newest+1, ext)] = true
		o.missing[fmt.Sprintf("v0/seg%05d%s", newest+2, ext)] = true
	}
}

func (o *origin) findSegments() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.missing)
}

func startFFmpeg(t *testing.T, root, container string) *exec.Cmd {
	t.Helper()
	for _, v := range []string{"v0", "v1"} {
		if err := os.MkdirAll(filepath.Join(root, v), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ext := ".ts"
	if container == "fmp4" {
		ext = ".m4s"
	}
	cmd := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re",
		"-f", "lavfi", "-i", "testsrc2=size=426x240:rate=25", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-map", "0:v", "-map", "1:a", "-map", "0:v", "-map", "1:a", "-filter:v:1", "scale=320:180",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-b:v:0", "300k", "-b:v:1", "150k",
		"-c:a", "aac", "-b:a", "64k", "-f", "hls", "-hls_time", "2", "-hls_list_size", "6", "-hls_delete_threshold", "6",
		"-hls_flags", "delete_segments+program_date_time+independent_segments+temp_file", "-hls_segment_type", container,
		"-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", filepath.Join(root, "v%v", "seg%05d"+ext),
		"-master_pl_name", "master.m3u8", "-var_stream_map", "v:0,a:0 v:1,a:1", filepath.Join(root, "v%v", "playlist.m3u8"))
	start(t, "ffmpeg", cmd, syscall.SIGKILL)
	return cmd
}

func (b *bench) startNginx() {
	b.conf = filepath.Join(b.dir, "nginx.conf")
	b.writeConf("1s")
	b.nginx = exec.Command("nginx", "-c", b.conf, "-p", b.dir, "-e", filepath.Join(b.dir, "error.log"), "-g", "daemon off;")
	start(b.t, "nginx", b.nginx, syscall.SIGTERM)
}

// configure gives nginx another time to keep playlists for. Copies that it has
// stay for as long as they were given, so the cache begins anew.
func (b *bench) configure(keep string) {
	b.writeConf(keep)
	b.signal(b.nginx, syscall.SIGHUP)
}

func (b *bench) writeConf(keep string) {
	b.t.Helper()
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the test's folder is ours alone
	}
	conf := fmt.Sprintf(`%[5]s
pid %[1]s/nginx.pid;
worker_processes 1;
events {}
http {
  access_log off;
  proxy_cache_path %[1]s/cache levels=1 keys_zone=hls:1m inactive=10m;
  proxy_temp_path %[1]s/tmp;
  client_body_temp_path %[1]s/body;
  fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server {
    listen 127.0.0.1:%[2]d;
    proxy_cache hls;
    proxy_cache_key $uri-%[4]s;
    proxy_cache_lock on;
    proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
    proxy_connect_timeout 2s;
    add_header X-Cache-Status $upstream_cache_status;
    location / { proxy_pass http://%[3]s; proxy_cache_valid 200 206 1h; proxy_cache_valid 404 1s; }
    location ~ \.m3u8$ { proxy_pass http://%[3]s; proxy_cache_valid 200 %[4]s; proxy_cache_valid any 1s; }
  }
}
`, b.dir, b.port, b.origin.address, keep, user)
	if err := os.WriteFile(b.conf, []byte(conf), 0o600); err != nil {
		b.t.Fatal(err)
	}
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

// buildBinary returns what `go build` makes of the command, once for all tests.
func buildBinary(t *testing.T) string {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

var built = sync.OnceValues(func() (string, error) {
	scripted, err := exec.LookPath("streamwatch") // testscript puts it there, and takes the folder away in the end
	if err != nil {
		return "", fmt.Errorf("the folder of the scripts' programs: %w", err)
	}
	binary := filepath.Join(filepath.Dir(scripted), "streamwatch-built")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, out)
	}
	return binary, nil
})
