package monitor

import (
	"context"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync/atomic"

	"golang.org/x/net/publicsuffix"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// Viewer is who asks for one stream on one side: with the headers that are for
// it, and with the cookies that it was given, as one player has them.
type Viewer struct {
	client  *fetch.Client
	jar     *jar
	secrets *fetch.Secrets
}

// Viewer returns who asks for a stream on a side, nil where the stream or the
// side is not watched.
func (m *Monitor) Viewer(stream string, side probe.Side) *Viewer {
	for _, s := range m.all() {
		if s.cfg.Name == stream {
			return s.viewers[side]
		}
	}
	return nil
}

// Do makes one request. The deadline is ctx's.
func (v *Viewer) Do(ctx context.Context, r fetch.Request) ([]byte, probe.Exchange) {
	r.Jar = v.jar
	return v.client.Do(ctx, r)
}

// Quoting returns what makes a piece of an answer's body fit to be shown.
func (v *Viewer) Quoting(ex *probe.Exchange) func(string) string { return v.client.Quoting(ex) }

// jar keeps cookies by the rules of RFC 6265 §5. Most servers set none, and the
// lookup would cost each request something.
type jar struct {
	http.CookieJar
	used atomic.Bool
}

// SetCookies keeps cookies that were set in answer to a request to u.
func (j *jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.used.Store(true)
	j.CookieJar.SetCookies(u, cookies)
}

// Cookies returns the cookies to send to u.
func (j *jar) Cookies(u *url.URL) []*http.Cookie {
	if !j.used.Load() {
		return nil
	}
	return j.CookieJar.Cookies(u)
}

// clientOptions are those of whatever asks a side.
func (m *Monitor) clientOptions(side probe.Side) fetch.Options {
	o := fetch.Options{
		Transport: m.opts.Transport, HeadersTo: m.base(side), Playlist: int64(m.opts.Limits.Playlist), Named: m.named(), Secrets: m.opts.Secrets,
	}
	if side == probe.Edge {
		o.Headers, o.Sign = m.opts.EdgeHeaders, m.opts.EdgeSign
	} else {
		o.Headers = m.opts.Headers
	}
	return o
}

// named lists the sites that the event names.
func (m *Monitor) named() []string {
	var urls []string
	for _, u := range []string{m.opts.Origin, m.opts.Edge} {
		if u != "" {
			urls = append(urls, u)
		}
	}
	for i := range m.opts.Streams {
		if u := m.opts.Streams[i].Manifest; strings.Contains(u, "://") {
			urls = append(urls, u)
		}
	}
	return urls
}

// viewersOf returns who asks for a stream on each side that is watched.
func (m *Monitor) viewersOf(s *Stream) map[probe.Side]*Viewer {
	viewers := map[probe.Side]*Viewer{}
	for side, client := range m.clients {
		entry := m.entryURL(side, s.Manifest)
		m.opts.Secrets.AddURL(entry)
		u, err := url.Parse(entry)
		if err != nil {
			u = &url.URL{}
		}
		v := &Viewer{client: client, jar: newJar(), secrets: m.opts.Secrets}
		if len(s.Headers) > 0 {
			o := m.clientOptions(side)
			if base, err := url.Parse(o.HeadersTo); err != nil || !fetch.SameSite(base, u) { // the manifest is on a host of its own
				o.Headers, o.Sign, o.HeadersTo = nil, nil, entry
			}
			o.Headers = maps.Clone(o.Headers)
			if o.Headers == nil {
				o.Headers = map[string]string{}
			}
			maps.Copy(o.Headers, s.Headers)
			v.client = fetch.New(o)
		}
		if side == probe.Edge {
			v.give(u, m.opts.EdgeCookies)
		}
		v.give(u, s.Cookies)
		viewers[side] = v
	}
	return viewers
}

// give puts cookies into the jar as if u's host had set them.
func (v *Viewer) give(u *url.URL, cookies map[string]string) {
	for name, value := range cookies {
		v.secrets.Add(value)
		v.jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
	}
}

func newJar() *jar {
	kept, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		return &jar{CookieJar: noCookies{}} // it never is: options cannot be wrong
	}
	return &jar{CookieJar: kept}
}

// noCookies keeps nothing.
type noCookies struct{}

func (noCookies) SetCookies(*url.URL, []*http.Cookie) {}
func (noCookies) Cookies(*url.URL) []*http.Cookie     { return nil }
