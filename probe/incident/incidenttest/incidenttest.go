// Package incidenttest makes the observations of a plain stream, for tests of those
// who judge or measure them: its segments last 2 s, and nothing is wrong with it
// unless asked for.
package incidenttest

import (
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Epoch is when the tests begin.
var Epoch = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

// At is so many seconds after Epoch.
func At(seconds float64) time.Time { return Epoch.Add(probe.Seconds(seconds)) }

// Target is a rendition of the stream "s" on one side.
func Target(rendition string, s probe.Side) probe.Target {
	return probe.Target{Stream: "s", Rendition: rendition, Side: s}
}

// Playlist has count segments, the first of them with the media sequence number msn.
func Playlist(msn uint64, count int) *probe.Playlist {
	pl := &probe.Playlist{
		Kind: probe.Media, Version: probe.State(6), TargetDuration: probe.State(2 * time.Second),
		MediaSequence: probe.State(msn),
	}
	for i := range uint64(count) {
		n := msn + i
		pl.Segments = append(pl.Segments, probe.Segment{
			MSN: n, URI: fmt.Sprintf("seg%d.ts", n), Duration: 2 * time.Second,
			PDT: Epoch.Add(time.Duration(n) * 2 * time.Second),
		})
	}
	return pl
}

// Poll is a good answer with a playlist that was there at a moment. Its hash is made
// of the number and the count of the segments.
func Poll(t probe.Target, when time.Time, pl *probe.Playlist) *probe.Observation {
	o := &probe.Observation{Target: t, Playlist: pl, Hash: pl.MediaSequence.Value<<8 | uint64(len(pl.Segments))}
	o.Exchange = exchange(t, when, 200)
	o.Exchange.ContentType, o.Exchange.CacheControl = "application/vnd.apple.mpegurl", "max-age=1"
	return o
}

// Failed is an answer with a status that is none of a playlist, or no answer at all.
func Failed(t probe.Target, when time.Time, status int, f probe.Failure) *probe.Observation {
	o := &probe.Observation{Target: t, Exchange: exchange(t, when, status)}
	o.Exchange.Failure, o.Exchange.Error = f, string(f)
	return o
}

// exchange took 10 ms until a moment.
func exchange(t probe.Target, when time.Time, status int) probe.Exchange {
	u := "https://example.com/" + t.Rendition + ".m3u8"
	return probe.Exchange{
		Method: "GET", URL: probe.ShownURL(u), Address: probe.AddressOf(u),
		Started: when.Add(-10 * time.Millisecond), Done: when,
		Status: status,
	}
}
