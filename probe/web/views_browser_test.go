package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
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
		in.ID = fmt.Sprintf("p%03d", i)
		in.Updates = []probe.Change{{At: in.Began.Add(20 * time.Second), What: "severity error → critical"}}
		list = append(list, in)
	}
	return list
}

func TestViewOfAnIncident(t *testing.T) {
	t.Parallel()
	f := &fake{snap: sick(time.Now()), past: many(3)}
	s := New(f.options())
	p := open(t, s, "/#incident=p001")
	p.until(t, `document.getElementById("title-incident").textContent === "critical edge is behind the origin"`)
	p.until(t, `document.getElementById("incident-facts").textContent.includes("lasted 60.0 s")`)
	p.until(t, `document.getElementById("incident-course").innerText.
		replaceAll("\n", " ").match(/first bad observation.*opened.*updated: severity error → critical.*closed/)`)
	p.until(t, `document.querySelectorAll("#around-figures canvas").length === 3`)
	p.until(t, `document.getElementById("runbook-text").textContent === "What it means, <plainly>."`)
	p.until(t, `document.getElementById("todo").textContent.includes("the edge")`)
	p.until(t, `document.querySelector("#incident-evidence code").textContent.startsWith("curl -sS") &&
		document.querySelector("#incident-evidence .requests td")`)
	p.until(t, `document.title.startsWith("DOWN") && !document.getElementById("verdict").hidden`)

	t.Run("an open one stays current", func(t *testing.T) {
		p.visit(t, "/#incident=01J9ZK")
		p.until(t, `document.querySelector("#incident-facts .detail")?.textContent.startsWith("no new segment for 9.4 s")`)
		later := sick(time.Now())
		later.Incidents[0].Detail = "no new segment for 44 s (limit 9 s)"
		f.set(later) // and no batch: nothing that people are told of changed
		p.until(t, `document.querySelector("#incident-facts .detail")?.textContent.startsWith("no new segment for 44 s")`)
		first := eval[string](p.ctx, t, `document.querySelector("#incident-facts .ticks").textContent`)
		p.until(t, fmt.Sprintf(`document.querySelector("#incident-facts .ticks")?.textContent !== %q`, first))
		said := eval[string](p.ctx, t, `document.getElementById("announce").textContent`)
		if strings.Contains(said, "44 s") {
			t.Errorf("numbers that tick are read aloud: %q", said)
		}
		p.js(t, `location.hash = ""`)
		p.until(t, `document.querySelector("#open-list .detail")?.textContent.startsWith("no new segment for 44 s")`)
	})
	t.Run("one that is not there", func(t *testing.T) {
		p.js(t, `location.hash = "#incident=gone"`)
		p.until(t, `document.getElementById("incident-note").textContent.includes("there is no incident \"gone\"")`)
	})
	t.Run("accessible", func(t *testing.T) {
		p.js(t, `location.hash = "#incident=p001"`)
		p.until(t, `document.querySelectorAll("#around-figures canvas").length === 3`)
		accessible(t, p, "incident")
	})
	p.complained(t, "incidents/gone")
}

func TestListOfIncidents(t *testing.T) {
	t.Parallel()
	f := &fake{snap: sick(time.Now()), past: many(130)}
	p := open(t, New(f.options()), "/#incidents")
	p.until(t, `document.querySelectorAll("#list-rows tr").length === 50 &&
		document.getElementById("list-said").textContent === "1 to 50, newest first"`)
	p.until(t, `document.querySelector("#list-rows tr").textContent.includes("open")`) // the newest is the open one
	run(p.ctx, t, click("#list-older"))
	p.until(t, `document.getElementById("list-said").textContent.startsWith("51 to 100")`)
	run(p.ctx, t, click("#list-older"))
	p.until(t, `document.getElementById("list-said").textContent.startsWith("101 to 131") &&
		document.getElementById("list-older").disabled`)
	run(p.ctx, t, click("#list-newer"))
	p.until(t, `document.getElementById("list-said").textContent.startsWith("51 to 100")`)
	run(p.ctx, t, click("#list-newer"))
	p.until(t, `document.getElementById("list-said").textContent.startsWith("1 to 50") &&
		document.getElementById("list-newer").disabled`)

	choose := func(name, value string) {
		p.js(t, fmt.Sprintf(`{ const c = document.getElementById("list-%s"); c.value = %q;
			c.dispatchEvent(new Event("input", {bubbles: true})) }`, name, value))
	}
	choose("blame", "origin")
	p.until(t, `document.getElementById("list-said").textContent === "1 to 50, newest first" &&
		[...document.querySelectorAll("#list-rows .who")].every(c => c.textContent === "the origin server") &&
		location.hash === "#incidents&blame=origin"`)
	choose("state", "open")
	p.until(t, `document.getElementById("list-said").textContent === "No incident matches this filter."`)
	accessible(t, p, "list-none")
	run(p.ctx, t, click("#list-form button[type=reset]"))
	p.until(t, `document.querySelectorAll("#list-rows tr").length === 50 && location.hash === "#incidents"`)
	choose("text", "BEHIND the origin")
	p.until(t, `[...document.querySelectorAll("#list-rows .what")].every(c => c.textContent.includes("edge is behind")) &&
		document.querySelectorAll("#list-rows tr").length === 50`)
	accessible(t, p, "list")

	p.visit(t, "/#incidents&severity=critical&state=closed&text=behind")
	p.until(t, `document.getElementById("list-severity").value === "critical" &&
		document.getElementById("list-text").value === "behind" &&
		document.querySelectorAll("#list-rows tr").length === 50`)
	run(p.ctx, t, click("#list-rows a"))
	p.until(t, `location.hash === "#incident=p001" && document.activeElement.id === "title-incident"`)
	p.complained(t)
}

func TestPlotsMoveThroughTime(t *testing.T) {
	t.Parallel()
	f := &fake{snap: healthy(time.Now(), "main"), past: many(200)}
	p := open(t, New(f.options()), "/")
	p.until(t, `document.querySelectorAll("#figures canvas").length === 3`)
	// shows waits until the page has asked for what it is to show, and has drawn it.
	shows := func(what string, right func(probe.SeriesQuery) bool) (last probe.SeriesQuery) {
		t.Helper()
		for end := time.Now().Add(proctest.Patience); ; time.Sleep(50 * time.Millisecond) {
			asked := f.queries()
			if last = asked[len(asked)-1]; right(last) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s: %+v", what, last)
			}
		}
		p.until(t, `!document.querySelector("#figures [aria-busy]")`)
		return last
	}
	length := func(q probe.SeriesQuery) time.Duration { return q.Until.Sub(q.Since) }

	run(p.ctx, t, click(`#spans [data-seconds="86400"]`))
	shows("24 h", func(q probe.SeriesQuery) bool {
		return time.Since(q.Since).Round(time.Hour) == 24*time.Hour && q.MaxPoints <= 1500 && q.MaxPoints >= 200
	})
	run(p.ctx, t, click(`#spans [data-seconds="0"]`))
	shows("all that is stored", func(q probe.SeriesQuery) bool { return time.Since(q.Since) > 13*24*time.Hour })
	run(p.ctx, t, click(`#spans [data-seconds="3600"]`))
	shows("an hour", func(q probe.SeriesQuery) bool { return time.Since(q.Since).Round(time.Hour) == time.Hour })
	drag(p, t, "#figures figure .u-over", 0.25, 0.75)
	q := shows("half of an hour was marked", func(q probe.SeriesQuery) bool {
		return length(q) > 25*time.Minute && length(q) < 35*time.Minute
	})
	p.until(t, `document.getElementById("span-said").textContent !== "" &&
		!document.querySelector("#spans [aria-pressed=true]")`)
	run(p.ctx, t, click("#plots-earlier"))
	shows("earlier", func(now probe.SeriesQuery) bool {
		moved := q.Since.Sub(now.Since)
		return moved > 10*time.Minute && moved < 20*time.Minute
	})
	run(p.ctx, t, click("#plots-in"))
	shows("zoomed in", func(q probe.SeriesQuery) bool { return !q.Until.IsZero() && length(q) < 20*time.Minute })
	run(p.ctx, t, click("#plots-now"))
	p.until(t, `document.querySelector("#spans [data-seconds='3600'][aria-pressed=true]") &&
		document.getElementById("span-said").textContent === ""`)

	run(p.ctx, t, click("#choose-span summary"))
	p.js(t, `document.getElementById("custom-from").value = "2026-11-20T10:00";
		document.getElementById("custom-to").value = "2026-11-20T09:00"; document.querySelector("#custom button").click()`)
	p.until(t, `document.getElementById("custom-wrong").textContent.includes("before")`)

	t.Run("what is under the pointer stands in the caption", func(t *testing.T) {
		run(p.ctx, t, chromedp.MouseEvent("mouseMoved", 400, 700))
		left, top, width, height := p.box(t, "#figures .u-over")
		run(p.ctx, t, chromedp.MouseEvent("mouseMoved", left+width*0.6, top+height/2))
		p.until(t, `/edge \d/.test(document.querySelector("#figures .readout").textContent)`)
		covered := eval[bool](p.ctx, t, `(() => {
			const [a, b] = document.querySelector("#figures figcaption").children;
			const r = a.getBoundingClientRect(), q = b.getBoundingClientRect();
			return q.left < r.right &&
			q.top < r.bottom })()`)
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
	p.until(t, `document.querySelectorAll("#figures canvas").length === 3`)
	later := healthy(time.Now(), "main")
	for i := range later.Streams[0].Renditions {
		later.Streams[0].Renditions[i].Edge.LastSegmentAge = probe.State(17 * time.Second)
	}
	f.set(later)
	_ = s.Write(t.Context(), probe.Batch{At: time.Now(), Stream: "main"})
	p.until(t, `document.querySelector("#rendition-rows tr").cells[3].textContent === "17.0 s"`)
	read := `document.querySelector("#figures .readout").textContent.includes("edge 17.0 s")`
	for tries := 0; !eval[bool](p.ctx, t, read); tries++ {
		if tries == 100 {
			t.Fatalf("the plot says %s", eval[string](p.ctx, t, `document.querySelector("#figures .readout").textContent`))
		}
		_ = s.Write(t.Context(), probe.Batch{At: time.Now(), Stream: "main"}) // drawn at most once a second
		time.Sleep(500 * time.Millisecond)
		left, top, width, height := p.box(t, "#figures .u-over")
		run(p.ctx, t, chromedp.MouseEvent("mouseMoved", left+width-1-float64(tries%2), top+height/2))
	}
}
