package web

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/streamwatch/streamwatch/probe"
)

// pageDesk does what the page asks for, on a fake event.
type pageDesk struct {
	f *fake
	s *Server

	mu       sync.Mutex
	silences []probe.Silence
	done     []probe.Action
}

func (d *pageDesk) Silences() []probe.Silence {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]probe.Silence(nil), d.silences...)
}

func (d *pageDesk) Act(_ context.Context, a probe.Action) (probe.Action, error) {
	if a.By == "" {
		return a, &probe.Refusal{Text: "nobody says who does this", Hint: "give your name"}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	snap := sick(now)
	in := &snap.Incidents[0]
	switch a.Kind {
	case probe.ActSilence:
		a.Silence.ID, a.Silence.By, a.Silence.From = "S1", a.By, now
		d.silences = []probe.Silence{a.Silence.At(now)}
	case probe.ActExpire:
		d.silences = nil
		a.Silence = &probe.Silence{ID: a.Silence.ID}
	case probe.ActAcknowledge:
		in.Acknowledged = &probe.Acknowledgement{By: a.By, At: now, Note: a.Note}
	case probe.ActUnacknowledge:
	}
	for _, s := range d.silences {
		in.Silenced = &probe.Muting{ID: s.ID, Until: s.Until, By: s.By, Reason: s.Reason}
	}
	snap.Silences = d.silences
	d.done = append(d.done, a)
	d.f.set(snap)
	batch := probe.Batch{At: now, Stream: "main", Incidents: snap.Incidents, Actions: []probe.Action{a}}
	_ = d.s.Write(context.Background(), batch)
	return a, nil
}

func (d *pageDesk) last() probe.Action {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.done) == 0 {
		return probe.Action{}
	}
	return d.done[len(d.done)-1]
}

// Somebody acknowledges an incident and silences its check with the keyboard
// alone; the page says so on all that it concerns.
func TestAcknowledgeAndSilence(t *testing.T) {
	t.Parallel()
	f := &fake{snap: sick(time.Now())}
	desk := &pageDesk{f: f}
	o := f.options()
	o.Desk = desk
	desk.s = New(o)
	p := open(t, desk.s, "/")
	p.until(t, `document.querySelector(".incident .actions button")`)
	press := func(keys ...string) {
		for _, k := range keys {
			run(p.ctx, t, chromedp.KeyEvent(k))
		}
	}
	focus := func(words string) {
		p.js(t, `[...document.querySelectorAll("button")].find(b => b.textContent === "`+words+`" &&
			b.offsetParent).focus()`)
	}

	focus("Acknowledge")
	press("\r")
	p.until(t, `document.getElementById("act").open && document.activeElement.id === "act-reason"`)
	accessible(t, p, "acknowledge")
	if len(desk.done) != 0 {
		t.Error("something was done before anybody said so")
	}
	press("on it", "\r") // without a name
	p.until(t, `document.getElementById("act-wrong").textContent === "nobody says who does this (give your name)"`)
	press("\t", "ana", "\r")
	p.until(t, `!document.getElementById("act").open &&
		document.querySelector(".incident .handled")?.textContent.startsWith("Acknowledged by ana at ") &&
		document.querySelector(".incident .handled")?.textContent.endsWith(": on it.")`)

	focus("Silence")
	press("\r")
	p.until(t, `document.getElementById("act").open &&
		document.getElementById("act-by").value === "ana"`) // remembered
	accessible(t, p, "silence")
	press("\x1b")
	p.until(t, `!document.getElementById("act").open && document.activeElement.textContent === "Silence"`)
	press("\r")
	run(p.ctx, t, chromedp.Focus(chromedp.CSS("#act-reason")))
	press("encoder restart", "\r")
	p.until(t, `document.getElementById("muted").textContent.includes("Nobody is told of main: upd.stale until ") &&
		document.getElementById("muted").textContent.includes("(ana: encoder restart)")`)
	if a := desk.last(); a.Silence == nil || a.Silence.Check != "upd.stale" || len(a.Silence.Streams) != 1 ||
		time.Until(a.Silence.Until).Round(time.Minute) != time.Hour {
		t.Errorf("silenced %+v", a.Silence)
	}
	p.until(t, `document.querySelector("#silence-list li")?.textContent.includes("encoder restart")`)
	p.until(t, `document.querySelector(".incident .handled")?.textContent.startsWith("Silenced until ")`)
	shoot(p.ctx, t, "silenced-1280", 1280, 900, false)
	run(p.ctx, t, chromedp.EmulateViewport(1280, 900))

	p.js(t, `location.hash = "#incident=01J9ZK"`)
	p.until(t, `/silenced until .* \(ana: encoder restart\)/.test(document.getElementById("incident-course").textContent)`)
	p.until(t, `[...document.querySelectorAll("#incident-facts .actions button")].
		map(b => b.textContent).join() === "Acknowledge,Silence for longer"`)
	p.js(t, `location.hash = ""`)
	p.until(t, `document.querySelector("#silence-list button")?.offsetParent`)

	focus("End")
	press("\r")
	p.until(t, `document.getElementById("act").open && document.getElementById("act-silence").hidden &&
		document.getElementById("act-reason-row").hidden`)
	focus("End silence")
	press("\r")
	p.until(t, `document.getElementById("muted").hidden && !document.querySelector("#silence-list li")`)
	p.complained(t, "400 (Bad Request)")
}
