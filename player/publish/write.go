package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
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

// WriteAll writes the embeds of every stream, and returns the folders that it wrote.
// A stream whose manifest cannot be read yet gets embeds that fit any stream.
func (e *Embeds) WriteAll(ctx context.Context) (folders []string, err error) {
	e.mu.Lock()
	event := e.event
	e.mu.Unlock()
	for i := range event.Streams {
		s := &event.Streams[i]
		known, err := e.Write(ctx, s)
		if err != nil {
			return folders, fmt.Errorf("embeds of %s: %w", s.Name, err)
		}
		if !known {
			e.log.Warn("the manifest cannot be read yet; the embeds fit any stream", zap.String("stream", s.Name))
		}
		folders = append(folders, filepath.Join(e.dir, s.Name))
	}
	return folders, nil
}

// Write reads a stream's manifest and writes its embeds. It reports whether
// there was a manifest.
func (e *Embeds) Write(ctx context.Context, s *configs.Stream) (known bool, err error) {
	event, viewer := e.now(s.Name)
	if viewer == nil {
		return true, nil // it has left the event meanwhile
	}
	facts := manifestFacts(ctx, viewer, event.ManifestURL(s, probe.Edge, e.edge))
	select {
	case e.rendering <- struct{}{}:
		defer e.rest(ctx, time.Now())
	case <-ctx.Done():
	}
	if ctx.Err() != nil { // what follows takes seconds on a machine that is busy
		return false, ctx.Err()
	}
	one, files, err := e.render(event, s, facts)
	e.bar(s.Name, err)
	if err != nil {
		return facts.Known, err
	}
	if e.isNews(s.Name, strings.Join(one.warnings, "\n")) {
		for _, w := range one.warnings {
			e.log.Info("embed", zap.String("stream", s.Name), zap.String("warning", w))
		}
	}
	e.mu.Lock()
	if e.event.Stream(s.Name) != nil { // and has not left meanwhile
		e.facts[s.Name] = facts
	}
	e.mu.Unlock()
	if ctx.Err() != nil {
		return facts.Known, ctx.Err()
	}
	to := filepath.Join(e.dir, s.Name)
	e.mu.Lock()
	like := e.like
	e.mu.Unlock()
	if _, err = player.Write(to, like, files); err == nil {
		e.mu.Lock()
		e.like = to
		e.mu.Unlock()
	}
	return facts.Known, hinted(err, e.dir)
}

// hinted says what to do about a disk that is full.
func hinted(err error, folder string) error {
	if errors.Is(err, syscall.ENOSPC) {
		return probe.WithHint(err, "make room on the disk of "+folder)
	}
	return err
}

// rest ends what a renderer began at a time, and gives its place to the next.
func (e *Embeds) rest(ctx context.Context, began time.Time) {
	e.mu.Lock()
	resting := e.beside && len(e.event.Streams) > crowd
	e.mu.Unlock()
	if resting {
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
		}
	}
	<-e.rendering
}

// render makes the files of a stream's embeds.
func (e *Embeds) render(
	event *configs.Event, s *configs.Stream, facts player.Manifest,
) (one *embed, files map[string][]byte, err error) {
	if one, err = e.embedOf(event, s, facts); err != nil {
		return nil, nil, err
	}
	if _, err = one.preview(); err != nil {
		return nil, nil, err
	}
	files, err = player.Render(event.Event, s.Name, one.manifest, one.config, one.options)
	return one, files, err
}

// embed is what the embeds of one stream are made of.
type embed struct {
	event    *configs.Event
	stream   string
	manifest string
	options  player.Options
	config   player.Config
	warnings []string
}

// embedOf derives a stream's embeds from the facts of its manifest.
func (e *Embeds) embedOf(event *configs.Event, s *configs.Stream, facts player.Manifest) (*embed, error) {
	manifest := event.ManifestURL(s, probe.Edge, e.edge)
	one := &embed{event: event, stream: s.Name, manifest: manifest, options: event.PlayerOptions()}
	one.options.Fallbacks, one.warnings = e.fallbacks(event, s, one.manifest, one.options)
	_, warnings, err := player.Address(one.manifest, one.options)
	if err != nil {
		return nil, err
	}
	var more []player.Warning
	if one.config, more, err = player.Derive(facts, one.options); err != nil {
		return nil, err
	}
	for _, w := range append(warnings, more...) {
		one.warnings = append(one.warnings, w.String())
	}
	return one, nil
}

func (one *embed) preview() (http.Handler, error) {
	return player.Preview(one.event.Event, one.stream, one.manifest, one.config, previewOptions(one.event, one.options))
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
