package monitor

import (
	"context"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/net/publicsuffix"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// Viewer is who asks for one stream at one place: with the headers that are for
// it, and with the cookies that it was given, as one player has them.
type Viewer struct {
	place    probe.Place
	manifest probe.Address
	client   *fetch.Client
	jar      *jar
	secrets  *fetch.Secrets
}

// Viewer returns who asks for a stream on a side, nil where the stream or the
// side is not watched. Of several edges it is the first.
func (m *Monitor) Viewer(stream string, side probe.Side) *Viewer {
	i := slices.IndexFunc(m.places, func(p *place) bool { return p.Side == side })
	if s := m.find(stream); s != nil && i >= 0 {
		return s.viewers[i]
	}
	return nil
}

// Place is where a viewer asks.
func (v *Viewer) Place() probe.Place { return v.place }

// Viewers returns who asks for a stream, and the address of its manifest, at
// each place that is watched: the origin first, then the edges in their order.
func (m *Monitor) Viewers(stream string) (viewers []*Viewer) {
	if s := m.find(stream); s != nil {
		return s.viewers
	}
	return nil
}

// Manifest is the address of the stream's manifest.
func (v *Viewer) Manifest() probe.Address { return v.manifest }

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

// clientOptions are those of whatever asks a place.
func (m *Monitor) clientOptions(p *place) fetch.Options {
	return fetch.Options{
		Transport: m.opts.Transport, Headers: p.headers, HeadersTo: p.base, Sign: p.sign,
		Playlist: int64(m.opts.Limits.Playlist), Named: m.named(), Secrets: m.opts.Secrets,
		ConnsPerHost: connsFor(len(m.opts.Streams)), Crowded: m.strain.late,
	}
}

// connsFor is how many connections so many streams may have to one host. With a target
// duration of 6 s a stream asks each side three times in four seconds, so that one
// connection for eight streams is enough while an answer takes no more than 160 ms.
// What a server holds back, such as a blocking reload, comes on top (fetch.Request.Held).
func connsFor(streams int) int { return max(fetch.ConnsPerHost, streams/8) }

// named lists the sites that the event names.
func (m *Monitor) named() []string {
	var urls []string
	for _, p := range m.places {
		urls = append(urls, p.base)
	}
	for i := range m.opts.Streams {
		if u := m.opts.Streams[i].Manifest; strings.Contains(u, "://") {
			urls = append(urls, u)
		}
	}
	return urls
}

// viewersOf returns who asks for a stream at each place.
func (m *Monitor) viewersOf(s *Stream) []*Viewer {
	viewers := make([]*Viewer, 0, len(m.places))
	for _, p := range m.places {
		entry := m.urlAt(p, s.Manifest)
		m.opts.Secrets.AddURL(entry)
		u, err := url.Parse(entry)
		if err != nil {
			u = &url.URL{}
		}
		v := &Viewer{
			place: p.Place, manifest: probe.AddressOf(entry),
			client: p.client, jar: newJar(), secrets: m.opts.Secrets,
		}
		if len(s.Headers) > 0 {
			o := m.clientOptions(p)
			// A manifest on a host of its own gets the stream's headers only.
			if base, err := url.Parse(o.HeadersTo); err != nil || !fetch.SameSite(base, u) {
				o.Headers, o.Sign, o.HeadersTo = nil, nil, entry
			}
			o.Headers = maps.Clone(o.Headers)
			if o.Headers == nil {
				o.Headers = map[string]string{}
			}
			maps.Copy(o.Headers, s.Headers)
			v.client = fetch.New(o)
		}
		v.give(u, p.cookies)
		v.give(u, s.Cookies)
		viewers = append(viewers, v)
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
