package player_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// hostPage is a page of somebody else, with our code pasted into it. It is
// opened as a frame, whose window is f where want is evaluated until it holds.
type hostPage struct {
	name   string
	policy string                  // Content-Security-Policy; no report may come
	body   func(s snippets) string // after the doctype
	want   string                  // JavaScript
	only   string                  // one browser
}

// snippets are the codes that a user copies.
type snippets struct {
	hlsjs, videojs      string // with the script inline; the library comes from the page's server
	strict              string // without anything inline
	published           string // with a base: the first source is a CDN that cannot be reached
	frame               string
	alone               string // inline, and no source that answers
	element, videoIsOff string // the element alone, and one that does not start by itself
}

const (
	plays = `all.length > 0 && all.every((p) => p.shadowRoot.querySelectorAll('video').length === 1 && sum(p.video.played) > 0.5)`
	// open is a policy for everything but scripts.
	media = "default-src 'none'; connect-src *; media-src blob:; worker-src blob:; img-src 'self' data:; "
)

// hostile is what themes do, and worse.
const hostileCSS = `<style>
* { float: left !important; font: 2px monospace !important; color: red !important; letter-spacing: 9px !important; text-transform: uppercase !important; direction: rtl !important; }
html, body, main { float: none !important; }
main * { display: inline !important; visibility: hidden !important; opacity: .1 !important; position: static !important; width: 3px !important; height: 3px !important; max-height: 3px !important; transform: scale(.1) !important; filter: blur(9px) !important; pointer-events: none !important; }
video, button, select, div, p, slot, .slate, .bar { display: none !important; }
</style>`

// amd is a loader as require.js is: declared with var, and angry with scripts
// that it did not ask for.
const amd = `<script>var calls = []; var define = function () { calls.push(arguments.length); }; define.amd = {jQuery: true};</script>`

func hostPages() []hostPage {
	return []hostPage{
		{name: "two of one kind", body: func(s snippets) string { return s.hlsjs + "<p>text</p>" + s.hlsjs }, want: `all.length === 2 && all.every((p) => p.shadowRoot.querySelectorAll('.bar').length === 1) && ` + plays},
		{name: "two kinds", body: func(s snippets) string { return s.hlsjs + s.videojs }, want: `all.length === 2 && ` + plays},
		{
			name: "inserted late", body: func(s snippets) string {
				return `<script async src="/files/streamwatch-player.js"></script><div id="later"></div><script>window.addEventListener('load', () => setTimeout(() => { document.querySelector('#later').innerHTML = ` + quoted(s.element) + `; }, 300));</script>`
			}, want: plays,
		},
		{name: "AMD loader", body: func(s snippets) string { return amd + s.hlsjs + s.videojs }, want: `f.calls.length === 0 && typeof f.define === 'function' && f.define.amd.jQuery && ` + plays},
		{
			name: "CommonJS names", body: func(s snippets) string {
				return `<script>window.module = {exports: {}}; window.exports = module.exports;</script>` + s.hlsjs
			},
			want: `Object.keys(f.module.exports).length === 0 && ` + plays,
		},
		{
			name: "another hls.js", body: func(s snippets) string { return `<script>window.Hls = {version: '0.1'};</script>` + s.hlsjs },
			want: `f.Hls.version === '0.1' && ` + plays,
		},
		{
			name: "strict policy with a nonce", policy: media + "script-src 'nonce-abc'; style-src 'none'",
			body: func(s snippets) string {
				return strings.ReplaceAll(strings.ReplaceAll(s.hlsjs, "<script>", "<script nonce='abc'>"), ` style="display:block;aspect-ratio:16/9"`, "")
			}, want: plays,
		},
		{
			name: "strict-dynamic", policy: media + "script-src 'nonce-abc' 'strict-dynamic'; style-src 'none'",
			body: func(s snippets) string { return strings.ReplaceAll(s.strict, "<script ", "<script nonce='abc' ") }, want: plays,
		},
		{name: "nothing inline", policy: media + "script-src 'self'; style-src 'self'", body: func(s snippets) string { return s.strict }, want: plays},
		{
			name: "Trusted Types", policy: media + "script-src 'self'; style-src 'self'; require-trusted-types-for 'script'; trusted-types streamwatch", only: "chromium",
			body: func(s snippets) string { return s.strict }, want: plays,
		},
		{
			name: "hostile CSS", body: func(s snippets) string { return hostileCSS + "<main>" + s.hlsjs + "</main>" },
			want: `(() => { const v = all[0].video, r = v.getBoundingClientRect(), c = f.getComputedStyle(all[0]); return r.width > 2 && Math.abs(r.width / r.height - 16 / 9) < 0.1 &&
				c.opacity === '1' && c.visibility === 'visible' && c.pointerEvents === 'auto' && f.getComputedStyle(v).display === 'block' && f.getComputedStyle(v).visibility === 'visible'; })() && ` + plays,
		},
		{
			name: "in a shadow root", body: func(s snippets) string {
				return `<div id="outer"></div><script async src="/files/streamwatch-player.js"></script><script>document.querySelector('#outer').attachShadow({mode: 'open'}).innerHTML = ` + quoted(s.element) + `;</script>`
			}, want: strings.ReplaceAll(plays, "all", "[...f.document.querySelector('#outer').shadowRoot.querySelectorAll('stream-watch-player')]"),
		},
		{name: "blocked library", body: func(s snippets) string { return s.published }, want: plays},
		{
			name: "wrong integrity", body: func(s snippets) string {
				return strings.ReplaceAll(s.published, "<stream-watch-player ", `<stream-watch-player library="/files/hls.min.js" library-integrity="sha384-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" `)
			}, want: plays,
		},
		{
			name: "hanging library", body: func(s snippets) string {
				return `<script>window.began = performance.now(); document.addEventListener('DOMContentLoaded', () => { window.parsed = performance.now() - began; });</script>` +
					strings.ReplaceAll(s.published, "<stream-watch-player ", `<stream-watch-player library="/hang.js" `)
			}, want: `f.parsed > 0 && ` + plays, // the library hangs till the end of the test
		},
		{
			name: "no library", body: func(s snippets) string {
				return `<script>window.told = []; document.addEventListener('streamwatch', (e) => told.push(e.detail.type));</script>` + s.alone
			},
			want: `all[0].state === 'failed' && f.told.includes('degraded') && !all[0].video.currentSrc && ['.reload', '.link'].every((s) => { const e = all[0].shadowRoot.querySelector(s); return !e.hidden && e.getBoundingClientRect().width > 20; })`,
		},
		{
			name: "moved about", body: func(s snippets) string {
				return `<div id="a"></div><div id="b"></div>` + s.hlsjs + `<script>setTimeout(() => { const p = document.querySelector('stream-watch-player'); for (const id of ['a', 'b', 'a', 'b']) document.getElementById(id).append(p); window.moved = true; }, 1500);</script>`
			},
			want: `f.moved && all[0].parentNode.id === 'b' && all[0].shadowRoot.querySelectorAll('.slate').length === 1 && ` + plays,
		},
		{
			name: "sandboxed frame and its messages", body: func(s snippets) string {
				return s.frame + `<script>window.told = []; window.addEventListener('message', ({data, source}) => { if (!data.streamwatch) return; told.push(data);
					const send = (m) => source.postMessage({streamwatch: 1, ...m}, '*');
					if (data.type === 'event' && data.detail.type === 'playing') { send({command: 'pause', id: 1}); send({command: 'explode', id: 2}); send({streamwatch: 9, command: 'play', id: 3}); }
				});</script>`
			},
			want: `(() => { const of = (id) => f.told.find((m) => m.id === id) || {}; return f.told[0] && f.told[0].type === 'hello' && of(1).type === 'status' && of(1).paused === true && of(2).type === 'error' && of(3).type === 'error'; })()`,
		},
		{
			name: "off asks for nothing", body: func(s snippets) string { return s.videoIsOff },
			want: `!all[0].shadowRoot.querySelector('.play').hidden && !all[0].video.currentSrc && all[0].state === 'stopped'`,
		},
		{
			name: "Vue", body: func(s snippets) string {
				return `<div id="app"></div><script src="/files/vue.global.prod.js"></script><script async src="/files/streamwatch-player.js"></script><script>
					const app = Vue.createApp({data: () => ({shown: true}), template: '<section v-if="shown">' + ` + quoted(s.element) + ` + '</section>'});
					app.config.compilerOptions.isCustomElement = (tag) => tag === 'stream-watch-player';
					const vm = app.mount('#app');
					setTimeout(() => { vm.shown = false; setTimeout(() => { vm.shown = true; window.again = true; }, 300); }, 1500);
				</script>`
			}, want: `f.again && all.length === 1 && ` + plays,
		},
		{
			name: "htmx", body: func(snippets) string {
				return `<script src="/files/htmx.min.js"></script><div hx-get="/fragment" hx-trigger="load">loading</div>`
			}, want: plays,
		},
		{
			name: "chat beside it", body: func(s snippets) string {
				return strings.Replace(s.hlsjs, "</stream-watch-player>", `<div slot="side" style="height:50px">chat</div></stream-watch-player>`, 1)
			},
			want: `all[0].querySelector('[slot=side]').getBoundingClientRect().width > 50 && ` + plays,
		},
	}
}

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
		fmt.Fprint(w, "<!DOCTYPE html><html lang='en'><title>host</title><link rel='icon' href='data:,'><body>"+p.body(h.codes))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!DOCTYPE html><html lang='en'><title>hosts</title><link rel='icon' href='data:,'><body>")
		// A frame that hangs would hold the page's load event, and with it the driver.
		fmt.Fprintf(w, `<script>window.addEventListener('load', () => setTimeout(() => { for (const name of %s) {
			const frame = document.createElement('iframe');
			Object.assign(frame, {name, src: '/page/' + name, width: 500, height: 320, allow: 'autoplay'});
			document.body.append(frame);
		} }));</script>`, asJSON(t, slices.Sorted(maps.Keys(h.pages))))
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
		frame: string(published["iframe.snippet.html"]), alone: string(plain["hlsjs.snippet.html"]), videoIsOff: own(off["hlsjs.snippet.html"], "hls.min.js"),
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
	const sum = (ranges) => { let s = 0; for (let i = 0; i < ranges.length; i += 1) s += ranges.end(i) - ranges.start(i); return s; };
	const look = () => {
		const missing = {};
		for (const [name, want] of Object.entries(wants)) {
			const f = window.frames[name];
			try {
				const all = [...f.document.querySelectorAll('stream-watch-player')];
				if (want(f, all)) { delete wants[name]; document.querySelector('iframe[name="' + name + '"]').remove(); continue; }
				missing[name] = [f.Hls && f.Hls.version, f.module && Object.keys(f.module.exports), f.performance.getEntriesByType('resource').length].join(' ') + JSON.stringify(all.map((p) => [p.state, p.video && p.video.currentTime, p.video && p.video.getBoundingClientRect().width, p.video && sum(p.video.played)])) + JSON.stringify(f.told || '').slice(0, 300);
			} catch (e) { missing[name] = String(e); }
		}
		if (Object.keys(missing).length && Date.now() - began < 240000) setTimeout(look, 300);
		else done(missing);
	};
	look();
})`
}

// Our code is pasted into other people's pages, in two browsers: each plays, and
// leaves the page as it was.
func TestHostPages(t *testing.T) { // not beside others: all its pages play at once
	for _, name := range []string{"chromium", "firefox"} {
		t.Run(name, func(t *testing.T) {
			h := newHosts(t)
			var pages []hostPage
			for _, p := range hostPages() {
				if p.only == "" || p.only == name {
					pages = append(pages, p)
					h.pages[strings.ReplaceAll(p.name, " ", "-")] = p
				}
			}
			missing := map[string]string{}
			if name == "firefox" {
				f := newFirefox(t)
				f.open(h.URL)
				f.eval(h.judge(pages), &missing)
			} else {
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
				if strings.HasPrefix(r, "Trusted-Types ") && strings.Contains(r, "hls.min.js") {
					continue
				}
				t.Errorf("a policy was violated: %s", r)
			}
		})
	}
}
