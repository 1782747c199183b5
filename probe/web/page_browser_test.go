package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe"
)

const hostile = `<img src=x onerror="document.title='owned'">'"&lt;`

func TestPage(t *testing.T) {
	t.Parallel()
	f := &fake{snap: healthy(time.Now(), "main"), past: []probe.Incident{over(time.Now())}}
	s := New(f.options())
	url, _ := serve(t, s)
	ctx, complaints := browser(t)

	run(ctx, t, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(url))
	until(ctx, t, `document.getElementById("word").textContent === "ok"`)
	until(ctx, t, `document.getElementById("sentence").textContent === "main is fine at the edge and at the origin."`)
	until(ctx, t, `document.title.startsWith("OK · autumn-concert")`)
	until(ctx, t, `document.querySelectorAll("#rendition-rows tr").length === 3`)
	until(ctx, t, `document.querySelectorAll(".plot canvas").length === 3`)
	run(ctx, t, click("#more summary"))
	until(ctx, t, `document.querySelectorAll("#more .plot canvas").length === 1`)
	run(ctx, t, click("#more summary"))
	until(ctx, t, `document.querySelector("#alarm-list").children.length === 2 && `+
		`document.querySelector("#alarm-list li[data-state=ALARM] .state").textContent === "in alarm"`)
	until(ctx, t, `document.querySelector("#alarm-list-more").textContent.includes("EdgeLagSegments Maximum > 3")`)
	until(ctx, t, `document.querySelector("#frame iframe").getAttribute("src") === "/embed/main/hlsjs"`)
	until(ctx, t, `document.querySelectorAll("#past-list .over").length === 1`)
	shoot(ctx, t, "ok-1280", 1280, 900, false)

	t.Run("incident opens", func(t *testing.T) {
		at := time.Now()
		snap := sick(at)
		f.set(snap)
		_ = s.Write(t.Context(), probe.Batch{At: at, Stream: "main", Incidents: snap.Incidents})
		until(ctx, t, `document.getElementById("word").textContent === "down"`)
		until(ctx, t, `document.getElementById("sentence").textContent === `+
			`"main is down: playlist stopped moving at the edge. `+
			`The CDN is to blame: the origin advanced 3 segments meanwhile."`)
		until(ctx, t, `document.title.startsWith("DOWN")`)
		until(ctx, t, `document.getElementById("icon").getAttribute("href").endsWith("icon-down.svg")`)
		until(ctx, t, `document.querySelector(".incident .curl code").textContent.startsWith("curl -sS")`)
		until(ctx, t, `document.querySelector("#rendition-rows tr").cells[8].textContent === "28.0 s / 14"`)
		run(ctx, t, click(".incident details summary"))
		shoot(ctx, t, "down-1280", 1280, 900, false)
		shoot(ctx, t, "down-1280-dark", 1280, 900, true)
		shoot(ctx, t, "down-320", 320, 800, false)
		shoot(ctx, t, "down-768-dark", 768, 1000, true)
	})
	t.Run("accessible", func(t *testing.T) {
		axe := axeCore(t)
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 320} {
				emulate(ctx, t, scheme)
				run(ctx, t, chromedp.EmulateViewport(width, 900), chromedp.Sleep(300*time.Millisecond))
				if eval[bool](ctx, t, `document.documentElement.scrollWidth > innerWidth`) {
					t.Errorf("%d px: the page scrolls sideways", width)
				}
				if found := eval[string](ctx, t, axe); found != "" {
					t.Errorf("%s, %d px:\n%s", scheme, width, found)
				}
			}
		}
		run(ctx, t, chromedp.EmulateViewport(1280, 900))
	})
	t.Run("incident closes", func(t *testing.T) {
		at := time.Now()
		f.set(healthy(at, "main"))
		closed := stale(at)
		closed.State, closed.Closed = probe.Closed, &at
		_ = s.Write(t.Context(), probe.Batch{At: at, Stream: "main", Incidents: []probe.Incident{closed}})
		until(ctx, t, `document.getElementById("word").textContent === "ok"`)
		until(ctx, t, `document.getElementById("open-list").textContent === "None."`)
		until(ctx, t, `document.querySelectorAll("#past-list .over").length === 2`)
	})
	t.Run("faults", func(t *testing.T) {
		run(ctx, t, click("#fault-list button"))
		until(ctx, t, `document.querySelector("#fault-list button").getAttribute("aria-pressed") === "true"`)
		run(ctx, t, click("#clear-faults"))
		until(ctx, t, `document.querySelector("#fault-list button").getAttribute("aria-pressed") === "false"`)
	})
	t.Run("viewers", func(t *testing.T) {
		snap := healthy(time.Now(), "main")
		snap.Streams[0].Viewers = &probe.Viewers{
			Watching: probe.State(11.6), Startup: probe.State(800 * time.Millisecond), StallsPerMinute: probe.State(0.1),
			Errors: 1,
		}
		f.set(snap)
		_ = s.Write(t.Context(), probe.Batch{At: time.Now(), Stream: "main"})
		until(ctx, t, `document.getElementById("viewers").textContent === `+
			`"Viewers, as they report: 12 watching · startup 0.8 s · 0.10 stalls a minute · 1 error"`)
	})
	t.Run("hostile names", func(t *testing.T) {
		at := time.Now()
		snap := sick(at)
		snap.Edge, snap.Origin, snap.Event = hostile, "javascript:alert(1)", hostile
		stream := &snap.Streams[0]
		stream.Renditions[0].Name, stream.Renditions[0].Edge.URL, stream.Renditions[0].Edge.Cache = hostile, hostile, hostile
		inc := &snap.Incidents[0]
		inc.Summary, inc.Detail, inc.Rendition, inc.Renditions, inc.Spec, inc.Consequences =
			hostile, hostile, hostile, []string{hostile}, hostile, []string{hostile}
		inc.Evidence[0].Curl, inc.Evidence[0].URL, inc.Evidence[0].Pop, inc.Evidence[0].RequestID =
			hostile, hostile, hostile, hostile
		f.set(snap)
		_ = s.Write(t.Context(), probe.Batch{At: at, Stream: "main", Incidents: snap.Incidents})
		until(ctx, t, `document.querySelector(".incident h3")?.textContent.includes("onerror")`)
		until(ctx, t, `!document.querySelector("img") && document.title !== "owned"`)
		run(ctx, t, chromedp.Navigate(url)) // the template too
		until(ctx, t, `document.querySelector(".incident h3")?.textContent.includes("onerror") && `+
			`!document.querySelector("img") && document.title !== "owned"`)
	})
	if c := complaints(); len(c) > 0 {
		t.Errorf("the browser complained:\n%s", strings.Join(c, "\n"))
	}
}

func TestPageManyStreams(t *testing.T) {
	t.Parallel()
	at := time.Now()
	snap := healthy(at, "s000")
	for i := 1; i < 500; i++ {
		snap.Streams = append(snap.Streams, healthy(at, fmt.Sprintf("s%03d", i)).Streams...)
	}
	worst := sick(at)
	worst.Streams[0].Name, worst.Incidents[0].Stream, worst.Incidents[0].Streams = "s321", "s321", []string{"s321"}
	snap.Streams[321], snap.Incidents, snap.Verdict, snap.Since =
		worst.Streams[0], worst.Incidents, probe.Down, worst.Since
	f := &fake{snap: snap}
	s := New(f.options())
	url, stop := serve(t, s)
	ctx, complaints := browser(t)
	run(ctx, t, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(url))
	until(ctx, t, `document.querySelectorAll("#stream-rows tr").length === 500`)
	until(ctx, t, `document.querySelector("#stream-rows tr").dataset.stream === "s321"`)
	until(ctx, t, `document.getElementById("renditions-title").textContent === "Renditions of s321"`)
	until(ctx, t, `document.getElementById("tally").textContent === "1 of 500 not ok"`)
	shoot(ctx, t, "many-1280", 1280, 900, false)
	shoot(ctx, t, "many-320", 320, 800, true)

	run(ctx, t, chromedp.EmulateViewport(1280, 900), click(`tr[data-stream="s003"] button`))
	until(ctx, t, `document.getElementById("renditions-title").textContent === "Renditions of s003" && `+
		`location.hash === "#stream=s003"`)

	// Only the row that changed is touched.
	eval[bool](ctx, t, `window.touched = new Set();
		new MutationObserver(list => list.forEach(m =>
			touched.add((m.target.closest ? m.target : m.target.parentElement).closest("tr")?.dataset.stream)
		)).observe(document.getElementById("stream-rows"),
			{subtree: true, childList: true, characterData: true, attributes: true}) || true`)
	changed := *snap
	changed.Streams = append([]probe.StreamSnapshot(nil), snap.Streams...)
	changed.Streams[7] = healthy(at.Add(1100*time.Millisecond), "s007").Streams[0]
	f.set(&changed)
	_ = s.Write(t.Context(), probe.Batch{At: at, Stream: "s007"})
	until(ctx, t, `touched.size > 0`)
	until(ctx, t, `touched.size === 1 && touched.has("s007")`)
	if c := complaints(); len(c) > 0 {
		t.Errorf("the browser complained:\n%s", strings.Join(c, "\n"))
	}

	stop()
	eval[bool](ctx, t, `!!(Date.now = (now => () => now() + 20000)(Date.now))`)
	until(ctx, t, `!document.getElementById("lost").hidden && document.title.startsWith("NO CONNECTION")`)
}
