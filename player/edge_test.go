package player_test

import (
	"fmt"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// nginxEdge is a caching edge before a live stream, which can go away.
type nginxEdge struct {
	t       *testing.T
	dir     string
	address string
	cmd     *exec.Cmd
}

// behindNginx puts nginx before the stream: playlists are kept for a second,
// errors are passed on.
func (l *live) behindNginx(t *testing.T) *nginxEdge {
	t.Helper()
	proctest.Need(t, "nginx")
	e := &nginxEdge{t: t, dir: t.TempDir(), address: proctest.Address(t)}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the test's folder is ours alone
	}
	conf := fmt.Sprintf(`%[4]s
daemon off; pid %[1]s/pid; error_log %[1]s/error.log; worker_processes 1;
events {}
http {
  access_log off;
  proxy_cache_path %[1]s/cache keys_zone=hls:1m;
  proxy_temp_path %[1]s/tmp; client_body_temp_path %[1]s/body;
  fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server {
    listen %[2]s;
    proxy_cache hls; proxy_cache_lock on; proxy_ignore_headers Cache-Control;
    location / { proxy_pass %[3]s; proxy_cache_valid 200 206 1h; }
    location ~ \.m3u8$ { proxy_pass %[3]s; proxy_cache_valid 200 1s; }
  }
}
`, e.dir, e.address, l.srv.URL, user)
	if err := os.WriteFile(filepath.Join(e.dir, "nginx.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	e.start()
	t.Cleanup(e.stop)
	l.front = "http://" + e.address
	return e
}

func (e *nginxEdge) start() {
	e.t.Helper()
	e.cmd = exec.Command("nginx", "-c", filepath.Join(e.dir, "nginx.conf"), "-p", e.dir, "-e",
		filepath.Join(e.dir, "error.log"))
	proctest.Bind(e.cmd, syscall.SIGTERM)
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	for deadline := time.Now().Add(proctest.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", e.address); err == nil {
			conn.Close()
			return
		}
	}
	e.t.Fatal("nginx does not listen")
}

// stop ends it and all connections.
func (e *nginxEdge) stop() {
	_ = e.cmd.Process.Signal(syscall.SIGTERM)
	_ = e.cmd.Wait()
}

// behindOurEdge puts the edge of `distribution: local` before the stream: as
// CloudFront it goes on with what it has while the origin fails. It returns the
// address.
func (l *live) behindOurEdge(t *testing.T) string {
	t.Helper()
	origin, err := url.Parse(l.srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(edge.New(edge.Config{Origin: origin}))
	t.Cleanup(srv.Close)
	return strings.TrimSuffix(srv.URL, "/")
}
