package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// What `streamwatch embed` wrote plays from any web server that serves files,
// under the policy that it carries.
func TestWrittenEmbedsPlay(t *testing.T) {
	t.Parallel()
	proctest.Need(t, "chromium")
	origin := httptest.NewServer(sim.NewOrigin(sim.Config{Streams: []string{"main"}}))
	defer origin.Close()
	dir := t.TempDir()
	text := fmt.Sprintf("event: concert\norigin: {url: %q}\ndistribution: {existing: {url: %q}}\n"+
		"streams: [{name: main, manifest: /main/playlist.m3u8}]\nplayer: {scripts: local}\n", origin.URL, origin.URL)
	if err := os.WriteFile(filepath.Join(dir, "event.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), buildBinary(t), "embed", "event.yaml", "--out", "site")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	site := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "site"))))
	defer site.Close()
	ctx := startBrowser(t)
	for _, kind := range []string{"hlsjs", "videojs"} {
		if err := chromedp.Do(ctx, chromedp.Navigate(site.URL+"/main/"+kind+".html")); err != nil {
			t.Fatal(err)
		}
		plays(ctx, t)
	}
}
