package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/evidence"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/playlist"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/provision"
)

// Limits of a first look.
const (
	checkDeadline = 10 * time.Second       // for one playlist
	lookAgain     = 300 * time.Millisecond // until a lost connection is tried again
	looksAtOnce   = 16
)

// checkEvent looks at every stream once, judges those at once that do not
// change, and watches the others.
func (c *cli) checkEvent(ctx context.Context, event *configs.Event, dist provision.Distribution, o checkOptions) (*report.Check, error) {
	signer, err := c.signer(ctx, event, dist)
	if err != nil {
		return nil, err
	}
	if len(event.Streams) == 0 {
		return nil, probe.Usage("the event has no stream yet", "the files that streams_from names hold none")
	}
	edge := dist.EdgeURL
	options := daemon.MonitorOptions(event, edge, signer)
	if options.Edges, err = c.furtherEdges(ctx, event); err != nil {
		return nil, err
	}
	options.Secrets = c.known()
	first := monitor.New(options) // asks as the one that watches does, and is never run
	result := &report.Check{URL: fetch.RedactURL(event.ManifestURL(&event.Streams[0], probe.Edge, edge)), Verdict: probe.OK}
	var live []configs.Stream
	var seen []look
	limit := time.Duration(0)
	for i := range event.Streams {
		s := &event.Streams[i]
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
		for _, l := range looks {
			if l.obs.Playlist != nil {
				result.Playlists = append(result.Playlists, report.PlaylistOf(string(l.obs.Exchange.URL), l.obs.Playlist))
			}
		}
		if td, moving := changing(looks); moving || o.limit > 0 && !ended(looks) {
			live = append(live, *s)
			limit = max(limit, 3*td)
			continue
		}
		result.Findings = append(result.Findings, judgeOnce(s.Name, looks)...)
	}
	if err := unseen(seen); err != nil {
		return &report.Check{URL: result.URL, Verdict: probe.Blind}, err
	}
	c.mask(result.Findings)
	result.Verdict = verdictOf(result.Findings)
	if len(live) > 0 {
		if o.limit > 0 {
			limit = o.limit
		}
		options.Streams = slices.DeleteFunc(options.Streams, func(s monitor.Stream) bool {
			return !slices.ContainsFunc(live, func(l configs.Stream) bool { return l.Name == s.Name })
		})
		found, verdict := watchFor(ctx, options, limit)
		result.Findings = append(result.Findings, found...)
		result.Verdict = verdictOf(result.Findings).Worse(verdict)
	}
	return result, nil
}

// look is one playlist at one moment.
type look struct{ obs probe.Observation }

// lookAt reads a manifest and everything that it lists. What is cut off is
// read a second time: a connection may be lost once. What cannot be reached is
// asked for again too: a server that is reloaded refuses for a moment.
func lookAt(ctx context.Context, client *monitor.Viewer, stream string) []look {
	read := func(t probe.Target, imports map[string]string) look {
		asking, cancel := context.WithTimeout(ctx, checkDeadline)
		defer cancel()
		request := fetch.Request{URL: t.URL, AcceptGzip: true}
		body, ex := client.Do(asking, request)
		for tries := 0; tries < 2 && (ex.Failure == probe.FailTruncated && tries < 1 || ex.Failure == probe.FailRefused || ex.Failure == probe.FailReset); tries++ {
			select {
			case <-time.After(lookAgain):
			case <-asking.Done():
			}
			body, ex = client.Do(asking, request)
		}
		l := look{probe.Observation{Target: t, Exchange: ex}}
		if ex.OK() {
			l.obs.Playlist = playlist.Decode(body, playlist.Inputs{Address: ex.Address, Imports: imports, Quote: client.Quoting(&ex)})
			l.obs.Hash = playlist.Hash(body)
		}
		return l
	}
	at := client.Place()
	return ladder(probe.Target{Stream: stream, Side: at.Side, Edge: at.Edge, URL: client.Manifest().Reveal()}, read)
}

// ladder looks at a playlist and, when it is a multivariant one, at its ladder.
func ladder(first probe.Target, read func(probe.Target, map[string]string) look) []look {
	looks := []look{read(first, nil)}
	p := looks[0].obs.Playlist
	if p == nil || p.Kind != probe.Multivariant {
		return looks
	}
	entries := playlist.Ladder(p, looks[0].obs.Exchange.Address)
	looks = append(looks, make([]look, len(entries))...)
	var reading errgroup.Group
	reading.SetLimit(looksAtOnce)
	for i, entry := range entries {
		reading.Go(func() error {
			t := first
			t.Rendition, t.URL, t.Role = entry.Name, entry.URL, entry.Role()
			looks[i+1] = read(t, p.Variables)
			return nil
		})
	}
	_ = reading.Wait() // a look that fails is an observation too
	return looks
}

// changing reports whether one of the playlists is live, and the longest target
// duration of those that are.
func changing(looks []look) (td time.Duration, live bool) {
	for _, l := range looks {
		if p := l.obs.Playlist; p != nil && p.Live() {
			live = true
			td = max(td, cmp.Or(p.MeasuredTarget(), 6*time.Second))
		}
	}
	return max(td, time.Second), live
}

// ended reports whether there are media playlists and none of them will change.
func ended(looks []look) bool {
	seen := false
	for _, l := range looks {
		if p := l.obs.Playlist; p != nil && p.Kind == probe.Media {
			seen = true
		}
	}
	_, live := changing(looks)
	return seen && !live
}

// judgeOnce judges playlists by one look at each.
func judgeOnce(stream string, looks []look) []report.Finding {
	desk := incident.NewDesk(incident.Options{Event: "check", Once: true}, time.Now())
	s := desk.Stream(checks.Options{Stream: stream})
	var targets []probe.Target
	for _, l := range looks {
		targets = append(targets, l.obs.Target)
	}
	s.Targets(targets)
	latest := newCollector()
	keep := func(_ *evidence.History, r incident.Result) { latest.keep(r.Incidents) }
	for i := range looks {
		o := &looks[i].obs
		if o.Exchange.Failure == probe.FailTruncated {
			keep(s.Step(o, o.Exchange.Done)) // it was, twice
		}
		keep(s.Step(o, o.Exchange.Done))
	}
	found := latest.findings()
	for _, a := range s.Advice() {
		found = append(found, report.AdviceOf(stream, &a))
	}
	return found
}

// watchFor watches live streams until the time is over and every playlist was
// polled twice. The verdict is that of the last moment where it says more than
// the findings: blind, waiting or ended, or down by several findings together.
func watchFor(ctx context.Context, o monitor.Options, limit time.Duration) ([]report.Finding, probe.Verdict) {
	seen := newCollector()
	o.Sinks = []probe.Sink{seen}
	m := monitor.New(o)
	watching, stop := context.WithTimeout(ctx, 2*limit+checkDeadline)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { m.Run(watching) })
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for done := false; !done; {
		select {
		case <-timer.C:
			timer.Reset(200 * time.Millisecond)
			done = m.Ready() && seen.twice()
		case <-watching.Done():
			done = true
		}
	}
	last := m.Snapshot()
	stop()
	running.Wait()
	found := seen.findings()
	for i := range last.Streams {
		for _, a := range last.Streams[i].Advice {
			found = append(found, report.AdviceOf(last.Streams[i].Name, &a))
		}
	}
	verdict := last.Verdict
	if verdict == probe.OK || verdict == probe.Degraded {
		verdict = ""
	}
	return found, verdict
}

// checkFile judges a local playlist, and the local playlists that it lists.
func checkFile(name string) (*report.Check, error) {
	whole, err := filepath.Abs(name)
	if err != nil {
		return nil, readable(err)
	}
	if _, err := readFile(name); err != nil {
		return nil, readable(err)
	}
	return checkLocal(name, whole, readFile), nil
}

// checkLocal judges a playlist at an absolute path, and those that it lists, as
// bytes gives them.
func checkLocal(name, whole string, bytes func(path string) ([]byte, error)) *report.Check {
	read := func(t probe.Target, imports map[string]string) look {
		now := time.Now()
		l := look{probe.Observation{Target: t, Exchange: probe.Exchange{Method: "GET", URL: probe.ShownURL(t.URL), Address: probe.AddressOf(t.URL), Started: now, Done: now}}}
		u, err := url.Parse(t.URL)
		if err != nil || u.Scheme != "file" {
			return l
		}
		body, err := bytes(u.Path)
		if err != nil {
			return l
		}
		l.obs.Exchange.Status, l.obs.Exchange.Bytes = 200, int64(len(body))
		l.obs.Exchange.ContentType = "application/vnd.apple.mpegurl"
		l.obs.Playlist = playlist.Decode(body, playlist.Inputs{Address: l.obs.Exchange.Address, Imports: imports})
		l.obs.Hash = playlist.Hash(body)
		return l
	}
	all := ladder(probe.Target{Stream: strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), Side: probe.Origin, URL: "file://" + whole}, read)
	// What is listed and is not here too cannot be judged: a saved playlist
	// need not bring its renditions.
	looks := slices.DeleteFunc(all, func(l look) bool { return l.obs.Exchange.Status == 0 })
	result := &report.Check{URL: name, Findings: judgeOnce(looks[0].obs.Target.Stream, looks)}
	for _, l := range looks {
		if l.obs.Playlist != nil {
			result.Playlists = append(result.Playlists, report.PlaylistOf(string(l.obs.Exchange.URL), l.obs.Playlist))
		}
	}
	result.Verdict = verdictOf(result.Findings)
	return result
}

// readFile reads a local playlist within the limit of those from the network.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f)
}

// readLimited reads what is no larger than a playlist from the network may be.
func readLimited(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, fetch.PlaylistBytes+1))
	if err == nil && n > fetch.PlaylistBytes {
		err = errors.New("it is larger than our limit, " + probe.FormatBytes(fetch.PlaylistBytes))
	}
	return b.Bytes(), err
}
