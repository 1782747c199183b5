package player_test

import "strings"

// prototype changes what the language has, as the libraries of 2008 do: arrays
// and strings turn themselves into JSON, elements and lists have other methods.
const prototype = `<script>
	const quote = JSON.stringify;
	Array.prototype.toJSON = function () { return '[' + this.map((v) => quote(v)).join(', ') + ']'; };
	String.prototype.toJSON = function () { return '"' + this + '"'; };
	Array.prototype.entries = Array.prototype.clone = function () { return this.slice(); };
	Element.prototype.show = Element.prototype.hide = Element.prototype.update = function () { return this; };
</script>`

// dates replaces Date.parse: an object for what it knows, null for the rest.
const dates = `<script>const parse = Date.parse; ` +
	`Date.parse = (text) => (isNaN(parse(text)) ? null : new Date(parse(text)));</script>`

// mootools lets bind take one array of arguments, and no others.
const mootools = `<script>Function.prototype.bind = function (self, args) { ` +
	`const run = this; if (args != null) args = [].concat(args); ` +
	`return function () { return run.apply(self, args || arguments); }; };</script>`

// told keeps what the players say.
const told = `<script>window.told = []; document.addEventListener('streamwatch', (e) => told.push(e.detail));</script>`

// forIn puts enumerable names on every object.
const forIn = `<script>Object.prototype.extend = function () { return this; }; ` +
	`Array.prototype.contains = function (v) { return this.indexOf(v) >= 0; };</script>`

// script is the element's script; bare is an element that says no more than its address.
const (
	script = `<script async src="/files/streamwatch-player.js"></script>`
	bare   = `<stream-watch-player src="/main/playlist.m3u8" library="/files/hls.min.js" ` +
		`autoplay="muted"></stream-watch-player>`
)

// oddPages change the language, or handle the element as few pages do.
func oddPages() []hostPage {
	return []hostPage{
		{
			name: "old Prototype", body: func(s snippets) string { return prototype + told + s.hlsjs + s.videojs },
			want: `all.length === 2 && ` + plays,
		},
		{
			name: "old date library", body: func(s snippets) string {
				return dates + strings.Replace(s.hlsjs, "<stream-watch-player ",
					`<stream-watch-player starts="2099-01-01T00:00:00Z" `, 1) + s.element
			},
			want: `all.length === 2 && ` + plays,
		},
		{
			name: "MooTools", body: func(s snippets) string { return mootools + s.hlsjs + s.videojs },
			want: `all.length === 2 && ` + strings.ReplaceAll(plays, "0.5", "4"),
		},
		{
			name: "policy without the CDN",
			policy: strings.Replace(media, "connect-src *; ", "", 1) +
				"script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline' 'self'",
			body: func(s snippets) string { return told + s.hlsjs + s.videojs },
			want: `all.length === 2 && all.every((p) => p.state === 'failed') && f.told.filter((m) => ` +
				`m.type === 'degraded' && m.reason.startsWith('policy: connect-src http')).length === 2`,
		},
		{
			name: "policy without media", only: "chromium", // the others do not ask it about media sources
			policy: strings.Replace(media, "media-src blob:; ", "", 1) +
				"script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline' 'self'",
			body: func(s snippets) string { return told + s.videojs },
			want: `all[0].state === 'failed' && f.told.some((m) => m.reason === 'policy: media-src blob:')`,
		},
		{
			name: "policy without workers",
			policy: strings.Replace(media, "worker-src blob:; ", "worker-src 'none'; ", 1) +
				"script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline' 'self'",
			body: func(s snippets) string { return s.hlsjs }, want: plays,
		},
		{name: "names on every object", body: func(s snippets) string { return forIn + s.hlsjs }, want: plays},
		{
			name: "language of a server", body: func(s snippets) string {
				return `<div lang="de_DE">` + s.hlsjs + `</div>` +
					`<div lang="en US">` + s.element + `</div>` +
					`<div lang="constructor">` + s.element + `</div>`
			},
			want: `all.map((p) => p.shadowRoot.querySelector('.box').lang).join() === ` +
				`'de-DE,en,' + f.navigator.language && ` + plays,
		},
		{
			name: "minified attributes", body: func(s snippets) string {
				return strings.ReplaceAll(s.hlsjs, `autoplay="muted"`, "autoplay") +
					strings.ReplaceAll(s.videoIsOff, `autoplay="off"`, "autoplay")
			},
			want: `all[0].video.muted && !all[1].shadowRoot.querySelector('.play').hidden && !all[1].video.currentSrc && ` +
				strings.ReplaceAll(plays, "all", "all.slice(0, 1)"),
		},
		{name: "all but the address stripped", body: func(snippets) string { return bare + script }, want: plays},
		{
			name: "a page with a base", body: func(snippets) string {
				return `<base href="/files/">` + strings.Replace(bare, "/main/", "../main/", 1) +
					`<script async src="streamwatch-player.js"></script>`
			},
			want: plays,
		},
		{
			name: "frame without an address", body: func(snippets) string {
				return `<iframe name="inner" srcdoc='` +
					strings.Replace(bare, "<stream-watch-player ", `<stream-watch-player fallback="/main/playlist.m3u8" `, 1) +
					script + `'></iframe>`
			},
			want: strings.ReplaceAll(plays, "all", "[...f.inner.document.querySelectorAll('stream-watch-player')]"),
		},
		{
			name: "document.write", body: func(s snippets) string {
				return `<script>document.write(` + strings.ReplaceAll(quoted(s.hlsjs), "</", `<\/`) + `);</script>`
			},
			want: plays,
		},
		{
			name: "contextual fragment", body: func(s snippets) string {
				return `<div id="at"></div><script>document.getElementById('at').append(` +
					`document.createRange().createContextualFragment(` +
					strings.ReplaceAll(quoted(s.hlsjs), "</", `<\/`) + `));</script>`
			},
			want: plays,
		},
		{
			name: "adopted and cloned", body: func(snippets) string {
				return script + `<template id="t">` + bare + `</template><script>window.addEventListener('load', () => {
					const other = document.implementation.createHTMLDocument();
					other.body.innerHTML = ` + quoted(bare) + `;
					document.body.append(document.adoptNode(other.body.firstChild));
					document.body.append(document.getElementById('t').content.cloneNode(true));
					setTimeout(() => {
						const last = document.querySelectorAll('stream-watch-player')[1];
						last.replaceWith(last.cloneNode(true)); window.cloned = true;
					}, 800);
				});</script>`
			},
			want: `f.cloned && all.length === 2 && ` + plays,
		},
		{
			name: "moved into another window", body: func(snippets) string {
				return bare + script + `<iframe name="inner"></iframe>` +
					`<script>window.addEventListener('load', () => setTimeout(() => ` +
					`inner.document.body.append(document.querySelector('stream-watch-player')), 1500));</script>`
			},
			want: strings.ReplaceAll(plays, "all", "[...f.inner.document.querySelectorAll('stream-watch-player')]") +
				` && (() => { const p = f.inner.document.querySelector('stream-watch-player'); ` +
				`return f.getComputedStyle(p.shadowRoot.querySelector('.slate')).position === 'absolute'; })()`,
		},
		{
			name: "properties before the script", body: func(snippets) string {
				return `<script>const p = document.createElement('stream-watch-player'); ` +
					`Object.assign(p, {src: '/main/playlist.m3u8', library: '/files/hls.min.js', ` +
					`autoplay: 'any', lowLatency: false, muted: true}); document.body.append(p);</script>` + script
			},
			want: `all[0].getAttribute('src') === '/main/playlist.m3u8' && all[0].video.muted && ` + plays,
		},
		{
			name: "shown and hidden in a loop", body: func(s snippets) string {
				return script + `<div id="at"></div><script>
					window.workers = 0; window.refused = []; const W = Worker;
					window.Worker = class extends W {
						constructor(...a) { super(...a); workers += 1; }
						terminate() { workers -= 1; super.terminate(); }
					};
					window.addEventListener('unhandledrejection', (e) => refused.push(String(e.reason)));
					window.addEventListener('load', async () => {
						for (let i = 0; i < 24; i += 1) {
							document.getElementById('at').innerHTML = i % 2 ? '' : [` + quoted(s.element) + `, ` +
					quoted(strings.NewReplacer(`"hlsjs"`, `"videojs"`, "hls.min.js", "video.min.js").Replace(s.element)) +
					`][i / 2 % 2];
							await new Promise((done) => setTimeout(done, 10 + 40 * i));
						}
						window.left = workers;
						document.getElementById('at').innerHTML = ` + quoted(s.element) + `;
					});
				</script>`
			},
			want: `f.left === 0 && f.workers < 2 && f.refused.length === 0 && all.length === 1 && ` + plays,
		},
		{
			name: "loaded on suspicion", body: func(s snippets) string {
				return `<script>window.early = true; Object.defineProperty(document, 'prerendering', {get: () => early});
					setTimeout(() => {
						window.before = performance.getEntriesByType('resource').
							filter((e) => /m3u8|hls.min/.test(e.name)).length;
						early = false;
						document.dispatchEvent(new Event('prerenderingchange'));
					}, 1500);</script>` + s.hlsjs
			},
			want: `f.before === 0 && ` + plays,
		},
		{
			name: "policy without a type", only: "chromium",
			policy: media + "script-src 'self'; style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'",
			body:   func(s snippets) string { return s.strict },
			want:   `all[0].state === 'failed' && !all[0].shadowRoot.querySelector('.link').hidden`,
		},
	}
}
