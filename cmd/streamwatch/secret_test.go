package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// What is secret to the origin is not told to a host that its playlist names.
func TestCheckKeepsTheSecret(t *testing.T) {
	const vod = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.0,\na.ts\n#EXT-X-ENDLIST\n"
	var leaked, asked, told atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(true)
		if r.Header.Get("X-Origin-Verify") != "" {
			leaked.Store(true)
		}
		_, _ = io.WriteString(w, vod)
	}))
	defer other.Close()
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Origin-Verify") == "hunter2" {
			told.Store(true)
		}
		fmt.Fprintf(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n%s/v.m3u8\n", other.URL)
	}))
	defer origin.Close()
	file := filepath.Join(t.TempDir(), "event.yaml")
	text := fmt.Sprintf("event: e\norigin: {url: %q, headers: {X-Origin-Verify: hunter2}}\n"+
		"distribution: {existing: {url: %q}}\nstreams: [{name: main, manifest: /m.m3u8}]\n", origin.URL, origin.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&cli{stdout: io.Discard, stderr: io.Discard}).check(t.Context(), file, checkOptions{}); err != nil {
		t.Fatal(err)
	}
	if !asked.Load() || !told.Load() || leaked.Load() {
		t.Errorf("the other host was asked: %v, the origin was told: %v, the secret leaked: %v",
			asked.Load(), told.Load(), leaked.Load())
	}
}
