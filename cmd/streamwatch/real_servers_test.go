package main_test

import (
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

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
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0",
		"-b:v:0", "300k", "-b:v:1", "150k",
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
	b.nginx = exec.Command("nginx", "-c", b.conf, "-p", b.dir,
		"-e", filepath.Join(b.dir, "error.log"), "-g", "daemon off;")
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
