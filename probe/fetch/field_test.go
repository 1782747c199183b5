package fetch_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// answers returns a transport that answers every request with a head and a body.
func answers(head http.Header, body string) http.RoundTripper {
	return handler(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), head)
		_, _ = w.Write([]byte(body))
	})
}

// TestRepeatedHeaders: a header that comes twice is read as browsers read it.
func TestRepeatedHeaders(t *testing.T) {
	lines := func(v ...string) []string { return v }
	for _, c := range []struct {
		name   string
		values []string
		got    func(*probe.Exchange) string
		want   string
	}{
		{"Access-Control-Allow-Origin", lines("*", "*"), func(e *probe.Exchange) string { return e.AllowOrigin }, "*, *"},
		{
			"Access-Control-Allow-Origin", lines("https://a.example", "*"),
			func(e *probe.Exchange) string { return fmt.Sprint(e.Allows("https://a.example")) }, "false",
		},
		{
			"Access-Control-Allow-Origin", lines("*"),
			func(e *probe.Exchange) string { return fmt.Sprint(e.Allows("https://a.example")) }, "true",
		},
		{
			"Cache-Control", lines("max-age=1", "s-maxage=2"),
			func(e *probe.Exchange) string { return e.TTL().Value.String() }, "2s",
		},
		{"Age", lines("3", "9"), func(e *probe.Exchange) string { return e.Age.Value.String() }, "3s"},
		{"Age", lines("3, 9"), func(e *probe.Exchange) string { return e.Age.Value.String() }, "3s"},
		{
			"Content-Type", lines("text/html", "application/vnd.apple.mpegurl"),
			func(e *probe.Exchange) string { return e.ContentType }, "application/vnd.apple.mpegurl",
		},
		{
			"Content-Type", lines("audio/mpegurl", "*/*"), func(e *probe.Exchange) string { return e.ContentType },
			"audio/mpegurl",
		},
		{
			"Content-Type", lines("audio/mpegurl; charset=utf-8"), func(e *probe.Exchange) string { return e.ContentType },
			"audio/mpegurl; charset=utf-8",
		},
		{
			"Content-Encoding", lines("identity"),
			func(e *probe.Exchange) string { return e.ContentEncoding + string(e.Failure) }, "",
		},
		{"Content-Encoding", lines("gzip", "br"), func(e *probe.Exchange) string { return string(e.Failure) }, "encoding"},
		{"Etag", lines(`"a"`, `"b"`), func(e *probe.Exchange) string { return e.ETag }, ""},
		{"Etag", lines(`"a"`, `"a"`), func(e *probe.Exchange) string { return e.ETag }, `"a"`},
		{"X-Cache", lines("MISS from parent", "HIT from child"), func(e *probe.Exchange) string { return e.Cache() }, "hit"},
		{"Via", lines("1.1 a", "1.1 b"), func(e *probe.Exchange) string { return e.Via }, "1.1 a, 1.1 b"},
	} {
		_, ex := get(t, fetch.Options{Transport: answers(http.Header{c.name: c.values}, playlist)},
			fetch.Request{URL: "http://a/x.m3u8"})
		if got := c.got(&ex); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.name, c.values, got, c.want)
		}
	}
}

// Two Locations that differ are refused, as Chromium does; the same twice is one.
func TestRepeatedLocation(t *testing.T) {
	for _, c := range []struct {
		to   []string
		want probe.Failure
	}{{[]string{"/b", "/b"}, ""}, {[]string{"/b", "/c"}, probe.FailURL}} {
		answer := handler(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a" {
				w.Header()["Location"] = c.to
				w.WriteHeader(http.StatusFound)
			}
		})
		if _, ex := get(t, fetch.Options{Transport: answer}, fetch.Request{URL: "http://a/a"}); ex.Failure != c.want {
			t.Errorf("%q: got %q (%s), want %q", c.to, ex.Failure, ex.Error, c.want)
		}
	}
}

// TestCaches: hit or miss, in the words of whichever cache it is.
func TestCaches(t *testing.T) {
	for _, c := range []struct {
		cache string
		head  http.Header
		want  string
		hit   bool
	}{
		{"CloudFront", http.Header{"X-Cache": {"RefreshHit from cloudfront"}}, "refreshhit", true},
		{"CloudFront", http.Header{"X-Cache": {"Error from cloudfront"}}, "error", false},
		{"nginx", http.Header{"X-Cache-Status": {"HIT"}}, "hit", true},
		{"nginx", http.Header{"X-Cache-Status": {"EXPIRED"}}, "expired", false},
		{"nginx", http.Header{"X-Cache-Status": {"UPDATING"}}, "updating", true},
		{"nginx", http.Header{"X-Cache-Status": {"STALE"}}, "stale", true},
		{"nginx", http.Header{"X-Cache-Status": {"BYPASS"}}, "bypass", false},
		{"Varnish", http.Header{"X-Varnish": {"32770 32768"}, "Via": {"1.1 varnish (Varnish/7.1)"}}, "hit", true},
		{"Varnish", http.Header{"X-Varnish": {"32770"}}, "miss", false},
		{"Varnish behind a header of its own", http.Header{"X-Varnish": {"1 2"}, "X-Cache": {"HIT"}}, "hit", true},
		{
			"Traffic Server",
			http.Header{"Via": {"http/1.1 edge (ApacheTrafficServer/9.2.5 [uScHs f p eN:t cCHp s ])"}},
			"hit", true,
		},
		{"Traffic Server", http.Header{"Via": {"http/1.1 edge (ApacheTrafficServer/9.2.5 [cRs f ])"}}, "hit", true},
		{
			"Traffic Server",
			http.Header{"Via": {"http/1.1 edge (ApacheTrafficServer/9.2.5 [uScMsSf pSeN:t cCMi p sS])"}},
			"miss", false,
		},
		{
			"Traffic Server",
			http.Header{"Via": {"http/1.1 edge (ApacheTrafficServer/9.2.5 [uScSsNfUpSeN:t cCSi p sS])"}},
			"refreshhit", true,
		},
		{"Traffic Server without codes", http.Header{"Via": {"http/1.1 edge (ApacheTrafficServer/9.2.5)"}}, "", false},
		{"Squid", http.Header{"X-Cache": {"HIT from proxy"}, "X-Cache-Lookup": {"HIT from proxy:3128"}}, "hit", true},
		{"Squid", http.Header{"Cache-Status": {"proxy;hit;detail=match"}}, "hit", true},
		{"Squid", http.Header{"Cache-Status": {"proxy;fwd=miss;detail=no-cache"}}, "miss", false},
		{"RFC 9211", http.Header{"Cache-Status": {"origin; hit; ttl=30, edge; fwd=uri-miss"}}, "hit", true},
		{"RFC 9211", http.Header{"Cache-Status": {"edge; fwd=stale; fwd-status=304"}}, "expired", false},
		{"Cloudflare", http.Header{"Cf-Cache-Status": {"DYNAMIC"}}, "dynamic", false},
		{"Cloudflare", http.Header{"Cf-Cache-Status": {"REVALIDATED"}}, "refreshhit", true},
		{
			"Akamai",
			http.Header{"X-Cache": {"TCP_MEM_HIT from a23-1-2-3.deploy.akamaitechnologies.com (AkamaiGHost/11.0) (-)"}},
			"hit", true,
		},
		{"Akamai", http.Header{"X-Cache": {"TCP_REFRESH_MISS from a23.deploy.akamaitechnologies.com"}}, "miss", false},
		{"Fastly", http.Header{"X-Cache": {"MISS, HIT"}}, "hit", true},
		{"HAProxy", http.Header{"X-Cache-Status": {"MISS"}}, "miss", false},
		{"none", http.Header{"Via": {"1.1 proxy"}}, "", false},
	} {
		_, ex := get(t, fetch.Options{Transport: answers(c.head, playlist)}, fetch.Request{URL: "http://a/x.m3u8"})
		if ex.Cache() != c.want || ex.Hit() != c.hit {
			t.Errorf("%s %v: got %q, hit %v, want %q, %v", c.cache, c.head, ex.Cache(), ex.Hit(), c.want, c.hit)
		}
		if (ex.CacheLine == "") != (c.want == "") {
			t.Errorf("%s %v: the line is %q", c.cache, c.head, ex.CacheLine)
		}
	}
}

// TestLimitsHaveNames: what is beyond a limit of ours says which, and its number.
func TestLimitsHaveNames(t *testing.T) {
	body := playlist + strings.Repeat("# padding\n", 300_000)
	_, ex := get(t, fetch.Options{Transport: answers(nil, body)}, fetch.Request{URL: "http://a/x.m3u8"})
	if !ex.OK() || ex.Bytes != int64(len(body)) {
		t.Fatalf("3 MB: %q (%s), %d bytes", ex.Failure, ex.Error, ex.Bytes)
	}
	for _, c := range []struct {
		options fetch.Options
		request fetch.Request
		want    string
	}{
		{fetch.Options{Playlist: 2 << 20}, fetch.Request{}, "monitor.limits.playlist (2 MiB)"},
		{fetch.Options{}, fetch.Request{Limit: 1000, LimitName: "a key"}, "a key (1000 bytes)"},
	} {
		c.options.Transport, c.request.URL = answers(nil, body), "http://a/x.m3u8"
		_, ex := get(t, c.options, c.request)
		if ex.Failure != probe.FailLimit || ex.Limit.String() != c.want || !strings.Contains(ex.Error, c.want) {
			t.Errorf("got %q, limit %v, %q, want %s", ex.Failure, ex.Limit, ex.Error, c.want)
		}
	}
}

// TestAddress: references resolve against where the answer really came from; its
// shown form, which lacks the token, is another type.
func TestAddress(t *testing.T) {
	const token = "hdntl=exp=1764161800~acl=/*~hmac=0123456789abcdef0123456789abcdef"
	answer := handler(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a.m3u8" {
			http.Redirect(w, r, "/"+token+"/live/a.m3u8?q=1", http.StatusFound)
		}
	})
	_, ex := get(t, fetch.Options{Transport: answer}, fetch.Request{URL: "http://host/a.m3u8"})
	if got := ex.Address.Resolve("seg.ts").Reveal(); got != "http://host/"+token+"/live/seg.ts" {
		t.Errorf("a segment is at %s", got)
	}
	for _, shown := range []string{
		string(ex.URL), ex.Address.String(), fmt.Sprintf("%v %+v %#v %s", ex, ex, ex, ex.Address),
	} {
		if strings.Contains(shown, "0123456789abcdef") {
			t.Errorf("the token is shown: %s", shown)
		}
	}
}

// TestInternalAddresses: a redirect or a playlist cannot make us ask what only
// this machine can reach.
func TestInternalAddresses(t *testing.T) {
	asked := ""
	answer := handler(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "live.test" {
			w.Header().Set("Location", r.URL.Query().Get("to"))
			w.WriteHeader(http.StatusFound)
			return
		}
		asked = r.URL.Host
	})
	for _, to := range []string{
		"http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[fd00:ec2::254]/",
		"http://[::ffff:169.254.169.254]/", "http://metadata.google.internal/", "http://100.100.100.200/",
	} {
		asked = ""
		_, ex := get(t, fetch.Options{Transport: answer}, fetch.Request{URL: "http://live.test/?to=" + url.QueryEscape(to)})
		if ex.Failure != probe.FailURL || asked != "" || !strings.Contains(ex.Error, "metadata") {
			t.Errorf("redirected to %s: %q (%s), asked %q", to, ex.Failure, ex.Error, asked)
		}
	}
	if _, ex := get(t, fetch.Options{Transport: answer, Named: []string{"http://169.254.7.7:8080"}},
		fetch.Request{URL: "http://169.254.7.7/a"}); !ex.OK() {
		t.Errorf("named by the event: %q (%s)", ex.Failure, ex.Error)
	}
}

// A name that resolves to an internal address is refused when it is dialled.
func TestInternalAddressByName(t *testing.T) {
	cl := fetch.New(fetch.Options{Named: []string{"http://other.test"}})
	defer cl.Close()
	if err := fetch.Guard("tcp", "169.254.169.254:80"); err == nil {
		t.Error("169.254.169.254 is dialled")
	}
	if err := fetch.Guard("tcp", "[fe80::1%eth0]:80"); err == nil {
		t.Error("fe80::1 is dialled")
	}
	if err := fetch.Guard("tcp", "127.0.0.1:80"); err != nil {
		t.Errorf("127.0.0.1: %v", err)
	}
}

// TestForeign: only what a host that the event names says may be repeated.
func TestForeign(t *testing.T) {
	answer := handler(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "live.test" && r.URL.Path == "/a" {
			http.Redirect(w, r, "http://internal.test/", http.StatusFound)
		}
	})
	for _, c := range []struct {
		named []string
		url   string
		want  bool
	}{
		{nil, "http://live.test/b", false},
		{nil, "http://live.test/a", true},
		{[]string{"http://live.test"}, "http://cdn.test/seg.ts", true},
		{[]string{"http://live.test"}, "https://live.test/seg.ts", false},
		{[]string{"http://live.test"}, "http://live.test:6379/", true},
		{[]string{"http://live.test", "http://internal.test"}, "http://live.test/a", false},
	} {
		cl := fetch.New(fetch.Options{Transport: answer, Named: c.named})
		_, ex := cl.Do(t.Context(), fetch.Request{URL: c.url})
		if ex.Foreign != c.want || (cl.Quoting(&ex)("root:x:0:0") == "") != c.want {
			t.Errorf("%s, named %q: foreign %v, want %v", c.url, c.named, ex.Foreign, c.want)
		}
	}
}

// TestCookies: a jar is sent and kept along redirects, and shown nowhere.
func TestCookies(t *testing.T) {
	var seen []string
	answer := handler(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.URL.Path+" "+r.Header.Get("Cookie"))
		if r.URL.Path == "/a" {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "c00kie-marker", Path: "/"})
			http.Redirect(w, r, "/b", http.StatusFound)
		}
		_, _ = w.Write([]byte("<html>c00kie-marker"))
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	cl := fetch.New(fetch.Options{Transport: answer, Headers: map[string]string{"Cookie": "own=1"}})
	body, ex := cl.Do(t.Context(), fetch.Request{URL: "http://host/a", Jar: jar})
	if want := "/a own=1|/b own=1; session=c00kie-marker"; strings.Join(seen, "|") != want {
		t.Errorf("sent %q, want %q", seen, want)
	}
	if shown := fmt.Sprint(ex, ex.Curl(), cl.Quoting(&ex)(string(body))); strings.Contains(shown, "c00kie") ||
		!strings.Contains(ex.Curl(), "Cookie: REDACTED") {
		t.Errorf("shown: %s", shown)
	}
}
