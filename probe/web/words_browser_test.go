package web

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe"
)

// page is a browser that shows a server.
type page struct {
	ctx        context.Context
	url        string
	complaints func() []string
}

// open shows a view of a server.
func open(t *testing.T, s *Server, address string) *page {
	t.Helper()
	url, _ := serve(t, s)
	ctx, complaints := browser(t)
	run(ctx, t, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(url+address))
	return &page{ctx, url, complaints}
}

// until waits until an expression holds on the page.
func (p *page) until(t *testing.T, expression string) {
	t.Helper()
	until(p.ctx, t, expression)
}

// js runs a script on the page.
func (p *page) js(t *testing.T, script string) {
	t.Helper()
	run(p.ctx, t, chromedp.Evaluate[chromedp.Void](script))
}

// visit opens another view, from a blank page.
func (p *page) visit(t *testing.T, address string) {
	t.Helper()
	run(p.ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(p.url+address))
}

// box is where an element lies: left, top, width and height.
func (p *page) box(t *testing.T, selector string) (left, top, width, height float64) {
	t.Helper()
	b := eval[[]float64](p.ctx, t, `(r => [r.left, r.top, r.width, r.height])(
		document.querySelector("`+selector+`").getBoundingClientRect())`)
	return b[0], b[1], b[2], b[3]
}

// complained fails when the browser did, but of an address that is meant to be missing.
func (p *page) complained(t *testing.T, missing ...string) {
	t.Helper()
	for _, c := range p.complaints() {
		if len(missing) == 0 || !strings.Contains(c, missing[0]) {
			t.Errorf("the browser complained: %s", c)
		}
	}
}

// drag marks a part of an element from left to right.
func drag(p *page, t *testing.T, selector string, from, to float64) {
	t.Helper()
	p.js(t, `document.querySelector("`+selector+`").scrollIntoView({block: "center"})`)
	left, top, width, height := p.box(t, selector)
	x, y := func(part float64) float64 { return left + part*width }, top+height/2
	run(p.ctx, t,
		chromedp.MouseEvent("mouseMoved", x(from), y),
		chromedp.MouseEvent("mousePressed", x(from), y, chromedp.ButtonLeft),
		chromedp.MouseEvent("mouseMoved", x((from+to)/2), y, chromedp.ButtonLeft),
		chromedp.MouseEvent("mouseMoved", x(to), y, chromedp.ButtonLeft),
		chromedp.MouseEvent("mouseReleased", x(to), y, chromedp.ButtonLeft))
}

// Whatever the verdict, the page says what is going on, in each of its parts.
func TestEveryVerdictIsExplained(t *testing.T) {
	t.Parallel()
	f := &fake{snap: healthy(time.Now(), "main")}
	var written atomic.Bool
	o := f.options()
	o.Embeds = func(stream string) http.Handler {
		if !written.Load() {
			return nil
		}
		return previewStub(stream)
	}
	s := New(o)
	p := open(t, s, "/")
	show := func(change func(*probe.Snapshot)) {
		snap := healthy(time.Now(), "main")
		change(snap)
		snap.Streams[0].Verdict, snap.Streams[0].Reason = snap.Verdict, snap.Reason
		f.set(snap)
		_ = s.Write(t.Context(), probe.Batch{At: time.Now(), Stream: "main", Incidents: snap.Incidents})
	}
	says := func(t *testing.T, id, want string) {
		t.Helper()
		p.until(t, `document.getElementById("`+id+`").textContent.includes("`+want+`") &&
			!document.getElementById("`+id+`").closest("[hidden]")`)
	}
	t.Run("no embed yet", func(t *testing.T) {
		says(t, "frame", "The embed of main is not written yet.")
		written.Store(true)
		p.until(t, `document.querySelector("#frame iframe")?.getAttribute("src") === "/embed/main/hlsjs"`)
	})
	t.Run("opened while waiting", func(t *testing.T) {
		snap := healthy(time.Now(), "main")
		snap.Verdict, snap.Streams[0].Verdict, snap.Streams[0].Renditions = probe.Waiting, probe.Waiting, nil
		f.set(snap)
		run(p.ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(p.url))
		says(t, "no-renditions", "None yet.")
		p.until(t, `document.querySelector("#frame iframe")`)
	})
	t.Run("ok with a warning", func(t *testing.T) {
		show(func(snap *probe.Snapshot) {
			warn := stale(snap.At)
			warn.Check, warn.Severity, warn.Summary = "win.short", probe.Warning, "the window is short"
			warn.Side, warn.Renditions = probe.Origin, nil
			snap.Incidents, snap.Streams[0].OpenIncidents = []probe.Incident{warn}, []string{warn.ID}
		})
		says(t, "also", "1 warning")
		says(t, "sentence", "main plays at the edge and at the origin. "+
			"A warning is open: the window is short (main 1080p at the origin).")
		p.until(t, `document.title.startsWith("OK, 1 warning · ") &&
			!document.getElementById("sentence").textContent.includes("fine")`)
		accessible(t, p, "warning")
	})
	t.Run("waiting", func(t *testing.T) {
		show(func(snap *probe.Snapshot) {
			snap.Verdict, snap.Starts, snap.Streams[0].Renditions = probe.Waiting, time.Now().Add(12*time.Minute), nil
		})
		says(t, "sentence", "Waiting for main: the event starts at ")
		says(t, "since", "starts in 11 min 5")
		says(t, "no-renditions", "None yet. They appear once the multivariant playlist of main can be read.")
		says(t, "player-note", "Until then viewers see the embed’s waiting message.")
		p.until(t, `document.getElementById("pairs").hidden`)
		first := eval[string](p.ctx, t, `document.getElementById("since").textContent`)
		p.until(t, `document.getElementById("since").textContent !== "`+first+`"`) // it counts down
		accessible(t, p, "waiting")
	})
	t.Run("down before anything was read", func(t *testing.T) {
		show(func(snap *probe.Snapshot) {
			snap.Verdict, snap.Streams[0].Renditions = probe.Down, nil
			snap.Incidents = []probe.Incident{stale(snap.At)}
			snap.Streams[0].OpenIncidents = []string{"01J9ZK"}
		})
		says(t, "no-renditions", "could not be read so far (playlist stopped moving).")
	})
	t.Run("blind", func(t *testing.T) {
		show(func(snap *probe.Snapshot) { snap.Verdict, snap.Reason = probe.Blind, "this machine is too busy" })
		says(t, "player-note", "The monitor is blind: this machine is too busy. This preview is played by your browser")
		accessible(t, p, "blind")
	})
	t.Run("ended", func(t *testing.T) {
		show(func(snap *probe.Snapshot) { snap.Verdict, snap.Ends = probe.Ended, time.Now().Add(-time.Minute) })
		says(t, "player-note", "The stream has ended at ")
	})
	p.complained(t, "/embed/main/hlsjs")
}
