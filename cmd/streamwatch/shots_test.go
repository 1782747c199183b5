package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// shotsEnv names the folder of the pictures of the docs; `make shots` sets it.
const shotsEnv = "STREAMWATCH_SHOTS"

// TestShots takes the pictures of docs/: the page of a demo through a fault, and
// the layout of both dashboards.
func TestShots(t *testing.T) {
	if os.Getenv(shotsEnv) == "" {
		t.Skip("takes three minutes; make shots runs it")
	}
	proctest.Need(t, "chromium")
	ctx := startBrowser(t)
	cloudWatch, err := dashboards.Dashboard(dashboards.Options{
		Event: "autumn-concert", Distribution: true, Additional: true, Streams: []dashboards.Stream{{Name: "main"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	grafana, err := dashboards.Grafana()
	if err != nil {
		t.Fatal(err)
	}
	shootLayout(ctx, t, "cloudwatch", layoutOfCloudWatch(t, cloudWatch))
	shootLayout(ctx, t, "grafana", layoutOfGrafana(t, grafana))

	page := startDemo(t, buildBinary(t))
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Second)
	demoFault(t, page, http.MethodPost)
	time.Sleep(20 * time.Second)
	waitOn(ctx, t, `document.querySelector("#alarm-list [data-state=ALARM]")`)
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`#spans [data-seconds="300"]`))); err != nil {
		t.Fatal(err)
	}
	shoot(ctx, t, "page")
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#more summary"))); err != nil {
		t.Fatal(err)
	}
	waitOn(ctx, t, `document.querySelectorAll("#more .plot canvas").length === 9 && `+
		`!document.querySelector("#plots [aria-busy]")`)
	shootElement(ctx, t, "panels", "#plots")
}

// TestShotsOfEdges takes the picture of a demo with two edges of which the second
// serves old playlists.
func TestShotsOfEdges(t *testing.T) {
	if os.Getenv(shotsEnv) == "" {
		t.Skip("takes a minute; make shots runs it")
	}
	proctest.Need(t, "chromium")
	ctx := startBrowser(t)
	out := filepath.Join(t.TempDir(), "out")
	page := startPage(t,
		exec.Command(buildBinary(t), "demo", "--edges", "2", "--fault", "second:stale-edge@20s", "--output", out))
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	waitOn(ctx, t, `document.querySelector(".incident")`)
	time.Sleep(15 * time.Second)
	waitOn(ctx, t, `document.getElementById("word").textContent === "degraded"`)
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(`#spans [data-seconds="300"]`))); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	shoot(ctx, t, "edges")
}

func shoot(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	save(t, name, png, err)
}

func shootElement(ctx context.Context, t *testing.T, name, selector string) {
	t.Helper()
	png, err := chromedp.Run(ctx, chromedp.Screenshot(chromedp.CSS(selector)))
	save(t, name, png, err)
}

func save(t *testing.T, name string, png []byte, err error) {
	t.Helper()
	if err == nil {
		png, err = shrink(png)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(os.Getenv(shotsEnv), name+".png"), png, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tile is one widget or panel of a dashboard, on a grid 24 wide.
type tile struct {
	X, Y, W, H  int
	Title, Kind string
	Lines       []string
}

func layoutOfCloudWatch(t *testing.T, body []byte) []tile {
	t.Helper()
	var d struct {
		Widgets []struct {
			Type                string
			X, Y, Width, Height int
			Properties          struct {
				Title, View, Markdown string
				Metrics               [][]any
				Alarms                []string
			}
		}
	}
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	var tiles []tile
	for _, w := range d.Widgets {
		p := w.Properties
		one := tile{X: w.X, Y: w.Y, W: w.Width, H: w.Height, Title: p.Title, Kind: strings.TrimSpace(w.Type + " " + p.View)}
		if p.Markdown != "" {
			one.Lines = strings.Split(p.Markdown, "\n")
		}
		for _, row := range p.Metrics {
			options, _ := row[len(row)-1].(map[string]any)
			label, _ := options["label"].(string)
			if label == "" {
				label, _ = row[1].(string)
			}
			one.Lines = append(one.Lines, fmt.Sprint(label, " · ", options["stat"]))
		}
		for _, arn := range p.Alarms {
			one.Lines = append(one.Lines, strings.TrimSuffix(strings.TrimPrefix(arn, "${"), ".Arn}"))
		}
		tiles = append(tiles, one)
	}
	return tiles
}

func layoutOfGrafana(t *testing.T, body []byte) []tile {
	t.Helper()
	var d struct {
		Panels []struct {
			Type, Title string
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	var tiles []tile
	for _, p := range d.Panels {
		one := tile{X: p.GridPos.X, Y: p.GridPos.Y, W: p.GridPos.W, H: p.GridPos.H, Title: p.Title, Kind: p.Type}
		for _, target := range p.Targets {
			one.Lines = append(one.Lines, target.Expr)
		}
		tiles = append(tiles, one)
	}
	return tiles
}

var layoutPage = template.Must(template.New("layout").Funcs(template.FuncMap{
	"px":   func(n int) int { return n * 50 },
	"rows": func(n int) int { return n * 26 },
}).Parse(`<!doctype html>
<meta charset="utf-8"><title>layout</title><style>
body { margin: 0; background: #f4f6f8; font: 12px/1.35 system-ui, sans-serif; color: #16191f; }
main { position: relative; width: 1200px; margin: 8px; }
section { position: absolute; box-sizing: border-box; padding: 3px; overflow: hidden; }
div {
  box-sizing: border-box; height: 100%; background: #fff; border: 1px solid #cdd3da; border-radius: 4px;
  padding: 6px 9px; overflow: hidden;
}
b { font-size: 13px; } i { float: right; color: #6b7480; font-style: normal; }
ul { margin: 4px 0 0; padding: 0; list-style: none; color: #3a444f; overflow-wrap: anywhere; }
</style><main>{{range .}}` +
	`<section style="left: {{px .X}}px; top: {{rows .Y}}px; width: {{px .W}}px; height: {{rows .H}}px">` +
	`<div><i>{{.Kind}}</i><b>{{.Title}}</b><ul>{{range .Lines}}<li>{{.}}</li>{{end}}</ul></div></section>` +
	`{{end}}</main>`))

func shootLayout(ctx context.Context, t *testing.T, name string, tiles []tile) {
	t.Helper()
	height := 0
	for _, one := range tiles {
		height = max(height, (one.Y+one.H)*26+16)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = layoutPage.Execute(w, tiles)
	}))
	defer server.Close()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1216, int64(height)), chromedp.Navigate(server.URL)); err != nil {
		t.Fatal(err)
	}
	shoot(ctx, t, "dashboard-"+name)
}
