package player_test

import "strings"

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
	plays = `all.length > 0 && all.every((p) => p.shadowRoot.querySelectorAll('video').length === 1 && ` +
		`sum(p.video.played) > 0.5)`
	// open is a policy for everything but scripts.
	media = "default-src 'none'; connect-src *; media-src blob:; worker-src blob:; img-src 'self' data:; "
)

// hostile is what themes do, and worse.
const hostileCSS = `<style>
* {
	float: left !important; font: 2px monospace !important; color: red !important; letter-spacing: 9px !important;
	text-transform: uppercase !important; direction: rtl !important;
}
html, body, main { float: none !important; }
main * {
	display: inline !important; visibility: hidden !important; opacity: .1 !important; position: static !important;
	width: 3px !important; height: 3px !important; max-height: 3px !important; transform: scale(.1) !important;
	filter: blur(9px) !important; pointer-events: none !important;
}
video, button, select, div, p, slot, .slate, .bar { display: none !important; }
</style>`

// amd is a loader as require.js is: declared with var, and angry with scripts
// that it did not ask for.
const amd = `<script>var calls = []; var define = function () { calls.push(arguments.length); }; ` +
	`define.amd = {jQuery: true};</script>`

func hostPages() []hostPage {
	return []hostPage{
		{
			name: "two of one kind", body: func(s snippets) string { return s.hlsjs + "<p>text</p>" + s.hlsjs },
			want: `all.length === 2 && all.every((p) => p.shadowRoot.querySelectorAll('.bar').length === 1) && ` + plays,
		},
		{
			name: "two kinds", body: func(s snippets) string { return s.hlsjs + s.videojs },
			want: `all.length === 2 && ` + plays,
		},
		{
			name: "inserted late", body: func(s snippets) string {
				return `<script async src="/files/streamwatch-player.js"></script><div id="later"></div>` +
					`<script>window.addEventListener('load', () => setTimeout(() => { document.querySelector('#later').innerHTML = ` +
					quoted(s.element) + `; }, 300));</script>`
			}, want: plays,
		},
		{
			name: "AMD loader", body: func(s snippets) string { return amd + s.hlsjs + s.videojs },
			want: `f.calls.length === 0 && typeof f.define === 'function' && f.define.amd.jQuery && ` + plays,
		},
		{
			name: "CommonJS names", body: func(s snippets) string {
				return `<script>window.module = {exports: {}}; window.exports = module.exports;</script>` + s.hlsjs
			},
			want: `Object.keys(f.module.exports).length === 0 && ` + plays,
		},
		{
			name: "another hls.js",
			body: func(s snippets) string { return `<script>window.Hls = {version: '0.1'};</script>` + s.hlsjs },
			want: `f.Hls.version === '0.1' && ` + plays,
		},
		{
			name: "strict policy with a nonce", policy: media + "script-src 'nonce-abc'; style-src 'none'",
			body: func(s snippets) string {
				return strings.ReplaceAll(strings.ReplaceAll(s.hlsjs, "<script>", "<script nonce='abc'>"),
					` style="display:block;aspect-ratio:16/9"`, "")
			}, want: plays,
		},
		{
			name: "strict-dynamic", policy: media + "script-src 'nonce-abc' 'strict-dynamic'; style-src 'none'",
			body: func(s snippets) string { return strings.ReplaceAll(s.strict, "<script ", "<script nonce='abc' ") },
			want: plays,
		},
		{
			name: "nothing inline", policy: media + "script-src 'self'; style-src 'self'",
			body: func(s snippets) string { return s.strict }, want: plays,
		},
		{
			name:   "Trusted Types",
			policy: media + "script-src 'self'; style-src 'self'; require-trusted-types-for 'script'; trusted-types streamwatch",
			only:   "chromium",
			body:   func(s snippets) string { return s.strict }, want: plays,
		},
		{
			name: "hostile CSS", body: func(s snippets) string { return hostileCSS + "<main>" + s.hlsjs + "</main>" },
			want: `(() => {
				const v = all[0].video, r = v.getBoundingClientRect(), c = f.getComputedStyle(all[0]);
				return r.width > 2 && Math.abs(r.width / r.height - 16 / 9) < 0.1 &&
					c.opacity === '1' && c.visibility === 'visible' && c.pointerEvents === 'auto' &&
					f.getComputedStyle(v).display === 'block' && f.getComputedStyle(v).visibility === 'visible';
			})() && ` + plays,
		},
		{
			name: "in a shadow root", body: func(s snippets) string {
				return `<div id="outer"></div><script async src="/files/streamwatch-player.js"></script>` +
					`<script>document.querySelector('#outer').attachShadow({mode: 'open'}).innerHTML = ` +
					quoted(s.element) + `;</script>`
			},
			want: strings.ReplaceAll(plays, "all",
				"[...f.document.querySelector('#outer').shadowRoot.querySelectorAll('stream-watch-player')]"),
		},
		{name: "blocked library", body: func(s snippets) string { return s.published }, want: plays},
		{
			name: "wrong integrity", body: func(s snippets) string {
				return strings.ReplaceAll(s.published, "<stream-watch-player ", `<stream-watch-player `+
					`library="/files/hls.min.js" `+
					`library-integrity="sha384-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" `)
			}, want: plays,
		},
		{
			name: "hanging library", body: func(s snippets) string {
				return `<script>window.began = performance.now(); document.addEventListener('DOMContentLoaded', () => { ` +
					`window.parsed = performance.now() - began; });</script>` +
					strings.ReplaceAll(s.published, "<stream-watch-player ", `<stream-watch-player library="/hang.js" `)
			}, want: `f.parsed > 0 && ` + plays, // the library hangs till the end of the test
		},
		{
			name: "no library", body: func(s snippets) string {
				return `<script>window.told = []; document.addEventListener('streamwatch', (e) => ` +
					`told.push(e.detail.type));</script>` + s.alone
			},
			want: `all[0].state === 'failed' && f.told.includes('degraded') && !all[0].video.currentSrc && ['.reload', ` +
				`'.link'].every((s) => { const e = all[0].shadowRoot.querySelector(s); ` +
				`return !e.hidden && e.getBoundingClientRect().width > 20; })`,
		},
		{
			name: "moved about", body: func(s snippets) string {
				return `<div id="a"></div><div id="b"></div>` + s.hlsjs + `<script>setTimeout(() => { ` +
					`const p = document.querySelector('stream-watch-player'); for (const id of ['a', 'b', 'a', ` +
					`'b']) document.getElementById(id).append(p); window.moved = true; }, 1500);</script>`
			},
			want: `f.moved && all[0].parentNode.id === 'b' && all[0].shadowRoot.querySelectorAll('.slate').length === 1 && ` +
				plays,
		},
		{
			name: "sandboxed frame and its messages", body: func(s snippets) string {
				return s.frame + `<script>window.told = []; window.addEventListener('message', ({data, source}) => {
					if (!data.streamwatch) return;
					told.push(data);
					const send = (m) => source.postMessage({streamwatch: 1, ...m}, '*');
					if (data.type === 'event' && data.detail.type === 'playing') {
						send({command: 'pause', id: 1});
						send({command: 'explode', id: 2});
						send({streamwatch: 9, command: 'play', id: 3});
					}
				});</script>`
			},
			want: `(() => { const of = (id) => f.told.find((m) => m.id === id) || {}; ` +
				`return f.told[0] && f.told[0].type === 'hello' && of(1).type === 'status' && of(1).paused === true && ` +
				`of(2).type === 'error' && of(3).type === 'error'; })()`,
		},
		{
			name: "off asks for nothing", body: func(s snippets) string { return s.videoIsOff },
			want: `!all[0].shadowRoot.querySelector('.play').hidden && !all[0].video.currentSrc && all[0].state === 'stopped'`,
		},
		{
			name: "Vue", body: func(s snippets) string {
				return `<div id="app"></div><script src="/files/vue.global.prod.js"></script>` +
					`<script async src="/files/streamwatch-player.js"></script><script>
					const app = Vue.createApp({
						data: () => ({shown: true}),
						template: '<section v-if="shown">' + ` + quoted(s.element) + ` + '</section>'});
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
				return strings.Replace(s.hlsjs, "</stream-watch-player>",
					`<div slot="side" style="height:50px">chat</div></stream-watch-player>`, 1)
			},
			want: `all[0].querySelector('[slot=side]').getBoundingClientRect().width > 50 && ` + plays,
		},
	}
}
