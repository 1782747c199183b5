package fetch_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe/fetch"
)

// TestQuotingAnEchoThatIsCut: a server may repeat what it was asked and stop in
// the middle of a secret, without a sign that more would come.
func TestQuotingAnEchoThatIsCut(t *testing.T) {
	cl := fetch.New(fetch.Options{
		Transport: handler(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(r.URL.RequestURI()[:60] + " " + r.Header.Get("X-Key")[:20]))
		}),
		Headers: map[string]string{"X-Key": "header-marker-0123456789"},
	})
	body, ex := cl.Do(t.Context(), fetch.Request{
		URL: "http://host/a.m3u8?Signature=signature-marker-" + strings.Repeat("x", 60),
	})
	if shown := cl.Quoting(&ex)(string(body)); strings.Contains(shown, "marker") || !strings.Contains(shown, "/a.m3u8") {
		t.Errorf("shown: %s", shown)
	}
}

// TestSecretsAreMasked: in whatever form a server echoes them, whole or cut off.
func TestSecretsAreMasked(t *testing.T) {
	const secret = "m4rk3r/with+odd=chars&<x>"
	var s fetch.Secrets
	s.AddHeader("Bearer " + secret)
	s.Add(secret)
	s.AddURL("https://user:p4ssw0rdm@host/hdntl=exp=1~hmac=feedfacecafebeef/a.m3u8?token=abcd1234efgh")
	s.AddHook("https://hooks.example/services/T0001/B0002/XyZ123hookSecretAbc")
	lower := strings.ToLower(url.QueryEscape(secret))
	for _, echo := range []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.RawURLEncoding.EncodeToString([]byte("x" + secret)),
		base64.StdEncoding.EncodeToString([]byte("user:" + secret + "tail")),
		base64.URLEncoding.EncodeToString([]byte("ab" + secret)),
		strings.ReplaceAll(strings.ReplaceAll(secret, "&", "&amp;"), "<x>", "&lt;x&gt;"), "p4ssw0rdm", "feedfacecafebeef",
		"abcd1234efgh", "XyZ123hookSecretAbc", "m4rk3r/with…", "…odd=chars&<x>",
	} {
		got := s.Mask("before " + echo + " after")
		for _, marker := range []string{
			secret, lower, "m4rk3r", "odd", "p4ssw", "feedface", "abcd1234", "XyZ123", "bTRya", "m4cmsz", "TRyazNy", "NHJrM3",
		} {
			if strings.Contains(got, marker) {
				t.Errorf("%q is shown as %q", echo, got)
			}
		}
		if !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
			t.Errorf("%q took more than itself: %q", echo, got)
		}
	}
	if got := s.Mask("segment 12 of 720p: status 404"); got != "segment 12 of 720p: status 404" {
		t.Errorf("an honest text became %q", got)
	}
	var none *fetch.Secrets
	if none.Add("whatever"); none.Mask("x whatever") != "x whatever" {
		t.Error("nil masks")
	}
}
