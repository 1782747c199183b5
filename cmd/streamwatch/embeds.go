package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// embeds writes the embeds of an event and previews them. What a stream's
// players are set to depends on its manifest; until there is one, they get
// values that work for any stream.
type embeds struct {
	event *configs.Event
	edge  string // base URL
	sign  fetch.Signer
	dir   string
	log   *zap.Logger

	mu       sync.Mutex
	previews map[string]http.Handler

	asking sync.Once
	asks   *monitor.Monitor // never run: it knows which headers and cookies the edge wants
}

// viewer returns who reads a stream's manifest.
func (e *embeds) viewer(stream string) *monitor.Viewer {
	e.asking.Do(func() { e.asks = monitor.New(monitorOptions(e.event, e.edge, e.sign)) })
	return e.asks.Viewer(stream, probe.Edge)
}

// embedDeadline bounds reading the playlists of one stream for their facts.
const embedDeadline = 3 * time.Second

// run writes the embeds of every stream, and again once its manifest is there.
func (e *embeds) run(ctx context.Context) {
	unknown := make([]*configs.Stream, 0, len(e.event.Streams))
	for i := range e.event.Streams {
		unknown = append(unknown, &e.event.Streams[i])
	}
	for wait := 2 * time.Second; ; wait = min(2*wait, 30*time.Second) {
		unknown = e.writeAll(ctx, unknown)
		if len(unknown) == 0 || ctx.Err() != nil {
			return
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// writeAll writes the embeds of streams, and returns those whose manifest is not
// there yet. All at once: a domain that does not answer yet makes nobody wait.
func (e *embeds) writeAll(ctx context.Context, streams []*configs.Stream) []*configs.Stream {
	var writers sync.WaitGroup
	again := make([]bool, len(streams))
	for i, s := range streams {
		writers.Go(func() {
			known, err := e.write(ctx, s)
			if err != nil && ctx.Err() == nil {
				e.log.Warn("embeds not written", zap.String("stream", s.Name), zap.Error(err), zap.String("mend", mend(err)))
			}
			again[i] = err == nil && !known
		})
	}
	writers.Wait()
	var left []*configs.Stream
	for i, s := range streams {
		if again[i] {
			left = append(left, s)
		}
	}
	return left
}

// write reads a stream's manifest and writes its embeds. It reports whether
// there was a manifest.
func (e *embeds) write(ctx context.Context, s *configs.Stream) (known bool, err error) {
	manifest := e.event.ManifestURL(s, probe.Edge, e.edge)
	facts := manifestFacts(ctx, e.viewer(s.Name), manifest)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	options := playerOptions(e.event)
	options.Fallbacks = e.fallbacks(s, manifest, options)
	_, warnings, err := player.Address(manifest, options)
	if err != nil {
		return facts.Known, err
	}
	conf, more, err := player.Derive(facts, options)
	if err != nil {
		return facts.Known, err
	}
	for _, w := range append(warnings, more...) {
		e.log.Info("embed", zap.String("stream", s.Name), zap.String("warning", w.String()))
	}
	preview, err := player.Preview(e.event.Event, s.Name, manifest, conf, previewOptions(e.event, options))
	if err != nil {
		return facts.Known, err
	}
	e.mu.Lock()
	if e.previews == nil {
		e.previews = map[string]http.Handler{}
	}
	e.previews[s.Name] = preview
	e.mu.Unlock()
	files, err := player.Render(e.event.Event, s.Name, manifest, conf, options)
	if err != nil {
		return facts.Known, err
	}
	_, err = player.Write(filepath.Join(e.dir, s.Name), files)
	return facts.Known, err
}

// preview returns the pages of a stream, nil while there are none.
func (e *embeds) preview(stream string) http.Handler {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.previews[stream]
}

// kinds lists the previews for the page's tabs. An iframe shows one of the
// others.
func (e *embeds) kinds() []string {
	var kinds []string
	for _, k := range e.event.Player.Kinds {
		if k != string(player.IFrame) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// manifestFacts reads the playlists that the embeds depend on. What cannot be
// read is not known.
func manifestFacts(ctx context.Context, client *monitor.Viewer, url string) player.Manifest {
	ctx, cancel := context.WithTimeout(ctx, embedDeadline)
	defer cancel()
	read := func(u string) (*probe.Playlist, probe.Address) {
		body, ex := client.Do(ctx, fetch.Request{URL: u, AcceptGzip: true})
		if !ex.OK() {
			return nil, ex.Address
		}
		return playlist.Decode(body, playlist.Inputs{Address: ex.Address}), ex.Address
	}
	first, base := read(url)
	if first == nil || first.Kind != probe.Multivariant {
		return player.FactsOf(nil, media(first))
	}
	for _, entry := range playlist.Ladder(first, base) {
		if entry.Kind == playlist.KindVariant {
			variant, _ := read(entry.URL)
			return player.FactsOf(first, media(variant))
		}
	}
	return player.FactsOf(first, nil)
}

func media(p *probe.Playlist) *probe.Playlist {
	if p == nil || p.Kind != probe.Media {
		return nil
	}
	return p
}

// mend returns the hint of an error that has one.
func mend(err error) string {
	if h, ok := errors.AsType[hinter](err); ok {
		return h.Hint()
	}
	return ""
}
