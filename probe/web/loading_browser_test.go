package web

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// brokenHistory is a store whose disk is full, or gone.
type brokenHistory struct{ *fake }

func (brokenHistory) Incidents(context.Context, probe.IncidentFilter) ([]probe.Incident, error) {
	return nil, errors.New("disk is full")
}

// A page that is opened in the middle of an outage says that there is no incident
// only when it knows so, and shows what is open also when the history cannot be
// read.
func TestOpenedInAnOutage(t *testing.T) {
	t.Parallel()
	snap := healthy(time.Now(), "main")
	in := stale(snap.At)
	snap.Verdict, snap.Streams[0].Verdict = probe.Down, probe.Down
	snap.Incidents, snap.Streams[0].OpenIncidents = []probe.Incident{in}, []string{in.ID}
	f := &fake{snap: snap}
	o := f.options()
	o.History = brokenHistory{f}
	server := New(o)
	p := open(t, server, "/")
	p.until(t, `document.getElementById("incident-`+in.ID+`")?.textContent.includes("playlist stopped moving")`)
	p.until(t, `document.getElementById("past-list").textContent.includes("Asking for them")`)
	f.set(healthy(time.Now(), "main"))
	_ = server.Write(t.Context(), probe.Batch{At: time.Now(), Stream: "main"})
	p.until(t, `document.getElementById("open-list").textContent === "None."`)
}
