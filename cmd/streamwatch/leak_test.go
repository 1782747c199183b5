package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/record"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// markers are secrets of every kind, as an event and its servers hold them.
var markers = map[string]string{
	"header":      "mk-header-0a1b2c3d4e",
	"streamhdr":   "mk-streamhdr-5f6a7b8c",
	"edgehdr":     "mk-edgehdr-9d0e1f2a",
	"cookie":      "mk-cookie-3b4c5d6e7f",
	"setcookie":   "mk-setcookie-8a9b0c1d",
	"query":       "mk-query-2e3f4a5b6c7d8e9f",
	"path":        "mk-path-0a9b8c7d6e5f4a3b",
	"password":    "mk-password-1c2d3e4f",
	"hook":        "mk-hook-5a6b7c8d9e0f1a2b",
	"hooksecret":  "mk-hooksecret-3c4d5e6f",
	"refusing":    "mk-refusing-4d5e6f7a8b",
	"hookheader":  "mk-hookheader-5e6f7a8b",
	"pagerduty":   "mk-pagerduty-6f7a8b9c0d1e2f3a4b5",
	"opsgenie":    "mk-opsgenie-7a8b9c0d1e",
	"key":         "mk-key-16-bytes!",
	"awskey":      "mk-awskey-6e7f8a9b0c",
	"unsolicited": "mk-unsolicited-7a8b9c0d",
}

// safe collects what a process writes while others read.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestNothingSecretLeaves runs an event whose origin repeats every secret, and
// looks for them in all that leaves: files, logs, page, metrics and messages.
func TestNothingSecretLeaves(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	_, private, _ := keyPair(t)
	a.cloud.Secrets = map[string]awstest.Secret{keyARN: {Text: private}}
	a.set("AWS_SECRET_ACCESS_KEY", markers["awskey"])
	echo := &gossip{signed: map[string]bool{}}
	origin := httptest.NewServer(echo)
	defer origin.Close()
	var hooked safe
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(&hooked, r.Body)
	}))
	defer hook.Close()
	// It says all that it was told.
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_ = r.Write(w)
	}))
	defer refusing.Close()
	listen := proctest.Address(t)
	text := fmt.Sprintf(`event: leak
origin: {url: %q, headers: {X-Origin-Verify: %q}}
distribution:
  existing: {url: %q, headers: {X-Viewer: %q}, sign: {key_pair_id: K2JCJMDEHXQW5F, private_key_secret: %q}}
streams:
  - {name: main, manifest: "/live/m.m3u8?token=%s", headers: {Authorization: "Bearer %s"}, cookies: {c: %q}}
monitor: {listen: %q, auth: {username: ops, password: %q}, control: %q}
notify:
  group: {wait: 0s}
  webhooks: [{url: "%s/%s", secret: %q}, {url: "%s/%s", headers: {Authorization: "Bearer %s"}}]
  pagerduty: [{routing_key: %q, url: "%s/v2/enqueue"}]
  opsgenie: [{api_key: %q, url: %q}]
player: {allow_insecure: true, allow_signed: true, kinds: [native]}
output: %q
`, origin.URL, markers["header"],
		strings.Replace(origin.URL, "127.0.0.1", "localhost", 1), markers["edgehdr"], keyARN,
		markers["query"], markers["streamhdr"], markers["cookie"],
		listen, markers["password"], talkative(t),
		hook.URL, markers["hook"], markers["hooksecret"], refusing.URL, markers["refusing"], markers["hookheader"],
		markers["pagerduty"], refusing.URL, markers["opsgenie"], refusing.URL, filepath.Join(a.dir, "out"))
	a.write("event.yaml", text)
	var stdout, stderr safe
	watch, _ := a.command(t.Context(), "run", "event.yaml", "--log-level", "debug")
	watch.Stdout, watch.Stderr = &stdout, &stderr
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	a.await("page", func() bool { return answer(listen, "/healthz") != "" })
	a.await("message", func() bool { return strings.Contains(hooked.String(), `"check"`) })
	a.await("refused messages", func() bool { return len(a.undelivered()) == 3 })
	pages := map[string]string{}
	for range 2 {
		time.Sleep(2 * time.Second) // the second look sees what the first one has left
		for _, path := range []string{"/", "/api/v1/status", "/api/v1/incidents", "/metrics", "/api/v1/alarms", "/healthz"} {
			pages[path] = page(t, "http://"+listen+path)
		}
		for id := range strings.SplitSeq(pages["/api/v1/incidents"], `"id":"`) {
			id, _, _ = strings.Cut(id, `"`)
			path := "/api/v1/incidents/" + id + "/served"
			pages[path] = page(t, "http://"+listen+path)
		}
	}
	if err := watch.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := watch.Wait(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	said := map[string]string{"stdout": stdout.String(), "stderr": stderr.String(), "webhook": hooked.String()}
	for path, body := range pages {
		said["page "+path] = body
	}
	recorded := false
	err := filepath.WalkDir(filepath.Join(a.dir, "out"), func(path string, d fs.DirEntry, err error) error {
		// An embed of a signed manifest says so when it is asked for.
		if err != nil || d.IsDir() || strings.Contains(path, "/embeds/") {
			return err
		}
		body, err := content(path)
		said[path] = body
		recorded = recorded || strings.HasSuffix(path, record.Extension) && strings.Contains(body, "#EXTM3U")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out, errs safe
	check, _ := a.command(t.Context(), "check", "event.yaml", "--for", "3s", "--format", "json")
	check.Stdout, check.Stderr = &out, &errs
	_ = check.Run() // it finds something: exit code 3
	said["check"], said["check stderr"] = out.String(), errs.String()
	if buried := a.undelivered(); len(buried) != 3 {
		t.Errorf("what was refused is kept in %v", buried)
	}
	if !strings.Contains(said["page /api/v1/incidents"], `"check"`) || !strings.Contains(said["webhook"], `"check"`) ||
		!strings.Contains(said["check"], `"check"`) {
		t.Fatalf("nothing was found, so nothing could leak: %s", said["page /api/v1/incidents"])
	}
	echo.mu.Lock()
	defer echo.mu.Unlock()
	if !recorded {
		t.Error("no playlist was recorded, so none could leak")
	}
	if len(echo.signed) == 0 {
		t.Fatal("no request was signed, so no signature could leak")
	}
	for where, body := range said {
		for line := range strings.Lines(private) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && strings.Contains(body, line) {
				t.Errorf("%s shows the private key", where)
			}
		}
		for signature := range echo.signed {
			if i := strings.Index(body, signature[:40]); i >= 0 {
				t.Errorf("%s shows a signature: …%s…", where, body[max(0, i-80):min(len(body), i+80)])
			}
		}
		for kind, marker := range markers {
			for _, form := range []string{
				marker, strings.TrimPrefix(marker, "mk-"), url.QueryEscape(marker),
				base64.StdEncoding.EncodeToString([]byte(marker))[:12],
			} {
				if i := strings.Index(strings.ToLower(body), strings.ToLower(form)); i >= 0 {
					t.Errorf("%s shows the %s: …%s…", where, kind, body[max(0, i-80):min(len(body), i+80)])
				}
			}
		}
	}
}

// undelivered lists the files of what receivers refused.
func (a *account) undelivered() []string {
	a.t.Helper()
	files, err := filepath.Glob(filepath.Join(a.dir, "out", "leak", "notify", "*.undelivered.jsonl"))
	if err != nil {
		a.t.Fatal(err)
	}
	return files
}

// content is what a file holds, decompressed.
func content(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var from io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if from, err = gzip.NewReader(f); err != nil {
			return "", err
		}
	}
	body, err := io.ReadAll(from)
	return string(body), err
}

func page(t *testing.T, u string) string {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("ops", markers["password"])
	res, err := (&http.Client{Timeout: proctest.Patience}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
