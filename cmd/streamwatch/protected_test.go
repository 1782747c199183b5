package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// protected lets only requests in that meet every demand.
type protected struct {
	next    http.Handler
	refused atomic.Int64
	passed  atomic.Int64
	demands []func(*http.Request) bool
}

func (p *protected) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, met := range p.demands {
		if !met(r) {
			p.refused.Add(1)
			http.Error(w, "no", http.StatusForbidden)
			return
		}
	}
	p.passed.Add(1)
	p.next.ServeHTTP(w, r)
}

func header(name, value string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Header.Get(name) == value }
}

func cookie(name, value string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		c, err := r.Cookie(name)
		return err == nil && (value == "" || c.Value == value)
	}
}

func signedURL(r *http.Request) bool {
	q := r.URL.Query()
	return q.Get("Signature") != "" && q.Get("Key-Pair-Id") == "K2" && (q.Get("Policy") != "" || q.Get("Expires") != "")
}

// TestProtectedEdges: what an edge demands is given to every request, whether
// the event file or the command line says it; without it the edge refuses.
func TestProtectedEdges(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	pemFile := filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(pemFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	origin := httptest.NewServer(&protected{
		next: sim.NewOrigin(sim.Config{}), demands: []func(*http.Request) bool{header("X-Origin", "o-secret")},
	})
	t.Cleanup(origin.Close)
	base, err := url.Parse(origin.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		edge    string // more keys of distribution.existing
		stream  string // more keys of the stream
		flags   []string
		demands []func(*http.Request) bool
	}{
		{
			"headers and cookies", "headers: {X-Viewer: e-secret}, cookies: {c: e-cookie}",
			"headers: {X-Stream: s-secret}, cookies: {s: s-cookie}", nil,
			[]func(*http.Request) bool{
				header("X-Viewer", "e-secret"), header("X-Stream", "s-secret"), cookie("c", "e-cookie"), cookie("s", "s-cookie"),
			},
		},
		{
			"signed cookies", "sign: {key_pair_id: K2, private_key_file: key.pem}", "", nil,
			[]func(*http.Request) bool{
				cookie("CloudFront-Signature", ""), cookie("CloudFront-Policy", ""), cookie("CloudFront-Key-Pair-Id", "K2"),
			},
		},
		{
			"signed URLs", "sign: {key_pair_id: K2, private_key_file: key.pem, with: url, policy: canned}", "", nil,
			[]func(*http.Request) bool{signedURL},
		},
		{
			"flags", "", "",
			[]string{"-H", "X-Viewer: e-secret", "--cookie", "s=s-cookie"},
			[]func(*http.Request) bool{header("X-Viewer", "e-secret"), cookie("s", "s-cookie")},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			gate := &protected{
				next: edge.New(edge.Config{Origin: base, Headers: http.Header{"X-Origin": {"o-secret"}}}), demands: c.demands,
			}
			edge := httptest.NewServer(gate)
			t.Cleanup(edge.Close)
			yaml := func(more, stream string) string {
				return fmt.Sprintf("event: e\norigin: {url: %q, headers: {X-Origin: o-secret}}\n"+
					"distribution: {existing: {url: %q, %s}}\nstreams: [{name: main, manifest: /main/playlist.m3u8, %s}]\n",
					origin.URL, edge.URL, more, stream)
			}
			check := func(args ...string) (int, string) {
				var out bytes.Buffer
				code := (&cli{stdout: &out, stderr: &out, env: os.LookupEnv}).execute(t.Context(),
					append([]string{"check", "--for", "2s"}, args...))
				return code, out.String()
			}
			name := strings.ReplaceAll(c.name, " ", "-")
			file, bare := filepath.Join(dir, name+".yaml"), filepath.Join(dir, name+"-bare.yaml")
			for path, text := range map[string]string{file: yaml(c.edge, c.stream), bare: yaml("", "")} {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			args := append([]string{file}, c.flags...)
			if c.flags != nil {
				args = append([]string{
					edge.URL + "/main/playlist.m3u8", "--origin", origin.URL, "--origin-header", "X-Origin: o-secret",
				}, c.flags...)
			}
			if code, out := check(args...); code != 0 || gate.refused.Load() > 0 || strings.Contains(out, "-secret") {
				t.Errorf("exit %d, %d requests refused: %s", code, gate.refused.Load(), out)
			}
			if code, out := check(bare); code != 3 || gate.refused.Load() == 0 {
				t.Errorf("without: exit %d, %s", code, out)
			}
		})
	}
}

// TestFlagsOfCheck: a header that cannot be sent is a mistake in the command
// line, and its value is not repeated.
func TestFlagsOfCheck(t *testing.T) {
	for _, args := range [][]string{
		{"-H", "s3cr3t"},
		{"-H", "Bad Name: s3cr3t"},
		{"--cookie", "s3cr3t"},
		{"--cookie", "a=s3cr3t; b"},
		{"--origin-header", "X: s3cr3t"},
		{"-H", "X: s3cr3t\r\nY: 1"},
	} {
		var out bytes.Buffer
		code := (&cli{stdout: &out, stderr: &out, env: os.LookupEnv}).execute(t.Context(),
			append([]string{"check", "http://127.0.0.1:1/a.m3u8"}, args...))
		if code != 2 || strings.Contains(out.String(), "s3cr3t") {
			t.Errorf("%q: exit %d, %s", args, code, out.String())
		}
	}
}

// TestUnseen: where nobody answers, nothing was judged; what is answered is.
func TestUnseen(t *testing.T) {
	pulse := proctest.NewPulse(t)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for _, c := range []struct {
		name, url string
		code      int
		says      string
	}{
		{"unknown host", "http://no-such-host.invalid/a.m3u8", 1, "the host's name"},
		{"refused port", "http://127.0.0.1:1/a.m3u8", 1, "the port or the scheme (http) looks wrong"},
		{
			"http for https", strings.Replace(secure.URL, "https:", "http:", 1) + "/a.m3u8", 1,
			"the scheme or the port looks wrong",
		},
		{"https for http", strings.Replace(plain.URL, "http:", "https:", 1) + "/a.m3u8", 1, "the port does not speak HTTPS"},
		{"a certificate of nobody", secure.URL + "/a.m3u8", 3, "http.unreachable"},
		{"404", plain.URL + "/a.m3u8", 3, "http.status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			var out safe // the servers of the test complain into it too
			code := (&cli{stdout: &out, stderr: &out, env: os.LookupEnv}).execute(t.Context(), []string{"check", c.url})
			wrong := fmt.Sprintf("exit %d, want %d and %q: %s", code, c.code, c.says, out.String())
			if (code != c.code || !strings.Contains(out.String(), c.says)) && !pulse.Excuse(t, began, wrong) {
				t.Error(wrong)
			}
		})
	}
}
