package player_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// webkit is WebKitGTK's small browser on a screen of its own, driven by WebDriver:
// the nearest thing to Safari that Debian has.
type webkit struct {
	t       *testing.T
	session string // its address
}

// webkitEnv runs the tests in WebKitGTK, which the pipeline does not install.
const webkitEnv = "STREAMWATCH_PLAYER_WEBKIT"

func newWebKit(t *testing.T) *webkit {
	t.Helper()
	if os.Getenv(webkitEnv) == "" {
		t.Skip("needs webkit2gtk-driver and xvfb; set " + webkitEnv + "=1")
	}
	binaries, _ := filepath.Glob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser")
	if len(binaries) == 0 {
		t.Fatal("apt-get install webkit2gtk-driver xvfb")
	}
	dir := t.TempDir()
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir, "DISPLAY=:87",
			"WEBKIT_DISABLE_COMPOSITING_MODE=1",
			"NO_AT_BRIDGE=1", "GIO_USE_VFS=local")
		proctest.Start(t, cmd, syscall.SIGKILL)
	}
	run("Xvfb", ":87", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	port := proctest.Port(t)
	run("WebKitWebDriver", fmt.Sprintf("--port=%d", port))
	w := &webkit{t: t, session: fmt.Sprintf("http://127.0.0.1:%d/session", port)}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("WebKitWebDriver does not listen")
		}
	}
	var got struct{ SessionID string }
	options := map[string]any{"binary": binaries[len(binaries)-1], "args": []string{"--automation"}}
	w.call("", map[string]any{
		"capabilities": map[string]any{"alwaysMatch": map[string]any{"webkitgtk:browserOptions": options}},
	}, &got)
	w.session += "/" + got.SessionID
	t.Cleanup(func() {
		req, _ := http.NewRequest(http.MethodDelete, w.session, nil)
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
		}
	})
	w.call("/timeouts", map[string]any{"script": 300000, "pageLoad": 60000}, nil)
	return w
}

// call sends a command and stores the value of its answer.
func (w *webkit) call(path string, params, to any) {
	w.t.Helper()
	b, err := json.Marshal(params)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := http.Post(w.session+path, "application/json", bytes.NewReader(b))
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	var answer struct{ Value json.RawMessage }
	if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(text, &answer) != nil {
		w.t.Fatalf("%s answers %s %s (%v)", path, res.Status, text, err)
	}
	if to == nil {
		return
	}
	if err := json.Unmarshal(answer.Value, to); err != nil {
		w.t.Fatalf("%s gives %s: %v", path, answer.Value, err)
	}
}

func (w *webkit) open(url string) {
	w.t.Helper()
	w.call("/url", map[string]any{"url": url}, nil)
}

// eval runs an expression, waits for its promise, and stores what it gives.
func (w *webkit) eval(expression string, to any) {
	w.t.Helper()
	w.call("/execute/async", map[string]any{
		"script": "const done = arguments[arguments.length - 1]; Promise.resolve(" + expression +
			").then(done, (e) => done(String(e)));", "args": []any{},
	}, to)
}

// What WebKitGTK plays, it plays by hls.js: it has no HLS of its own unless told,
// and plain Video.js stands still in it as ours does.
func TestWebKit(t *testing.T) {
	w := newWebKit(t)
	l := onAir(t, false)
	for kind, want := range map[player.Kind]string{
		player.HLSJS: `p.state === 'playing' && p.video.played.length > 0 && ` +
			`p.video.played.end(0) - p.video.played.start(0) > 3 && p.latency > 0`,
		player.Native: `p.state === 'unsupported' && !p.shadowRoot.querySelector('.link').hidden`,
	} {
		t.Run(string(kind), func(t *testing.T) {
			w.t = t
			srv := preview(t, l.url(), benchFacts(), player.Options{Title: "Autumn concert"})
			w.open(srv.URL + "/embed/main/" + string(kind))
			var state string
			w.eval(`new Promise((done) => {
				const began = Date.now();
				const look = () => {
					const p = document.querySelector('stream-watch-player');
					if (`+want+`) done('');
					else if (Date.now() - began > 30000) done(p.state + ' ' + p.video.played.length);
					else setTimeout(look, 200);
				};
				look();
			})`, &state)
			if state != "" {
				t.Errorf("the page is left with %q", state)
			}
		})
	}
}
