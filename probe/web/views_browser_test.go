package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe"
)

// accessible runs the accessibility checker over what is shown: wide by day, and
// narrow by night.
func accessible(t *testing.T, p *page, view string) {
	t.Helper()
	axe := axeCore(t)
	for _, look := range []struct {
		scheme string
		width  int64
	}{{"light", 1280}, {"dark", 390}} {
		emulate(p.ctx, t, look.scheme)
		run(p.ctx, t, chromedp.EmulateViewport(look.width, 900), chromedp.Sleep(200*time.Millisecond))
		if eval[bool](p.ctx, t, `document.documentElement.scrollWidth > innerWidth`) {
			t.Errorf("%s, %d px: the page scrolls sideways", view, look.width)
		}
		if found := eval[string](p.ctx, t, axe); found != "" {
			t.Errorf("%s, %s, %d px:\n%s", view, look.scheme, look.width, found)
		}
		shoot(p.ctx, t, fmt.Sprintf("%s-%d-%s", view, look.width, look.scheme), look.width, 900, look.scheme == "dark")
	}
	emulate(p.ctx, t, "light")
	run(p.ctx, t, chromedp.EmulateViewport(1280, 900))
}

// many is a history of incidents: a CDN's and an origin's in turn, an hour apart.
func many(n int) (list []probe.Incident) {
	for i := range n {
		at := time.Now().Add(-time.Duration(i) * time.Hour)
		in := over(at)
		if i%2 == 1 {
			in.Blame, in.Severity, in.Summary = probe.BlameCDN, probe.Critical, "edge is behind the origin"
		}
		in.ID, in.Updates = fmt.Sprintf("p%03d", i), []probe.Change{{At: in.Began.Add(20 * time.Second), What: "severity error → critical"}}
		list = append(list, in)
	}
	return list
}

func TestViewOfAnIncident(t *testing.T) {
	t.Parallel()
	f := &fake{snap: sick(time.Now()), past: many(3)}
	s := New(f.options())
	p := open(t, s, "/#incident=p001")
	until(p.ctx, t, `document.getElementById("title-incident").textContent === "critical edge is behind the origin"`)
	until(p.ctx, t, `document.getElementById("incident-facts").textContent.includes("lasted 60.0 s")`)
	until(p.ctx, t, `document.getElementById("incident-course").innerText.replaceAll("\n", " ").match(/first bad observation.*opened.*updated: severity error → critical.*closed/)`)
	until(p.ctx, t, `document.querySelectorAll("#around-figures canvas").length === 3`)
	until(p.ctx, t, `document.getElementById("runbook-text").textContent === "What it means, <plainly>."`)
	until(p.ctx, t, `document.getElementById("todo").textContent.includes("the edge")`)
	until(p.ctx, t, `document.querySelector("#incident-evidence code").textContent.startsWith("curl -sS") && document.querySelector("#incident-evidence .requests td")`)
	until(p.ctx, t, `document.title.startsWith("DOWN") && !document.getElementById("verdict").hidden`)

	t.Run("an open one stays current", func(t *testing.T) {
		run(p.ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(p.url+"/#incident=01J9ZK"))
		until(p.ctx, t, `document.querySelector("#incident-facts .detail")?.textContent.startsWith("no new segment for 9.4 s")`)
		later := sick(time.Now())
		later.Incidents[0].Detail = "no new segment for 44 s (limit 9 s)"
		f.set(later) // and no batch: nothing that people are told of changed
		until(p.ctx, t, `document.querySelector("#incident-facts .detail")?.textContent.startsWith("no new segment for 44 s")`)
		first := eval[string](p.ctx, t, `document.querySelector("#incident-facts .ticks").textContent`)
		until(p.ctx, t, fmt.Sprintf(`document.querySelector("#incident-facts .ticks")?.textContent !== %q`, first))
		if said := eval[string](p.ctx, t, `document.getElementById("announce").textContent`); strings.Contains(said, "44 s") {
			t.Errorf("numbers that tick are read aloud: %q", said)
		}
		run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`location.hash = ""`))
		until(p.ctx, t, `document.querySelector("#open-list .detail")?.textContent.startsWith("no new segment for 44 s")`)
	})
	t.Run("one that is not there", func(t *testing.T) {
		run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`location.hash = "#incident=gone"`))
		until(p.ctx, t, `document.getElementById("incident-note").textContent.includes("there is no incident \"gone\"")`)
	})
	t.Run("accessible", func(t *testing.T) {
		run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`location.hash = "#incident=p001"`))
		until(p.ctx, t, `document.querySelectorAll("#around-figures canvas").length === 3`)
		accessible(t, p, "incident")
	})
	p.complained(t, "incidents/gone")
}

func TestListOfIncidents(t *testing.T) {
	t.Parallel()
	f := &fake{snap: sick(time.Now()), past: many(130)}
	p := open(t, New(f.options()), "/#incidents")
	until(p.ctx, t, `document.querySelectorAll("#list-rows tr").length === 50 && document.getElementById("list-said").textContent === "1 to 50, newest first"`)
	until(p.ctx, t, `document.querySelector("#list-rows tr").textContent.includes("open")`) // the newest is the open one
	run(p.ctx, t, click("#list-older"))
	until(p.ctx, t, `document.getElementById("list-said").textContent.startsWith("51 to 100")`)
	run(p.ctx, t, click("#list-older"))
	until(p.ctx, t, `document.getElementById("list-said").textContent.startsWith("101 to 131") && document.getElementById("list-older").disabled`)
	run(p.ctx, t, click("#list-newer"), chromedp.Sleep(100*time.Millisecond), click("#list-newer"))
	until(p.ctx, t, `document.getElementById("list-said").textContent.startsWith("1 to 50") && document.getElementById("list-newer").disabled`)

	choose := func(name, value string) {
		run(p.ctx, t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{ const c = document.getElementById("list-%s"); c.value = %q; c.dispatchEvent(new Event("input", {bubbles: true})) }`, name, value)))
	}
	choose("blame", "origin")
	until(p.ctx, t, `document.getElementById("list-said").textContent === "1 to 50, newest first" && [...document.querySelectorAll("#list-rows .who")].every(c => c.textContent === "the origin server") && location.hash === "#incidents&blame=origin"`)
	choose("state", "open")
	until(p.ctx, t, `document.getElementById("list-said").textContent === "No incident matches this filter."`)
	accessible(t, p, "list-none")
	run(p.ctx, t, click("#list-form button[type=reset]"))
	until(p.ctx, t, `document.querySelectorAll("#list-rows tr").length === 50 && location.hash === "#incidents"`)
	choose("text", "BEHIND the origin")
	until(p.ctx, t, `[...document.querySelectorAll("#list-rows .what")].every(c => c.textContent.includes("edge is behind")) && document.querySelectorAll("#list-rows tr").length === 50`)
	accessible(t, p, "list")

	run(p.ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(p.url+"/#incidents&severity=critical&state=closed&text=behind"))
	until(p.ctx, t, `document.getElementById("list-severity").value === "critical" && document.getElementById("list-text").value === "behind" && document.querySelectorAll("#list-rows tr").length === 50`)
	run(p.ctx, t, click("#list-rows a"))
	until(p.ctx, t, `location.hash === "#incident=p001" && document.activeElement.id === "title-incident"`)
	p.complained(t)
}

func TestPlotsMoveThroughTime(t *testing.T) {
	t.Parallel()
	f := &fake{snap: healthy(time.Now(), "main"), past: many(200)}
	p := open(t, New(f.options()), "/")
	until(p.ctx, t, `document.querySelectorAll("#figures canvas").length === 3`)
	asked := func() []probe.SeriesQuery { return f.queries() }
	last := func() probe.SeriesQuery { return slices.Clone(asked())[len(asked())-1] }
	settle := func() { time.Sleep(500 * time.Millisecond) }

	run(p.ctx, t, click(`#spans [data-seconds="86400"]`))
	settle()
	if q := last(); time.Since(q.Since).Round(time.Minute) != 24*time.Hour || q.MaxPoints > 1500 || q.MaxPoints < 200 {
		t.Errorf("24 h: %+v", q)
	}
	run(p.ctx, t, click(`#spans [data-seconds="0"]`))
	settle()
	if q := last(); time.Since(q.Since) < 13*24*time.Hour {
		t.Errorf("all that is stored: %+v", q)
	}
	run(p.ctx, t, click(`#spans [data-seconds="3600"]`))
	settle()
	drag(p, t, "#figures figure .u-over", 0.25, 0.75)
	settle()
	q := last()
	if length := q.Until.Sub(q.Since); length < 25*time.Minute || length > 35*time.Minute {
		t.Errorf("half of an hour was marked: %s is shown", length)
	}
	until(p.ctx, t, `document.getElementById("span-said").textContent !== "" && !document.querySelector("#spans [aria-pressed=true]")`)
	run(p.ctx, t, click("#plots-earlier"))
	settle()
	if moved := q.Since.Sub(last().Since); moved < 10*time.Minute || moved > 20*time.Minute {
		t.Errorf("earlier moved by %s", moved)
	}
	run(p.ctx, t, click("#plots-in"))
	settle()
	if length := last().Until.Sub(last().Since); length > 20*time.Minute {
		t.Errorf("zoomed in: %s is shown", length)
	}
	run(p.ctx, t, click("#plots-now"))
	until(p.ctx, t, `document.querySelector("#spans [data-seconds='3600'][aria-pressed=true]") && document.getElementById("span-said").textContent === ""`)

	run(p.ctx, t, click("#choose-span summary"), chromedp.Evaluate[chromedp.Void](`document.getElementById("custom-from").value = "2026-11-20T10:00"; document.getElementById("custom-to").value = "2026-11-20T09:00"; document.querySelector("#custom button").click()`))
	until(p.ctx, t, `document.getElementById("custom-wrong").textContent.includes("before")`)

	t.Run("what is under the pointer stands in the caption", func(t *testing.T) {
		run(p.ctx, t, chromedp.MouseEvent("mouseMoved", 400, 700))
		box := eval[[]float64](p.ctx, t, `(r => [r.left, r.top, r.width, r.height])(document.querySelector("#figures .u-over").getBoundingClientRect())`)
		run(p.ctx, t, chromedp.MouseEvent("mouseMoved", box[0]+box[2]*0.6, box[1]+box[3]/2))
		until(p.ctx, t, `/edge \d/.test(document.querySelector("#figures .readout").textContent)`)
		covered := eval[bool](p.ctx, t, `(() => { const [a, b] = document.querySelector("#figures figcaption").children, r = a.getBoundingClientRect(), q = b.getBoundingClientRect(); return q.left < r.right && q.top < r.bottom })()`)
		if covered {
			t.Error("the readout covers the title")
		}
	})
	p.complained(t)
}

// The plot ends with the number in the table.
func TestPlotsAgreeWithTheTable(t *testing.T) {
	t.Parallel()
	snap := healthy(time.Now(), "main")
	f := &fake{snap: snap}
	s := New(f.options())
	p := open(t, s, "/")
	until(p.ctx, t, `document.querySelectorAll("#figures canvas").length === 3`)
	later := healthy(time.Now(), "main")
	for i := range later.Streams[0].Renditions {
		later.Streams[0].Renditions[i].Edge.LastSegmentAge = probe.State(17 * time.Second)
	}
	f.set(later)
	_ = s.Write(t.Context(), probe.Batch{At: time.Now(), Stream: "main"})
	until(p.ctx, t, `document.querySelector("#rendition-rows tr").cells[3].textContent === "17.0 s"`)
	time.Sleep(1200 * time.Millisecond)
	_ = s.Write(t.Context(), probe.Batch{At: time.Now(), Stream: "main"}) // drawn at most once a second
	time.Sleep(500 * time.Millisecond)
	box := eval[[]float64](p.ctx, t, `(r => [r.right, r.top, r.height])(document.querySelector("#figures .u-over").getBoundingClientRect())`)
	run(p.ctx, t, chromedp.MouseEvent("mouseMoved", box[0]-1, box[1]+box[2]/2))
	until(p.ctx, t, `document.querySelector("#figures .readout").textContent.includes("edge 17.0 s")`)
}

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
	until(p.ctx, t, `document.getElementById("wall-tally").innerText.replace(/\s+/g, " ").trim() === "1 down 999 ok"`)
	until(p.ctx, t, `document.querySelectorAll("#wall-large .tile").length === 1 && document.querySelector("#wall-large .tile").innerText.includes("playlist stopped moving (cdn)")`)
	until(p.ctx, t, `document.querySelectorAll("#wall-small li").length === 999 && document.getElementById("wall-causes").textContent.includes("playlist stopped moving")`)
	until(p.ctx, t, `document.title.startsWith("1 OF 1000 DOWN") && document.getElementById("verdict").hidden`)

	t.Run("only what changed is touched", func(t *testing.T) {
		eval[bool](p.ctx, t, `window.touched = new Set(); new MutationObserver(list => list.forEach(m =>
			touched.add((m.target.closest ? m.target : m.target.parentElement).closest("li")?.dataset.stream))).observe(document.getElementById("wall-small"), {subtree: true, characterData: true, attributes: true}) || true`)
		changed := *snap
		changed.Streams = slices.Clone(snap.Streams)
		changed.Streams[7] = healthy(at, "s007").Streams[0]
		changed.Streams[7].Verdict = probe.Waiting
		f.set(&changed)
		_ = s.Write(t.Context(), probe.Batch{At: at, Stream: "s007"})
		until(p.ctx, t, `document.getElementById("wall-tally").textContent.includes("1waiting")`)
		until(p.ctx, t, `touched.size === 1 && touched.has("s007")`)
	})
	run(p.ctx, t, click("#wall-large a"))
	until(p.ctx, t, `location.hash === "#stream=s321" && document.getElementById("renditions-title").textContent === "Renditions of s321"`)
	until(p.ctx, t, `document.getElementById("word").textContent === "1 of 1000 down" && document.getElementById("share").textContent === "1 down · 998 ok · 1 waiting"`)
	run(p.ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(p.url+"/?view=wall"))
	until(p.ctx, t, `document.querySelectorAll("#wall-large .tile").length === 1`)
	few.Incidents = snap.Incidents
	f.set(&few)
	run(p.ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(p.url+"/#wall"))
	until(p.ctx, t, `document.querySelectorAll("#wall-small li").length === 59`)
	accessible(t, p, "wall")
	p.complained(t)
}

// With the keyboard alone: past the navigation, from view to view, into an
// incident and back. Where a view opens, the focus is at its title.
func TestKeyboardWalk(t *testing.T) {
	t.Parallel()
	f := &fake{snap: sick(time.Now()), past: many(3)}
	p := open(t, New(f.options()), "/")
	until(p.ctx, t, `document.querySelector(".incident h3 a")`)
	press := func(keys ...string) {
		for _, k := range keys {
			run(p.ctx, t, chromedp.KeyEvent(k))
		}
	}
	at := func(what string) {
		t.Helper()
		until(p.ctx, t, `(document.activeElement.id || document.activeElement.textContent) === "`+what+`"`)
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
	until(p.ctx, t, `location.hash === "#incident=01J9ZK"`)
	run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`document.querySelector("nav a").focus()`))
	press("\t")
	at("Incidents")
	press("\r")
	at("title-incidents")
	press("\t")
	at("list-state")
	press("\t", "\t", "\t", "\t", "\t", "\t")
	at("playlist stopped moving")
	run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`document.querySelector("nav a[data-view=wall]").focus()`))
	press("\r")
	at("title-wall")
	press("\t", "\t")
	at("main")
	press("\r")
	at("title-event")
	run(p.ctx, t, chromedp.Evaluate[chromedp.Void](`history.back()`))
	at("title-wall")
	p.complained(t)
}
