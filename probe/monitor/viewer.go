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

// viewer is who asks for one stream on one side: with the headers that are for
// it, and with the cookies that it was given, as one player has them.
type viewer struct {
	client *fetch.Client
	jar    *jar
}

func (v *viewer) do(ctx context.Context, r fetch.Request) ([]byte, probe.Exchange) {
	r.Jar = v.jar
	return v.client.Do(ctx, r)
}

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
func (m *Monitor) viewersOf(s *Stream) map[probe.Side]*viewer {
	viewers := map[probe.Side]*viewer{}
	for side, client := range m.clients {
		entry := m.entryURL(side, s.Manifest)
		m.opts.Secrets.AddURL(entry)
		u, err := url.Parse(entry)
		if err != nil {
			u = &url.URL{}
		}
		v := &viewer{client: client, jar: newJar()}
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
		for name, value := range s.Cookies {
			m.opts.Secrets.Add(value)
			v.jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
		}
		viewers[side] = v
	}
	return viewers
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
