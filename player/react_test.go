package player_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// The host of the component: React's StrictMode, a switch, and counts of the
// instances of hls.js that were made and that live.
const reactHost = `import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import Hls from 'hls.js';
import LivePlayer from './react.jsx';

window.made = new Set();
window.alive = new Set();
const { loadSource, destroy } = Hls.prototype;
Hls.prototype.loadSource = function (url) { made.add(this); alive.add(this); return loadSource.call(this, url); };
Hls.prototype.destroy = function () { alive.delete(this); return destroy.call(this); };

function App() {
  const [shown, show] = useState(true);
  window.show = show;
  return shown ? <LivePlayer /> : <p>gone</p>;
}
createRoot(document.getElementById('root')).render(<StrictMode><App /></StrictMode>);
`

// buildReact makes a folder of the component as a user would, and builds it with
// Vite and without a plug-in, once for each mode of React: only in development
// does StrictMode run effects twice. It returns the folder of each mode.
func buildReact(t *testing.T, files map[string][]byte) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", "react", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	files["main.jsx"] = []byte(reactHost)
	files["index.html"] = []byte(`<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>React</title><link ` +
		`rel="icon" href="data:,"><div id="root"></div><script type="module" src="./main.jsx"></script></html>`)
	files["vite.config.js"] = []byte("export default " +
		"{ esbuild: { jsx: 'automatic' }, build: { chunkSizeWarningLimit: 2000 } };\n")
	if _, err := player.Write(dir, "", files); err != nil {
		t.Fatal(err)
	}
	npm := func(mode string, args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), "npm", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "NODE_ENV="+mode)
		return cmd.CombinedOutput()
	}
	if out, err := npm("", "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
		t.Skipf("npm cannot install: %v", err)
	}
	built := map[string]string{}
	for _, mode := range []string{"production", "development"} {
		if out, err := npm(mode, "exec", "--offline", "--", "vite", "build", "--mode", mode, "--outDir", mode); err != nil {
			t.Fatalf("vite build: %v\n%s", err, out)
		}
		built[mode] = filepath.Join(dir, mode)
	}
	return built
}

// reactPackages are what the test installs, with their versions.
func reactPackages(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile("testdata/react/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct{ Dependencies map[string]string }
	if err := json.Unmarshal(b, &pinned); err != nil {
		t.Fatal(err)
	}
	return pinned.Dependencies
}

func TestReactComponent(t *testing.T) {
	t.Parallel()
	proctest.Need(t, "node", "npm")
	l, told := onAir(t, false), newCollector(t)
	opt := player.Options{Title: "Autumn concert", Beacon: told.url}
	cfg, _, err := player.Derive(benchFacts(), opt)
	if err != nil {
		t.Fatal(err)
	}
	all, err := player.Render("autumn-concert", "main", l.url(), cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	pinned := reactPackages(t)["hls.js"]
	if !strings.Contains(string(all["react.jsx"]), "npm install hls.js@"+pinned+",") {
		t.Errorf("it is tested with hls.js %s, and asks for another", pinned)
	}
	files := map[string][]byte{} // what the component's comment asks for, and no more
	for _, name := range []string{"react.jsx", "streamwatch-player.mjs"} {
		files[name] = all[name]
	}
	built := buildReact(t, files)
	ctx := browser(t)
	for _, mode := range []string{"production", "development"} {
		t.Run(mode, func(t *testing.T) {
			srv := httptest.NewServer(http.FileServer(http.Dir(built[mode])))
			defer srv.Close()
			told.take()
			var asked atomic.Int32
			l.set(func(http.ResponseWriter, *http.Request) bool { asked.Add(1); return false })

			open(ctx, t, srv.URL)
			played(ctx, t, 3*time.Second)
			lone(ctx, t)
			eval[any](ctx, t, "void show(false)")
			time.Sleep(500 * time.Millisecond)
			if n := eval[int](ctx, t, "alive.size + document.querySelectorAll('stream-watch-player').length"); n > 0 {
				t.Errorf("after unmounting %d players or pictures are left", n)
			}
			before := asked.Load()
			time.Sleep(3 * time.Second) // more than a target duration
			if n := asked.Load() - before; n > 0 {
				t.Errorf("an unmounted player asked %d times", n)
			}
			if got := told.take(); len(got) == 0 || got[len(got)-1]["kind"] != "hlsjs" ||
				got[len(got)-1]["played_seconds"] == nil {
				t.Errorf("it reported %v", got)
			}
			eval[any](ctx, t, "void show(true)")
			played(ctx, t, 2*time.Second)
			lone(ctx, t)
		})
	}
}

// lone requires that exactly one player lives, with one of each of its parts.
func lone(ctx context.Context, t *testing.T) {
	t.Helper()
	for _, of := range []string{
		"alive.size", "document.querySelectorAll('stream-watch-player').length",
		"inside('.stage').querySelectorAll('.slate').length", "inside('.stage').querySelectorAll('.bar').length",
	} {
		if n := eval[int](ctx, t, of); n != 1 {
			t.Errorf("%s is %d, want 1", of, n)
		}
	}
}
