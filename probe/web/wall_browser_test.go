package web

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe"
)

func TestWall(t *testing.T) {
	t.Parallel()
	at := time.Now()
	snap := healthy(at, "s000")
	few := *snap // of 60
	for i := 1; i < 1000; i++ {
		snap.Streams = append(snap.Streams, healthy(at, fmt.Sprintf("s%03d", i)).Streams...)
	}
	worst := sick(at)
	worst.Streams[0].Name, worst.Incidents[0].Stream, worst.Incidents[0].Streams = "s321", "s321", []string{"s321"}
	snap.Streams[321], snap.Incidents, snap.Verdict = worst.Streams[0], worst.Incidents, probe.Down
	few.Streams = snap.Streams[300:360] // the checker takes a minute for a thousand
	f := &fake{snap: snap}
	s := New(f.options())
	p := open(t, s, "/#wall")
	p.until(t, `document.getElementById("wall-tally").innerText.replace(/\s+/g, " ").trim() === "1 down 999 ok"`)
	p.until(t, `document.querySelectorAll("#wall-large .tile").length === 1 &&
		document.querySelector("#wall-large .tile").innerText.includes("playlist stopped moving (cdn)")`)
	p.until(t, `document.querySelectorAll("#wall-small li").length === 999 &&
		document.getElementById("wall-causes").textContent.includes("playlist stopped moving")`)
	p.until(t, `document.title.startsWith("1 OF 1000 DOWN") && document.getElementById("verdict").hidden`)

	t.Run("only what changed is touched", func(t *testing.T) {
		eval[bool](p.ctx, t, `window.touched = new Set(); new MutationObserver(list => list.forEach(m =>
			touched.add((m.target.closest ? m.target : m.target.parentElement).closest("li")?.dataset.stream))).
			observe(document.getElementById("wall-small"), {subtree: true, characterData: true, attributes: true}) || true`)
		changed := *snap
		changed.Streams = slices.Clone(snap.Streams)
		changed.Streams[7] = healthy(at, "s007").Streams[0]
		changed.Streams[7].Verdict = probe.Waiting
		f.set(&changed)
		_ = s.Write(t.Context(), probe.Batch{At: at, Stream: "s007"})
		p.until(t, `document.getElementById("wall-tally").textContent.includes("1waiting")`)
		p.until(t, `touched.size === 1 && touched.has("s007")`)
	})
	run(p.ctx, t, click("#wall-large a"))
	p.until(t, `location.hash === "#stream=s321" &&
		document.getElementById("renditions-title").textContent === "Renditions of s321"`)
	p.until(t, `document.getElementById("word").textContent === "1 of 1000 down" &&
		document.getElementById("share").textContent === "1 down · 998 ok · 1 waiting"`)
	p.visit(t, "/?view=wall")
	p.until(t, `document.querySelectorAll("#wall-large .tile").length === 1`)
	few.Incidents = snap.Incidents
	f.set(&few)
	p.visit(t, "/#wall")
	p.until(t, `document.querySelectorAll("#wall-small li").length === 59`)
	accessible(t, p, "wall")
	blind := few
	blind.Streams, blind.Verdict, blind.Incidents = slices.Clone(few.Streams), probe.Blind, nil
	for i := range blind.Streams {
		blind.Streams[i].Verdict, blind.Streams[i].Reason = probe.Blind, "this machine is too busy"
		blind.Streams[i].OpenIncidents = nil
	}
	f.set(&blind)
	p.visit(t, "/#wall")
	p.until(t, `document.getElementById("wall-causes").textContent === "blind 60 streams: this machine is too busy"`)
	p.until(t, `document.querySelectorAll("#wall-small li").length === 60 && document.getElementById("wall-large").hidden`)
	p.complained(t)
}

// With the keyboard alone: past the navigation, from view to view, into an
// incident and back. Where a view opens, the focus is at its title.
func TestKeyboardWalk(t *testing.T) {
	t.Parallel()
	f := &fake{snap: sick(time.Now()), past: many(3)}
	p := open(t, New(f.options()), "/")
	p.until(t, `document.querySelector(".incident h3 a")`)
	press := func(keys ...string) {
		for _, k := range keys {
			run(p.ctx, t, chromedp.KeyEvent(k))
		}
	}
	at := func(what string) {
		t.Helper()
		p.until(t, `(document.activeElement.id || document.activeElement.textContent) === "`+what+`"`)
		if !eval[bool](p.ctx, t, `(r => r.width > 0 && r.height > 0)(document.activeElement.getBoundingClientRect())`) {
			t.Errorf("the focus is at %s, which nobody sees", what)
		}
	}
	press("\t")
	at("skip")
	press("\r")
	at("title-event")
	press("\t")
	at("playlist stopped moving") // the title of the incident's card
	press("\r")
	at("title-incident")
	p.until(t, `location.hash === "#incident=01J9ZK"`)
	p.js(t, `document.querySelector("nav a").focus()`)
	press("\t")
	at("Incidents")
	press("\r")
	at("title-incidents")
	press("\t")
	at("list-state")
	press("\t", "\t", "\t", "\t", "\t", "\t")
	at("playlist stopped moving")
	p.js(t, `document.querySelector("nav a[data-view=wall]").focus()`)
	press("\r")
	at("title-wall")
	press("\t", "\t")
	at("main")
	press("\r")
	at("title-event")
	p.js(t, `history.back()`)
	at("title-wall")
	p.complained(t)
}
