package sim

import (
	"net/http"
	"time"
)

// answerFaults are those of HTTP.
func answerFaults() []Fault {
	status := func(code int) func(*injected, time.Time, *answer) {
		return func(in *injected, now time.Time, a *answer) {
			if in.on(now) {
				a.status = code
			}
		}
	}
	hang := func(in *injected, now time.Time, a *answer) { a.hang = a.hang || in.on(now) }
	return []Fault{
		{
			Name: "playlist-503", Doc: "media playlists answer 503", Where: AtOrigin, kinds: mediaPlaylist,
			reply: status(http.StatusServiceUnavailable),
		},
		{
			Name: "playlist-503-one", Doc: "playlist-503 in one rendition, the last unless named",
			Where: AtOrigin, last: true, kinds: mediaPlaylist, reply: status(http.StatusServiceUnavailable),
		},
		{
			Name: "multivariant-503", Doc: "the multivariant playlist answers 503", Where: AtOrigin,
			kinds: multivariant, reply: status(http.StatusServiceUnavailable),
		},
		{
			Name: "html-200", Doc: "media playlists are an HTML page with status 200", Where: AtOrigin,
			kinds: mediaPlaylist, reply: page,
		},
		{Name: "hang", Doc: "media playlists never answer", Where: AtOrigin, kinds: mediaPlaylist, reply: hang},
		{
			Name: "half-playlist", Doc: "media playlists end in the middle of a line, as read while being written",
			Where: AtOrigin, kinds: mediaPlaylist, reply: func(in *injected, now time.Time, a *answer) {
				if in.on(now) {
					a.body = half
				}
			},
		},
		{
			Name:  "forbidden-one",
			Doc:   "one rendition, the last unless named, answers 403 to everything, and an edge passes it on",
			Where: AtOrigin, last: true, kinds: anything, reply: status(http.StatusForbidden),
		},
		{
			Name: "wrong-type", Doc: "playlists have the Content-Type text/plain, and an edge passes it on", Where: AtOrigin,
			kinds: playlists, reply: func(in *injected, now time.Time, a *answer) {
				if in.on(now) {
					a.mime = "text/plain; charset=utf-8"
				}
			},
		},
		{
			Name:  "etag-kept",
			Doc:   "media playlists keep one ETag whatever they list, so a cache that asks gets \"not modified\"",
			Where: AtOrigin, kinds: mediaPlaylist, reply: func(in *injected, now time.Time, a *answer) {
				if in.on(now) {
					a.tag = `"kept"`
				}
			},
		},
		{
			Name: "origin-down", Doc: "every connection to the origin closes without an answer", Where: AtOrigin,
			kinds: anything, reply: func(in *injected, now time.Time, a *answer) {
				a.abort = a.abort || in.on(now)
			},
		},
		{
			Name: "origin-500-stale",
			Doc:  "the origin answers 500 to everything; an edge goes on with what it has", Where: AtOrigin,
			kinds: anything, reply: status(http.StatusInternalServerError),
		},
	}
}

// hostFaults are those of the whole server.
func hostFaults() []Fault {
	return []Fault{
		{
			Name: "origin-hang", Doc: "the origin accepts connections and answers nothing", Where: AtOrigin, kinds: anything,
			reply: func(in *injected, now time.Time, a *answer) {
				a.hang = a.hang || in.on(now)
			},
		},
		{Name: "origin-refused", Doc: "connections to the origin are refused", Where: AtOrigin, refuse: true},
	}
}

// page answers with an HTML page.
func page(in *injected, now time.Time, a *answer) {
	a.html = a.html || in.on(now)
}

// half cuts a playlist inside the line in its middle.
func half(b []byte) []byte {
	n := len(b) / 2
	for n > 1 && (b[n-1] == '\n' || b[n] == '\n') {
		n--
	}
	return b[:n]
}
