package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe"
)

// seenFromThree is a stream that one vantage of three sees old; nobody watches
// from the third.
func seenFromThree(at time.Time) *probe.Snapshot {
	snap, well := sick(at), healthy(at, "main")
	snap.Verdict, snap.Streams[0].Verdict = probe.Degraded, probe.Degraded
	snap.Streams[0].Vantages = []probe.VantageSnapshot{
		{Name: "eu-west-1", Verdict: probe.OK, Renditions: well.Streams[0].Renditions},
		{Name: "sa-east-1", Verdict: probe.Blind, GoneSince: at, Renditions: well.Streams[0].Renditions},
		{Name: "us-east-1", Verdict: probe.Down, Renditions: snap.Streams[0].Renditions},
	}
	return snap
}

// The page says how a stream looks from each vantage, and shows one of them when
// asked to.
func TestPageOfVantages(t *testing.T) {
	f := &fake{snap: seenFromThree(time.Now())}
	url, _ := serve(t, New(f.options()))
	ctx, complaints := browser(t)
	run(ctx, t, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(url))
	shows := func(selector, want string) {
		t.Helper()
		until(ctx, t, fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.textContent.trim()).join(" | ") === %q`,
			selector, want))
	}
	const states = "#rendition-rows tr:first-child .badge"
	shows("#vantages button", "Worst of all | eu-west-1 ok | sa-east-1 blind | us-east-1 down")
	shows(`#vantages [aria-pressed="true"]`, "Worst of all")
	shows(`#vantages [title^="nobody has watched from here since"]`, "sa-east-1 blind")
	shows(states, "down | ok")
	run(ctx, t, chromedp.Click(chromedp.CSS(`#vantages [data-vantage="eu-west-1"]`)))
	shows(`#vantages [aria-pressed="true"]`, "eu-west-1 ok")
	shows(states, "ok | ok")
	if list := complaints(); len(list) > 0 {
		t.Errorf("the page complained: %q", list)
	}
}
