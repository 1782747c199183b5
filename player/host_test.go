package player_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim"
)

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// hosts serves the host pages, the files of the embeds and a live stream.
type hosts struct {
	*httptest.Server
	files map[string][]byte
	pages map[string]hostPage
	codes snippets

	mu      sync.Mutex
	reports []string
}

func newHosts(t *testing.T) *hosts {
	t.Helper()
	h := &hosts{pages: map[string]hostPage{}}
	mux := http.NewServeMux()
	origin := sim.NewOrigin(sim.Config{Streams: []string{"main"}})
	mux.Handle("/main/", origin)
	stop := make(chan struct{})
	mux.HandleFunc("/hang.js", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/files/", func(w http.ResponseWriter, r *http.Request) {
		b, ok := h.files[path.Base(r.URL.Path)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write(b)
	})
	mux.HandleFunc("/fragment", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, h.codes.hlsjs)
	})
	mux.HandleFunc("/report/", func(_ http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		_, _ = fmt.Fprint(&b, path.Base(r.URL.Path), " ")
		buf := make([]byte, 2000)
		n, _ := io.ReadFull(r.Body, buf)
		b.Write(buf[:n])
		h.mu.Lock()
		defer h.mu.Unlock()
		h.reports = append(h.reports, b.String())
	})
	mux.HandleFunc("/page/", func(w http.ResponseWriter, r *http.Request) {
		p := h.pages[path.Base(r.URL.Path)]
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if p.policy != "" {
			w.Header().Set("Content-Security-Policy", p.policy+"; report-uri /report/"+strings.ReplaceAll(p.name, " ", "-"))
		}
		fmt.Fprint(w, "<!DOCTYPE html><html lang='en'><title>host</title><link rel='icon' href='data:,'><body>"+
			p.body(h.codes))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!DOCTYPE html><html lang='en'><title>hosts</title><link rel='icon' href='data:,'><body>")
	})
	h.Server = httptest.NewServer(mux)
	t.Cleanup(func() { close(stop); h.Close() })
	h.render(t)
	return h
}

// render makes the codes of a stream that plays.
func (h *hosts) render(t *testing.T) {
	t.Helper()
	manifest := h.URL + "/main/playlist.m3u8"
	files := func(o player.Options) map[string][]byte {
		o.Title = "Autumn concert"
		cfg, _, err := player.Derive(player.Manifest{}, o)
		if err != nil {
			t.Fatal(err)
		}
		all, err := player.Render("concert", "main", manifest, cfg, o)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	plain := files(player.Options{})
	published := files(player.Options{Base: h.URL + "/files"})
	off := files(player.Options{Autoplay: player.Off})
	h.files = published
	for spec, name := range map[string]string{"vue@3.5.13": "vue.global.prod.js", "htmx.org@2.0.4": "htmx.min.js"} {
		b, err := os.ReadFile(filepath.Join(unpacked(t, spec), "dist", name))
		if err != nil {
			t.Fatal(err)
		}
		h.files[name] = b
	}
	own := func(b []byte, name string) string {
		return strings.ReplaceAll(string(b), "<stream-watch-player ", `<stream-watch-player library="/files/`+name+`" `)
	}
	h.codes = snippets{
		hlsjs: own(plain["hlsjs.snippet.html"], "hls.min.js"), videojs: own(plain["videojs.snippet.html"], "video.min.js"),
		strict: own(published["hlsjs.strict.snippet.html"], "hls.min.js"), published: string(published["hlsjs.snippet.html"]),
		frame: string(published["iframe.snippet.html"]),
		alone: string(plain["hlsjs.snippet.html"]), videoIsOff: own(off["hlsjs.snippet.html"], "hls.min.js"),
	}
	h.codes.frame = strings.ReplaceAll(h.codes.frame, ` loading="lazy"`, "")
	h.codes.element, _, _ = strings.Cut(own(published["hlsjs.strict.snippet.html"], "hls.min.js"), "<script")
}

// judge looks at all pages until what is wanted holds, and returns what does not.
func (h *hosts) judge(pages []hostPage) string {
	var wants strings.Builder
	for _, p := range pages {
		fmt.Fprintf(&wants, "%q: (f, all) => %s,\n", strings.ReplaceAll(p.name, " ", "-"), p.want)
	}
	return `new Promise((done) => {
	const wants = {` + wants.String() + `};
	const began = Date.now();
	const sum = (ranges) => {
		let s = 0;
		for (let i = 0; i < ranges.length; i += 1) s += ranges.end(i) - ranges.start(i);
		return s;
	};
	const waiting = Object.keys(wants);
	const missing = {};
	let open = 0;
	const look = () => {
		for (; open < 12 && waiting.length; open += 1) {
			const frame = document.createElement('iframe');
			const name = waiting.shift();
			Object.assign(frame, {name, src: '/page/' + name, width: 500, height: 320, allow: 'autoplay'});
			document.body.append(frame);
			missing[name] = 'not loaded';
		}
		for (const name of Object.keys(missing)) {
			const want = wants[name], f = window.frames[name];
			try {
				const all = [...f.document.querySelectorAll('stream-watch-player')];
				if (want(f, all)) {
					delete missing[name];
					document.querySelector('iframe[name="' + name + '"]').remove();
					open -= 1;
					continue;
				}
				missing[name] = [
					f.Hls && f.Hls.version, f.module && Object.keys(f.module.exports),
					f.performance.getEntriesByType('resource').length
				].join(' ') + JSON.stringify(all.map((p) => [
					p.state, p.video && p.video.currentTime, p.video && p.video.getBoundingClientRect().width,
					p.video && sum(p.video.played)
				])) + JSON.stringify(f.told || '').slice(0, 300);
			} catch (e) { missing[name] = String(e); }
		}
		if ((open || waiting.length) && Date.now() - began < 240000) setTimeout(look, 300);
		else done({...missing, ...Object.fromEntries(waiting.map((name) => [name, 'not opened']))});
	};
	look();
})`
}

// Our code is pasted into other people's pages, in two browsers, and in a third
// where it is asked for: each plays, and
// leaves the page as it was.
func TestHostPages(t *testing.T) { // not beside others: many pages play at once
	for _, name := range []string{"chromium", "firefox", "webkit"} {
		t.Run(name, func(t *testing.T) {
			h := newHosts(t)
			var pages []hostPage
			if name == "webkit" && os.Getenv(webkitEnv) == "" {
				t.Skip("set " + webkitEnv + "=1")
			}
			for _, p := range append(hostPages(), oddPages()...) {
				// See TestWebKit; and it upgrades the http:// of our own pages on this machine too.
				if body := p.body(h.codes); name == "webkit" &&
					(strings.Contains(body, "video.min.js") || strings.Contains(body, "<iframe src=")) {
					continue
				}
				if p.only == "" || p.only == name {
					pages = append(pages, p)
					h.pages[strings.ReplaceAll(p.name, " ", "-")] = p
				}
			}
			missing := map[string]string{}
			switch name {
			case "firefox":
				f := newFirefox(t)
				f.open(h.URL)
				f.eval(h.judge(pages), &missing)
			case "webkit":
				w := newWebKit(t)
				w.open(h.URL)
				w.eval(h.judge(pages), &missing)
			default:
				ctx, cancel := context.WithTimeout(browser(t), 5*time.Minute)
				defer cancel()
				open(ctx, t, h.URL)
				missing = eval[map[string]string](ctx, t, h.judge(pages))
			}
			for page, state := range missing {
				t.Errorf("%s: %s", page, state)
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			for _, r := range h.reports {
				// hls.js tries a worker, and goes on without: nothing tells a script
				// beforehand that a page wants Trusted Types.
				if strings.HasPrefix(r, "Trusted-Types ") && strings.Contains(r, "hls.min.js") ||
					strings.HasPrefix(r, "policy-without-") {
					continue
				}
				t.Errorf("a policy was violated: %s", r)
			}
		})
	}
}
