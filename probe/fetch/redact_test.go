package fetch_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

func TestRedactURL(t *testing.T) {
	for _, c := range []struct{ give, want string }{
		{"https://a/live/720p/seg_8f3a2b9c1d4e5f6a7b8c9d0e.ts", ""},
		{"a@2x.ts", ""},
		{"https://a/b@2x.ts?w=1", ""},
		{"https://a/p.m3u8?_HLS_msn=1204&_HLS_part=3&_HLS_skip=YES", ""},
		{"https://a/p?bitrate=2500000&name=main_720p30&t=2026-11-28T19:00:00Z&flag&e=", ""},
		{"https://a/quality=720/p.m3u8", ""},
		{
			"https://a/p?Policy=eyJ&Signature=x&Key-Pair-Id=APKA",
			"https://a/p?Policy=REDACTED&Signature=REDACTED&Key-Pair-Id=REDACTED",
		},
		{
			"https://a/p?X-Amz-Date=20261123&X-Amz-Signature=00&v=1",
			"https://a/p?X-Amz-Date=REDACTED&X-Amz-Signature=REDACTED&v=1",
		},
		{"https://a/p?hdnts=exp=1~acl=/*~hmac=f00&v=1", "https://a/p?hdnts=REDACTED&v=1"},
		{"https://a/hdntl=exp=1~acl=/*~hmac=f00/p.m3u8", "https://a/hdntl=REDACTED/*~hmac=REDACTED/p.m3u8"},
		{"https://a/p.m3u8;token=f00;x=1", "https://a/p.m3u8;token=REDACTED"},
		{"https://a/p?%74oken=abc", "https://a/p?%74oken=REDACTED"},
		{"https://a/p?x=a8f3c2d1e4b5", "https://a/p?x=REDACTED"},
		{"https://a/p?x=abcdefghijklmnopqrstuvwxyz", "https://a/p?x=REDACTED"},
		{"https://a/p?u=https://b/?token=abc", "https://a/p?u=REDACTED"},
		{"https://a/p?eyJhbGciOiJIUzI1NiJ9.e30.x", "https://a/p?REDACTED"},
		{"https://user:pass@a:81/p", "https://a:81/p"},
		{"https://us@er:pa@ss@a/p?token=1", "https://a/p?token=REDACTED"},
		{"//user:pass@a/p", "//a/p"},
		{"https://a/p#token=abc", "https://a/p"},
		{"seg.ts?token=abc", "seg.ts?token=REDACTED"},
		{"?token=abc", "?token=REDACTED"},
		{"", ""},
	} {
		want := c.want
		if want == "" {
			want = c.give
		}
		if got := fetch.RedactURL(c.give); got != want {
			t.Errorf("%s\n got %s\nwant %s", c.give, got, want)
		}
	}
}

func TestRedactURLCostsNothingWithoutParameters(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { fetch.RedactURL("https://a/live/720p/seg_00001.ts") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzRedactURL(f *testing.F) {
	for _, s := range []string{
		"", "/live/a.m3u8?v=1", "/a;b=c,d~e!f=g/h", "?%74oken=a&&=;=", "/x=y/z#f", "//u:p@h/@?@", "/%zz?a%3Db",
	} {
		f.Add(s)
	}
	const secret = "s3cr3tV4lu3"
	f.Fuzz(func(t *testing.T, s string) {
		once := fetch.RedactURL(s)
		if twice := fetch.RedactURL(once); twice != once {
			t.Errorf("%q became %q, then %q", s, once, twice)
		}
		s = strings.ReplaceAll(s, secret, "")
		sep := "?"
		if strings.Contains(s, "?") {
			sep = "&"
		}
		for _, u := range []string{
			s + sep + "token=" + secret, s + sep + "x=" + secret, s + sep + "hdnts=exp=1~hmac=" + secret, s + ";token=" + secret,
			s + sep + "u=" + url.QueryEscape("https://a/?token="+secret),
		} {
			if got := fetch.RedactURL(u); strings.Contains(got, secret) {
				t.Errorf("%q became %q", u, got)
			}
		}
		if got := fetch.RedactURL("https://user:" + secret + "@host/" + s); strings.Contains(got, secret) {
			t.Errorf("the password survives in %q", got)
		}
	})
}

// TestNothingSecretLeaves puts a secret wherever one can be and looks for it in
// all that an exchange shows.
func TestNothingSecretLeaves(t *testing.T) {
	const secret = "s3cr3tV4lu3"
	base := strings.TrimSuffix(wire(t, write("HTTP/1.1 bad-"+secret+"\r\n\r\n")), "/a.m3u8")
	for _, u := range []string{
		base + "/?token=" + secret, strings.Replace(base, "//", "//user:"+secret+"@", 1),
		base + "/;sig=" + secret, base + "/#" + secret,
		"http://user:" + secret + "@%zz/", "http://user:" + secret + "?x@host/",
		"http://u:" + secret + "@no-such-host.invalid/",
	} {
		_, ex := get(t, fetch.Options{Headers: map[string]string{"X-Secret": secret}}, fetch.Request{URL: u})
		e := probe.EvidenceOf(&ex)
		for _, text := range append([]string{string(ex.URL), ex.Error, string(e.URL), e.Curl}, ex.RequestHeaders...) {
			if strings.Contains(text, secret) {
				t.Errorf("%s: the secret stands in %q", u, text)
			}
		}
	}
}

// A server that repeats a secret may stop in the middle of it.
func TestMaskPieces(t *testing.T) {
	s := new(fetch.Secrets)
	s.Add("abcdefghijkl/mnopqrstuvwxyz", "short-one")
	for text, want := range map[string]string{
		"x abcdefghijkl/mnop":                    "x REDACTED",
		"x abcdefghijkl%2Fmno":                   "x REDACTED",
		"mnopqrstuvwxyz x":                       "REDACTED x",
		"abcdefghijkl abcdefghijkl/m":            "REDACTED REDACTED",
		"abcdefghijkl/mnopqrstuvwxyz":            "REDACTED",
		"abcdefghijk is too little to be told":   "abcdefghijk is too little to be told",
		"short-o":                                "short-o",
		"opqrstuvwxyzopqrstuvwxyz":               "REDACTEDREDACTED",
		"abcdefghijklmnopqrstuvwxyz lacks a bar": "REDACTEDREDACTED lacks a bar",
	} {
		if got := s.MaskPieces(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
