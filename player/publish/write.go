package publish

import (
	"cmp"
	"context"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/beacon"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// Write reads a stream's manifest and writes its embeds. It reports whether
// there was a manifest.
func (e *Embeds) Write(ctx context.Context, s *configs.Stream) (known bool, err error) {
	event, viewer := e.now(s.Name)
	if viewer == nil {
		return true, nil // it has left the event meanwhile
	}
	manifest := event.ManifestURL(s, probe.Edge, e.edge)
	facts := manifestFacts(ctx, viewer, manifest)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	options := event.PlayerOptions()
	options.Fallbacks = e.fallbacks(event, s, manifest, options)
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
	if ctx.Err() != nil { // what follows takes seconds on a machine that is busy
		return facts.Known, ctx.Err()
	}
	preview, err := player.Preview(event.Event, s.Name, manifest, conf, previewOptions(event, options))
	if err != nil {
		return facts.Known, err
	}
	e.mu.Lock()
	if e.event.Stream(s.Name) != nil { // and has not left meanwhile
		e.previews[s.Name] = preview
	}
	e.mu.Unlock()
	if ctx.Err() != nil {
		return facts.Known, ctx.Err()
	}
	files, err := player.Render(event.Event, s.Name, manifest, conf, options)
	if err != nil {
		return facts.Known, err
	}
	_, err = player.Write(filepath.Join(e.dir, s.Name), files)
	return facts.Known, err
}

// readDeadline bounds reading the playlists of one stream for their facts.
const readDeadline = 3 * time.Second

// manifestFacts reads the playlists that the embeds depend on. What cannot be
// read is not known.
func manifestFacts(ctx context.Context, client *monitor.Viewer, url string) player.Manifest {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
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

// previewOptions are those of the previews: they report to the monitor that
// serves them, unless the event names another place.
func previewOptions(e *configs.Event, o player.Options) player.Options {
	if e.Monitor.Beacon {
		o.Beacon = cmp.Or(o.Beacon, beacon.Path)
	}
	return o
}
