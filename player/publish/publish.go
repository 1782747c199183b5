// Package publish keeps the embeds of an event written: it reads what the players
// depend on from the manifests, renders the pages and puts them into their
// folders, and does it again when a manifest appears, the event changes or
// somebody deletes the files.
//
// The rule that keeps it simple: player is told facts and gives pages; here is all
// that asks, waits and writes.
package publish

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/logmask"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// Embeds writes the embeds of an event and previews them. What a stream's
// players are set to depends on its manifest; until there is one, they get
// values that work for any stream.
type Embeds struct {
	edge    string // base URL
	sign    fetch.Signer
	dir     string
	log     *zap.Logger
	changed chan struct{} // the event did

	rendering chan struct{} // holds one for each stream whose embeds are rendered now

	mu     sync.Mutex // guards all below
	beside bool       // polls: Run was called
	like   string     // the folder that was written last; "" before the first
	event  *configs.Event
	asks   *monitor.Monitor           // never run: it knows what the edge wants to be sent; nil while all is written
	facts  map[string]player.Manifest // by stream: what its embeds were made of
	wanted map[string]int             // how often the embeds of a stream had to be written anew
	done   map[string]int             // likewise, as of those that are what its manifest says; absent is never
	barred map[string]bool            // streams that can have no embeds before the event changes
	told   map[string]string          // by stream: what the log said of its embeds last
}

// renderers is for how many streams embeds are rendered at once: each takes some
// megabytes while it lasts.
const renderers = 2

// crowd is from how many streams on a renderer beside polls rests for as long as it
// worked: the polls of thousands of streams begin at the same time, and are what the
// event needs first.
const crowd = 100

// writersAtOnce is of how many streams the manifests are read at once: polls need
// connections too.
const writersAtOnce = 64

// New returns the embeds of an event whose edge is at a base URL. They are
// written below dir, one folder for each stream.
func New(event *configs.Event, edge string, sign fetch.Signer, dir string, log *zap.Logger) *Embeds {
	return &Embeds{
		edge: edge, sign: sign, dir: dir, log: log,
		changed: make(chan struct{}, 1), rendering: make(chan struct{}, renderers),
		event: event, facts: map[string]player.Manifest{}, wanted: map[string]int{}, done: map[string]int{},
		barred: map[string]bool{}, told: map[string]string{},
	}
}

// Change makes another event the one whose embeds these are. Those of the streams
// that are named, and of new ones, are written again; the files of a stream that
// is gone stay, since a site may still show them.
func (e *Embeds) Change(event *configs.Event, again []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.event, e.asks = event, nil
	names := event.StreamNames()
	gone := func(name string) bool { return !slices.Contains(names, name) }
	maps.DeleteFunc(e.facts, func(name string, _ player.Manifest) bool { return gone(name) })
	maps.DeleteFunc(e.done, func(name string, _ int) bool { return gone(name) })
	maps.DeleteFunc(e.barred, func(name string, _ bool) bool { return gone(name) })
	maps.DeleteFunc(e.told, func(name string, _ string) bool { return gone(name) })
	for _, name := range again {
		e.wanted[name]++
	}
	select {
	case e.changed <- struct{}{}:
	default: // Run knows already
	}
}

// now returns the event as it is now, and who reads the manifest of a stream of it.
func (e *Embeds) now(stream string) (*configs.Event, *monitor.Viewer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.asks == nil {
		e.asks = monitor.New(eventfile.MonitorOptions(e.event, e.edge, e.sign))
	}
	return e.event, e.asks.Viewer(stream, probe.Edge)
}

const (
	firstWait   = 2 * time.Second // until a manifest that is not there yet is asked for again, and longer each time
	longestWait = 30 * time.Second
	lookEvery   = 5 * time.Second // at the files: somebody may have deleted them
)

// Run writes the embeds of every stream, again once its manifest is there, and
// again when the event changes or the files are gone.
func (e *Embeds) Run(ctx context.Context) {
	e.mu.Lock()
	e.beside = true
	e.mu.Unlock()
	wait, next := firstWait, time.Time{}
	for ctx.Err() == nil {
		if time.Until(next) <= 0 {
			left := e.writeAll(ctx)
			next = time.Now().Add(wait)
			if wait = min(2*wait, longestWait); left == 0 {
				wait = firstWait
			}
		}
		select {
		case <-time.After(min(lookEvery, max(time.Until(next), 0))):
			if e.missing() {
				wait, next = firstWait, time.Time{}
			}
		case <-e.changed:
			wait, next = firstWait, time.Time{}
		case <-ctx.Done():
		}
	}
}

// missing forgets that embeds were written whose folder is not there any more,
// and reports whether there are such.
func (e *Embeds) missing() (any bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for name := range e.done {
		if e.barred[name] {
			continue // it has none
		}
		if _, err := os.Stat(filepath.Join(e.dir, name)); errors.Is(err, os.ErrNotExist) {
			delete(e.done, name)
			any = true
		}
	}
	return any
}

// writeAll writes the embeds of the streams that lack them, and returns how many
// have no manifest yet. Many at once: a domain that does not answer yet makes few
// others wait.
func (e *Embeds) writeAll(ctx context.Context) (left int) {
	e.mu.Lock()
	var streams []*configs.Stream
	for i := range e.event.Streams {
		s := &e.event.Streams[i]
		if done, ok := e.done[s.Name]; !ok || done != e.wanted[s.Name] {
			streams = append(streams, s)
		}
	}
	wanted := maps.Clone(e.wanted)
	e.mu.Unlock()
	var writers sync.WaitGroup
	again := make([]bool, len(streams))
	room := make(chan struct{}, writersAtOnce)
	for i, s := range streams {
		room <- struct{}{}
		writers.Go(func() {
			defer func() { <-room }()
			known, err := e.Write(ctx, s)
			if err != nil && ctx.Err() == nil && e.isNews(s.Name, err.Error()) {
				e.log.Warn("embeds not written",
					zap.String("stream", s.Name), zap.Error(err), logmask.Given("hint", probe.HintOf(err)))
			}
			again[i] = err == nil && !known || err != nil && !e.isBarred(s.Name)
		})
	}
	writers.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, s := range streams {
		if again[i] {
			left++
		} else if ctx.Err() == nil {
			e.done[s.Name] = wanted[s.Name]
		}
	}
	if left == 0 {
		e.asks = nil
	}
	return left
}

// isNews reports whether the log has not said this of a stream's embeds last:
// they are tried for hours.
func (e *Embeds) isNews(stream, text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.told[stream]
	e.told[stream] = text
	return text != before
}

// bar notes whether a stream can have embeds: its manifest may be what no page may
// show.
func (e *Embeds) bar(stream string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.barred[stream] = err != nil
}

func (e *Embeds) isBarred(stream string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.barred[stream]
}

// Preview returns the pages of a stream, nil while there are none. They are made
// when they are asked for: thousands of streams have some that nobody looks at.
func (e *Embeds) Preview(stream string) http.Handler {
	e.mu.Lock()
	event := e.event
	facts, known := e.facts[stream]
	e.mu.Unlock()
	s := event.Stream(stream)
	if !known || s == nil {
		return nil
	}
	one, err := e.embedOf(event, s, facts)
	if err != nil {
		return nil
	}
	pages, err := one.preview()
	if err != nil {
		return nil
	}
	return pages
}

// Kinds lists the previews for the page's tabs. An iframe shows one of the
// others.
func (e *Embeds) Kinds() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var kinds []string
	for _, k := range e.event.Player.Kinds {
		if k != string(player.IFrame) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}
