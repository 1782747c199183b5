package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe"
)

// behindTwo is a stream behind two CDNs of which the second serves old playlists.
func behindTwo(at time.Time) *probe.Snapshot {
	snap := healthy(at, "main")
	late := sick(at)
	in := late.Incidents[0]
	in.Check, in.Severity, in.Scope, in.Host, in.Edge =
		"edge.lag", probe.Error, probe.ScopeEdge, "second.example", "second"
	in.Summary = probe.AtEdge("edge is behind the origin", in.Edge)
	in.Because = "edge second (second.example) serves old playlists: the origin replaced this content 28.0 s ago; " +
		"cloudfront is fine and the origin is fresh"
	snap.Verdict, snap.Incidents = probe.Degraded, []probe.Incident{in}
	snap.Edges = []probe.EdgeAddress{
		{Name: "cloudfront", URL: "https://edge.example"},
		{Name: "second", URL: "https://second.example"},
	}
	s := &snap.Streams[0]
	s.Verdict, s.OpenIncidents = probe.Degraded, []string{in.ID}
	for i := range s.Renditions {
		r := &s.Renditions[i]
		r.Verdict = probe.Degraded
		r.Edges = map[string]*probe.EdgeSnapshot{
			"cloudfront": {SideSnapshot: *r.Edge, Lag: r.EdgeLag, LagSegs: r.EdgeLagSegs},
			"second": {
				SideSnapshot: *late.Streams[0].Renditions[i].Edge, Lag: probe.State(28 * time.Second),
				LagSegs: probe.State(int64(14)),
			},
		}
	}
	return snap
}

// asksOf is the address of a request for a series of an edge.
func asksOf(edge string) string {
	return `performance.getEntriesByType("resource").map(e => e.name).find(n => ` +
		`n.includes("/api/v1/series") && n.includes("edge=` + edge + `")) || ""`
}

// Each of several edges has columns of its own, and the one to blame is named.
func TestPageOfEdges(t *testing.T) {
	f := &fake{snap: behindTwo(time.Now())}
	o := f.options()
	o.Edges = []string{"cloudfront", "second"}
	url, _ := serve(t, New(o))
	ctx, complaints := browser(t)
	run(ctx, t, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(url))
	until(ctx, t, `document.querySelectorAll("#rendition-rows tr").length === 3 && document.querySelector(".incident")`)
	for selector, want := range map[string]string{
		`"#renditions thead tr:first-child th"`: "cloudfront | second | Origin",
		`"#renditions thead tr:last-child th"`: "Rendition | State | Seg. age | Status | Cache | Lag" +
			" | State | Seg. age | Status | Cache | Lag | State | Seg. age | Status",
		`"#rendition-rows tr:first-child .badge"`:             "ok | down | ok",
		`"#rendition-rows tr:first-child td:nth-of-type(10)"`: "28.0 s / 14",
		`"#paths"`: "cloudfront https://edge.example   second https://second.example   origin http://origin.example",
		`"#sentence"`: "main is degraded: edge second is behind the origin. The CDN is to blame: edge second " +
			"(second.example) serves old playlists: the origin replaced this content 28.0 s ago; " +
			"cloudfront is fine and the origin is fresh.",
	} {
		until(ctx, t, fmt.Sprintf(`[...document.querySelectorAll(%s)].map(e => e.textContent.trim()).join(" | ") === %q`,
			selector, want))
	}
	if !eval[bool](ctx, t,
		`document.querySelector(".incident").textContent.includes("edge second (second.example): main")`) {
		t.Errorf("the incident says %s", eval[string](ctx, t, `document.querySelector(".incident").innerText`))
	}
	if asked := eval[string](ctx, t, asksOf("cloudfront")); asked == "" {
		t.Error("the plots did not ask for the first edge")
	}
	run(ctx, t, chromedp.SetValue(chromedp.CSS("#plot-edge"), "second"))
	eval[bool](ctx, t, `document.getElementById("plot-edge").dispatchEvent(new Event("change"))`)
	until(ctx, t, asksOf("second"))
	for name, width := range map[string]int64{"edges-1280": 1280, "edges-390": 390} {
		shoot(ctx, t, name, width, 844, false)
		run(ctx, t, chromedp.EmulateViewport(width, 844), chromedp.Sleep(200*time.Millisecond))
		if eval[bool](ctx, t, `document.documentElement.scrollWidth > innerWidth`) {
			t.Errorf("%d px: the page scrolls sideways", width)
		}
		if found := eval[string](ctx, t, axeCore(t)); found != "" {
			t.Errorf("%d px:\n%s", width, found)
		}
	}
	if list := complaints(); len(list) > 0 {
		t.Errorf("the page complained: %q", list)
	}
}
