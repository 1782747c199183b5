// Package inspect looks at a stream for a moment and says what is wrong with it:
// at an event's streams over the network, or at a playlist on this machine.
//
// The rule that keeps it simple: it asks and judges as the monitor does, with the
// monitor's own viewers, checks and diagnosis. What will not change any more is
// judged by one look; what is live is watched.
package inspect

import (
	"cmp"
	"context"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/report"
)

// Limits of a first look.
const (
	lookDeadline = 10 * time.Second       // for one playlist
	lookAgain    = 300 * time.Millisecond // until a lost connection is tried again
	looksAtOnce  = 16
)

// Options say what is looked at, and for how long.
type Options struct {
	Monitor monitor.Options // as of a monitor that watches the streams; Sinks are not used
	For     time.Duration   // how long what is live is watched; zero is three target durations
}

// Event looks at every stream once, judges those at once that do not change, and
// watches the others. Where nobody answered, the result is blind and comes with
// an error that says why.
func Event(ctx context.Context, o Options) (*report.Check, error) {
	streams := o.Monitor.Streams
	if len(streams) == 0 {
		return nil, probe.Usage("the event has no stream yet", "the files that streams_from names hold none")
	}
	if o.Monitor.Secrets == nil {
		o.Monitor.Secrets = new(fetch.Secrets)
	}
	first := monitor.New(o.Monitor) // asks as the one that watches does, and is never run
	result := &report.Check{URL: addressOf(first, streams[0].Name), Verdict: probe.OK}
	var live []monitor.Stream
	var seen []look
	limit := time.Duration(0)
	for i := range streams {
		s := &streams[i]
		var looks []look
		for _, v := range first.Viewers(s.Name) {
			looks = append(looks, lookAt(ctx, v, s.Name)...)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := unlisted(i, s, looks); err != nil {
			return nil, err
		}
		seen = append(seen, looks...)
		result.Playlists = append(result.Playlists, facts(looks)...)
		if td, moving := changing(looks); moving || o.For > 0 && !ended(looks) {
			live = append(live, *s)
			limit = max(limit, 3*td)
			continue
		}
		set := checks.Over(o.Monitor.Overrides, s.Checks)
		result.Findings = append(result.Findings, judgeOnce(s.Name, set, looks)...)
	}
	if err := unseen(seen); err != nil {
		return &report.Check{URL: result.URL, Verdict: probe.Blind}, err
	}
	mask(result.Findings, o.Monitor.Secrets)
	result.Verdict = verdictOf(result.Findings)
	if len(live) > 0 {
		o.Monitor.Streams = live
		found, verdict := watchFor(ctx, o.Monitor, cmp.Or(o.For, limit))
		result.Findings = append(result.Findings, found...)
		result.Verdict = verdictOf(result.Findings).Worse(verdict)
	}
	return result, nil
}

// addressOf is where a stream's manifest is, as it may be shown: at the edge,
// where there is one.
func addressOf(m *monitor.Monitor, stream string) string {
	v := m.Viewer(stream, probe.Edge)
	if v == nil {
		v = m.Viewer(stream, probe.Origin)
	}
	return fetch.RedactURL(v.Manifest().Reveal())
}

// facts are those of the playlists that could be read.
func facts(looks []look) (list []report.Playlist) {
	for i := range looks {
		if o := &looks[i].obs; o.Playlist != nil {
			one := report.PlaylistOf(string(o.Exchange.URL), o.Playlist)
			one.Disputed = looks[i].disputed
			list = append(list, one)
		}
	}
	return list
}

// mask hides what is secret in findings.
func mask(found []report.Finding, secrets *fetch.Secrets) {
	hide := secrets.Mask
	for i := range found {
		f := &found[i]
		f.Detail, f.Rendition = hide(f.Detail), hide(f.Rendition)
		for n := range f.Evidence {
			e := &f.Evidence[n]
			e.URL, e.Curl, e.Cache = probe.ShownURL(hide(string(e.URL))), hide(e.Curl), hide(e.Cache)
		}
	}
}
