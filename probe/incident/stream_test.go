package incident_test

import (
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

var epoch = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return epoch.Add(probe.Seconds(seconds)) }

func target(rendition string, s probe.Side) probe.Target {
	return probe.Target{Stream: "s", Rendition: rendition, Side: s}
}

// watched is a desk with one stream.
type watched struct {
	desk *incident.Desk
	*incident.Stream
}

// watching returns a desk that watches renditions on both sides.
func watching(o incident.Options, on checks.Options, renditions ...string) *watched {
	if on.Overrides == nil {
		on.Overrides = map[string]checks.Override{}
	}
	on.Overrides["pdt.clock"] = checks.Override{Off: true} // their dates count segments
	o.Event, on.Stream = "e", "s"
	w := &watched{desk: incident.NewDesk(o, epoch)}
	w.Stream = w.desk.Stream(on)
	var targets []probe.Target
	for _, r := range renditions {
		targets = append(targets, target(r, probe.Origin), target(r, probe.Edge))
	}
	w.Targets(targets)
	return w
}

// live is a playlist of count segments of 2 s.
func live(msn uint64, count int) *probe.Playlist {
	pl := &probe.Playlist{Kind: probe.Media, Version: probe.State(6), TargetDuration: probe.State(2 * time.Second), MediaSequence: probe.State(msn)}
	for i := range uint64(count) {
		n := msn + i
		pl.Segments = append(pl.Segments, probe.Segment{MSN: n, URI: fmt.Sprintf("seg%d.ts", n), Duration: 2 * time.Second, PDT: epoch.Add(time.Duration(n) * 2 * time.Second)})
	}
	return pl
}

// poll is a good answer with a playlist, its hash the first number.
func poll(t probe.Target, when time.Time, pl *probe.Playlist) *probe.Observation {
	o := &probe.Observation{Target: t, Playlist: pl, Hash: pl.MediaSequence.Value<<8 | uint64(len(pl.Segments))}
	o.Exchange = probe.Exchange{
		Method: "GET", URL: probe.ShownURL("https://example.com/" + t.Rendition + ".m3u8"), Address: probe.AddressOf("https://example.com/" + t.Rendition + ".m3u8"), Started: when.Add(-10 * time.Millisecond), Done: when, Status: 200,
		ContentType: "application/vnd.apple.mpegurl", CacheControl: "max-age=1",
	}
	return o
}

// failed is an answer that is none.
func failed(t probe.Target, when time.Time, status int, f probe.Failure) *probe.Observation {
	o := &probe.Observation{Target: t}
	o.Exchange = probe.Exchange{
		Method: "GET", URL: "https://example.com/v.m3u8", Started: when.Add(-10 * time.Millisecond), Done: when, Status: status, Failure: f, Error: string(f),
	}
	return o
}

// step lets the desk do what is due, and then judges an observation.
func step(w *watched, o *probe.Observation) (res incident.Result) {
	for at := w.desk.Next(); !at.IsZero() && at.Before(o.Exchange.Done); at = w.desk.Next() {
		due := w.desk.Tick(at)
		res.Incidents, res.Marked = append(res.Incidents, due.Incidents...), append(res.Marked, due.Marked...)
	}
	_, got := w.Step(o, o.Exchange.Done)
	res.Incidents = append(res.Incidents, got.Incidents...)
	res.Marked, res.Poke = append(res.Marked, got.Marked...), got.Poke
	return res
}
