package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe"
)

// hostDown is an event of 30 streams of which 28 share an edge host that died:
// one incident.
func hostDown(at time.Time) *probe.Snapshot {
	snap := healthy(at, "s00")
	in := stale(at)
	in.State, in.Check, in.Scope, in.Host, in.Streams =
		probe.Updated, "http.unreachable", probe.ScopeEdge, "d111111abcdef8.cloudfront.net", nil
	in.Summary, in.Detail = "playlist cannot be fetched", "28 streams: connection refused in 2 ms, 5 times"
	in.Because, in.Count = "nobody connects to the edge host; the origin answers for all 28.", 3
	in.Updates = []probe.Change{{
		At: at.Add(-20 * time.Second), What: "blame unknown → cdn, scope stream → edge d111111abcdef8.cloudfront.net",
	}}
	for i := range 30 {
		name := fmt.Sprintf("s%02d", i)
		stream := healthy(at, name).Streams[0]
		if i < 28 {
			stream = sick(at).Streams[0]
			stream.Name = name
			in.Streams = append(in.Streams, name)
		}
		snap.Streams = append(snap.Streams[:i], stream)
	}
	in.Stream = in.Streams[0]
	snap.Verdict, snap.Since, snap.Incidents = probe.Down, at.Add(-19*time.Second), []probe.Incident{in}
	return snap
}

// One cause is one row on the page, however many streams it hits, and unfolds
// to them.
func TestPageOneCause(t *testing.T) {
	t.Parallel()
	at := time.Now()
	snap := hostDown(at)
	f := &fake{snap: snap, past: []probe.Incident{over(at)}}
	s := New(f.options())
	url, _ := serve(t, s)
	ctx, complaints := browser(t)
	run(ctx, t, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(url))
	until(ctx, t, `document.querySelectorAll(".incident").length === 1`)
	want := "28 of 30 streams are down: playlist cannot be fetched at the edge host d111111abcdef8.cloudfront.net. " +
		"The CDN is to blame: nobody connects to the edge host; the origin answers for all 28."
	until(ctx, t, fmt.Sprintf(`document.getElementById("sentence").textContent === %q`, want))
	for what, text := range map[string]string{
		"scope": "the edge host d111111abcdef8.cloudfront.net: 28 streams", "reason": "Because: nobody connects",
		"count": "came 3 times", "tally": "28 streams: 28 down", "updates": "1 update",
	} {
		if !eval[bool](ctx, t, fmt.Sprintf(`document.querySelector(".incident").textContent.includes(%q)`, text)) {
			t.Errorf("%s: the row lacks %q:\n%s", what, text,
				eval[string](ctx, t, `document.querySelector(".incident").innerText`))
		}
	}
	run(ctx, t, click(".incident .affected summary"))
	until(ctx, t, `document.querySelectorAll(".incident .affected li").length === 28`)
	until(ctx, t, `document.querySelector(".incident .affected li").textContent.`+
		`includes("1080p down, 720p down, 360p down")`)
	run(ctx, t, click(".incident .updates summary"))
	shoot(ctx, t, "cause-1280", 1280, 900, false)
	shoot(ctx, t, "cause-1280-dark", 1280, 900, true)
	shoot(ctx, t, "cause-390", 390, 844, false)
	shoot(ctx, t, "cause-390-dark", 390, 844, true)
	run(ctx, t, chromedp.EmulateViewport(390, 844), chromedp.Sleep(200*time.Millisecond))
	if eval[bool](ctx, t, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("390 px: the page scrolls sideways")
	}
	if found := eval[string](ctx, t, axeCore(t)); found != "" {
		t.Errorf("390 px:\n%s", found)
	}
	run(ctx, t, chromedp.EmulateViewport(1280, 900))

	t.Run("a stream recovers", func(t *testing.T) {
		well := *snap
		well.Streams = append([]probe.StreamSnapshot(nil), snap.Streams...)
		well.Streams[3] = healthy(time.Now(), "s03").Streams[0]
		f.set(&well)
		_ = s.Write(t.Context(), probe.Batch{At: time.Now(), Stream: "s03"})
		until(ctx, t, `document.querySelector(".incident .affected summary").textContent === "28 streams: 27 down, 1 ok"`)
		until(ctx, t, `document.querySelectorAll(".incident .affected li")[3].textContent.includes("all renditions ok") && `+
			`document.querySelector(".incident .affected").open`)
	})
	t.Run("the blame changes", func(t *testing.T) {
		later := hostDown(time.Now())
		later.Incidents[0].Blame, later.Incidents[0].Because = probe.BlameOrigin, ""
		f.set(later)
		_ = s.Write(t.Context(), probe.Batch{At: time.Now(), Incidents: later.Incidents}) // the event's, of no stream
		until(ctx, t, `document.getElementById("sentence").textContent.endsWith("The origin server is to blame.")`)
		until(ctx, t, `document.querySelector(".incident .blame").textContent === "Blame: the origin server" && `+
			`document.querySelector(".incident .affected").open`)
	})
	t.Run("link to an incident", func(t *testing.T) {
		run(ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(url+"/#incident=01J9ZK"))
		until(ctx, t, `document.getElementById("title-incident").textContent === "critical playlist cannot be fetched" && `+
			`document.querySelector("#incident-facts").textContent.includes("open for")`)
		run(ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(url+"/#incident=01J9AA"))
		until(ctx, t, `document.querySelector("#incident-facts").textContent.includes("lasted 60.0 s")`)
	})
	t.Run("blind with a reason, and a full disk", func(t *testing.T) {
		blind := healthy(time.Now(), "main")
		blind.Verdict, blind.Reason, blind.Streams[0].Verdict = probe.Blind, "this machine is too busy", probe.Blind
		blind.Sinks = []probe.SinkHealth{
			{Name: "store", FailingSince: at, Error: "no space left on device", Waiting: 12},
			{Name: "web"},
		}
		f.set(blind)
		run(ctx, t, chromedp.Navigate("about:blank"), chromedp.Navigate(url))
		until(ctx, t, `document.getElementById("sentence").textContent === `+
			`"streamwatch cannot see: this machine is too busy. The streams may be fine."`)
		until(ctx, t, `document.getElementById("sinks").textContent.includes("The history cannot be written since") && `+
			`document.getElementById("sinks").textContent.includes("no space left on device. 12 batches wait.")`)
		shoot(ctx, t, "blind-1280", 1280, 900, false)
		shoot(ctx, t, "blind-390-dark", 390, 844, true)
	})
	t.Run("runbook", func(t *testing.T) {
		run(ctx, t, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(url+"/checks/upd.stale"))
		until(ctx, t, `document.querySelector(".runbook").textContent === "What it means, <plainly>."`)
		shoot(ctx, t, "runbook-1280", 1280, 500, false)
	})
	if c := complaints(); len(c) > 0 {
		t.Errorf("the browser complained:\n%s", strings.Join(c, "\n"))
	}
}

// Whatever is blamed, wherever: beside a verdict that is not ok the sentence
// never says that something is fine, and never more than the diagnosis does.
func TestSentenceNeverContradictsItself(t *testing.T) {
	t.Parallel()
	f := &fake{snap: healthy(time.Now(), "main")}
	url, _ := serve(t, New(f.options()))
	ctx, _ := browser(t)
	run(ctx, t, chromedp.Navigate(url))
	said := eval[[]string](ctx, t, `import("/assets/sentence.js").then(({sentence}) => {
		const said = [];
		for (const verdict of ["down", "degraded"])
		for (const blame of ["encoder", "origin", "cdn", "path", "config", "unknown"])
		for (const side of ["edge", "origin", ""])
		for (const scope of ["event", "origin", "edge", "stream", "rendition", undefined])
		for (const originVerdict of ["ok", "down"]) {
			const stream = {
				name: "main", verdict, open_incidents: ["a"],
				renditions: [{name: "720p", verdict, edge: {verdict}, origin: {verdict: originVerdict}}],
			};
			const incident = {
				id: "a", severity: "critical", blame, side, scope, host: "h.example",
				streams: ["main"], stream: "main", rendition: "",
				summary: "it stopped", because: "it did", began: "2026-11-28T19:00:00Z",
			};
			said.push(sentence({
				snapshot: {verdict, edge: "e", origin: "o"},
				streams: new Map([["main", stream]]), open: new Map([["a", incident]]),
			}));
		}
		return said;
	})`)
	if len(said) != 2*6*3*6*2 {
		t.Fatalf("%d sentences", len(said))
	}
	for _, s := range said {
		if strings.Contains(s, "fine") || strings.Contains(s, "undefined") || strings.Count(s, "to blame") > 1 ||
			!strings.HasSuffix(s, ": it did.") {
			t.Errorf("%q", s)
		}
	}
}
