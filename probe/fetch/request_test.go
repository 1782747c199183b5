package fetch_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// handler is a RoundTripper that calls a handler, without sockets, so that the
// clock of a synctest bubble can advance.
type handler http.HandlerFunc

func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h(w, r)
	}()
	select {
	case <-done:
		return w.Result(), nil
	case <-r.Context().Done():
		<-done
		return nil, r.Context().Err()
	}
}

func TestRequestHeaders(t *testing.T) {
	at := time.Date(2026, 11, 23, 6, 0, 0, 0, time.FixedZone("", 3600))
	secret := map[string]string{"X-Origin-Verify": "s3cr3t"}
	for _, c := range []struct {
		name    string
		options fetch.Options
		request fetch.Request
		sent    http.Header
		shown   []string
	}{
		{
			"plain",
			fetch.Options{},
			fetch.Request{},
			http.Header{"User-Agent": {"streamwatch"}},
			[]string{"User-Agent: streamwatch"},
		},
		{
			"all",
			fetch.Options{Headers: secret, UserAgent: "sw/1"},
			fetch.Request{IfNoneMatch: `"e"`, IfModifiedSince: at, Origin: "https://a.example", AcceptGzip: true},
			http.Header{
				"User-Agent": {"sw/1"}, "X-Origin-Verify": {"s3cr3t"}, "Accept-Encoding": {"gzip"}, "Origin": {"https://a.example"},
				"If-None-Match": {`"e"`}, "If-Modified-Since": {"Mon, 23 Nov 2026 05:00:00 GMT"},
			},
			[]string{
				"User-Agent: sw/1", "X-Origin-Verify: REDACTED", "Accept-Encoding: gzip", "Origin: https://a.example",
				`If-None-Match: "e"`,
				"If-Modified-Since: Mon, 23 Nov 2026 05:00:00 GMT",
			},
		},
		{
			"range, never with gzip",
			fetch.Options{},
			fetch.Request{First: 100, AcceptGzip: true},
			http.Header{"User-Agent": {"streamwatch"}, "Range": {"bytes=0-99"}},
			[]string{"User-Agent: streamwatch", "Range: bytes=0-99"},
		},
		{
			"user information",
			fetch.Options{},
			fetch.Request{URL: "http://user:pass@host/a"},
			http.Header{"User-Agent": {"streamwatch"}, "Authorization": {"Basic dXNlcjpwYXNz"}},
			[]string{"User-Agent: streamwatch", "Authorization: REDACTED"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sent http.Header
			c.options.Transport = handler(func(_ http.ResponseWriter, r *http.Request) { sent = r.Header })
			if c.request.URL == "" {
				c.request.URL = "http://host/a"
			}
			_, ex := get(t, c.options, c.request)
			if fmt.Sprint(sent) != fmt.Sprint(c.sent) {
				t.Errorf("sent %v, want %v", sent, c.sent)
			}
			if !slices.Equal(ex.RequestHeaders, c.shown) {
				t.Errorf("shown %q, want %q", ex.RequestHeaders, c.shown)
			}
			if ex.URL != "http://host/a" {
				t.Errorf("URL %q", ex.URL)
			}
		})
	}
}

func TestHeadersOfOneShapeAreShared(t *testing.T) {
	var sent http.Header
	cl := fetch.New(fetch.Options{Transport: handler(func(_ http.ResponseWriter, r *http.Request) { sent = r.Header })})
	_, a := cl.Do(t.Context(), fetch.Request{URL: "http://host/a"})
	_, b := cl.Do(t.Context(), fetch.Request{URL: "http://host/b", IfNoneMatch: `"e"`})
	_, c := cl.Do(t.Context(), fetch.Request{URL: "http://host/c"})
	if &a.RequestHeaders[0] != &c.RequestHeaders[0] {
		t.Error("the same lines were built twice")
	}
	if len(a.RequestHeaders) != 1 || len(b.RequestHeaders) != 2 || sent.Get("If-None-Match") != "" {
		t.Errorf("a conditional request changed what others share: %q, %q", a.RequestHeaders, b.RequestHeaders)
	}
}

func TestRedirects(t *testing.T) {
	var seen []string
	answer := func(to ...string) http.RoundTripper {
		seen = nil
		return handler(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, fmt.Sprintf("%s %s%s", r.URL, r.Header.Get("X-Secret"), r.Header.Get("Authorization")))
			if n := len(seen) - 1; n < len(to) {
				w.Header().Set("Location", to[n])
				w.WriteHeader(http.StatusFound)
			}
		})
	}
	many := make([]string, fetch.Redirects+1)
	for i := range many {
		many[i] = fmt.Sprintf("/%d", i+1)
	}
	for _, c := range []struct {
		name  string
		from  string
		to    []string
		want  probe.Failure
		hops  int
		final string
		seen  []string
	}{
		{
			"same host keeps headers", "",
			[]string{"/b?token=abc"},
			"", 1, "http://a/b?token=REDACTED",
			[]string{"http://a/0 S", "http://a/b?token=abc S"},
		},
		{"https keeps headers", "", []string{"https://a/b"}, "", 1, "https://a/b", []string{"http://a/0 S", "https://a/b S"}},
		{
			"another host gets none", "",
			[]string{"http://b/", "http://a/"},
			"", 2, "http://a/",
			[]string{"http://a/0 S", "http://b/ ", "http://a/ S"},
		},
		{
			"another port gets none", "",
			[]string{"http://a:81/"},
			"", 1, "http://a:81/",
			[]string{"http://a/0 S", "http://a:81/ "},
		},
		{"as many as browsers follow", "", many[:20], "", 20, "http://a/20", nil},
		{"one more is not followed", "", many, probe.FailRedirects, 21, "http://a/21", nil},
		{
			"a loop ends at once", "",
			[]string{"/1", "/0"},
			probe.FailRedirects, 2, "http://a/0",
			[]string{"http://a/0 S", "http://a/1 S"},
		},
		{
			"http after https gets none", "https://a/0",
			[]string{"http://a/1"},
			"", 1, "http://a/1",
			[]string{"https://a/0 S", "http://a/1 "},
		},
		{
			"a user's password stays", "http://u:p@a/0",
			[]string{"http://b/"},
			"", 1, "http://b/",
			[]string{"http://u:p@a/0 SBasic dTpw", "http://b/ "},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := cmp.Or(c.from, "http://a/0")
			_, ex := get(t, fetch.Options{Transport: answer(c.to...), Headers: map[string]string{"X-Secret": "S"}},
				fetch.Request{URL: from})
			if ex.Failure != c.want || ex.Redirects != c.hops || string(ex.URL) != c.final {
				t.Errorf("got %q, %d hops, %s; want %q, %d, %s", ex.Failure, ex.Redirects, ex.URL, c.want, c.hops, c.final)
			}
			if c.seen != nil && !slices.Equal(seen, c.seen) {
				t.Errorf("requests %q, want %q", seen, c.seen)
			}
		})
	}
}

// Secrets go to the site that they are for, by whatever name of it, and to no
// other that a playlist names.
func TestHeadersTo(t *testing.T) {
	for _, c := range []struct {
		to, url string
		sent    bool
	}{
		{"http://live.test", "http://live.test/a", true},
		{"http://live.test/app", "http://LIVE.test:80/a", true},
		{"http://live.test:80", "https://live.test/a", true},
		{"https://live.test", "https://live.test:443/a", true},
		{"https://live.test", "http://live.test/a", false},
		{"http://live.test:8080", "https://live.test/a", false},
		{"http://live.test", "http://live.test:8080/a", false},
		{"http://live.test", "http://live.test.evil.test/a", false},
		{"http://live.test", "http://keys.test/a", false},
		{"", "http://anything.test/a", true},
		{"://", "http://anything.test/a", false},
	} {
		secret := ""
		answer := trip(func(r *http.Request) (*http.Response, error) {
			secret = r.Header.Get("X-Secret")
			return &http.Response{
				StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r,
			}, nil
		})
		_, ex := get(t, fetch.Options{Transport: answer, Headers: map[string]string{"X-Secret": "S"}, HeadersTo: c.to},
			fetch.Request{URL: c.url})
		if !ex.OK() || (secret != "") != c.sent {
			t.Errorf("secret for %q, request to %q: sent %v, want %v (%s)", c.to, c.url, secret != "", c.sent, ex.Error)
		}
	}
}

func TestSizes(t *testing.T) {
	object := strings.Repeat("x", 1000)
	ranged := func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.bin", time.Time{}, strings.NewReader(object))
	}
	for _, c := range []struct {
		name    string
		answer  http.HandlerFunc
		request fetch.Request
		status  int
		bytes   int64
		object  probe.Fact[int64]
	}{
		{"whole", ranged, fetch.Request{}, 200, 1000, probe.State[int64](1000)},
		{"first bytes", ranged, fetch.Request{First: 100}, 206, 100, probe.State[int64](1000)},
		{"first bytes of a smaller object", ranged, fetch.Request{First: 5000}, 206, 1000, probe.State[int64](1000)},
		{"bytes from the middle", ranged, fetch.Request{First: 100, Offset: 300}, 206, 100, probe.State[int64](1000)},
		{
			"range ignored", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(object)) },
			fetch.Request{First: 100},
			200, 100, probe.State[int64](1000),
		},
		{"head", ranged, fetch.Request{Method: http.MethodHead}, 200, 0, probe.State[int64](1000)},
		{"unknown total", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-3/*")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write([]byte("xxxx"))
		}, fetch.Request{First: 4}, 206, 4, probe.Fact[int64]{}},
		{"gzip says nothing of the object", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zipped(t, []byte(object)))
		}, fetch.Request{AcceptGzip: true}, 200, 1000, probe.Fact[int64]{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.request.URL = serve(t, c.answer)
			into := make([]byte, 0, 256)
			c.request.Into = into
			body, ex := get(t, fetch.Options{}, c.request)
			if ex.Failure != "" || ex.Status != c.status || int64(len(body)) != c.bytes || ex.ObjectBytes != c.object {
				t.Errorf("got %d, %d bytes of %v (%s), want %d, %d of %v",
					ex.Status, len(body), ex.ObjectBytes, ex.Error, c.status, c.bytes, c.object)
			}
			if start := probe.State(c.request.Offset); ex.Status == 206 && ex.RangeStart != start ||
				ex.Status != 206 && ex.RangeStart.Stated {
				t.Errorf("the answer begins at %v, want %v", ex.RangeStart, start)
			}
			if len(body) > 0 && len(body) <= cap(into) && &body[0] != &into[:1][0] {
				t.Error("the given buffer was not used")
			}
		})
	}
}

// trip is a RoundTripper that is a function.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
