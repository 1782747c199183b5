package monitor

import (
	"strings"
	"sync"

	"github.com/streamwatch/streamwatch/probe"
)

// twins are the newest playlists of a stream by rendition. At the origin and at its
// edges one text is one playlist, which is read once and held once.
type twins struct {
	mu  sync.Mutex
	all map[string]*probe.Playlist
}

// find returns the playlist with a text; nil where it is another one.
func (t *twins) find(rendition string, body []byte) *probe.Playlist {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.all[rendition]; p != nil && p.Text == string(body) {
		return p
	}
	return nil
}

// keep makes a playlist the one that others may be like. One that says what it
// does by its address or by who reads it, or that has something wrong with it,
// which is quoted as the place allows, is like none.
func (t *twins) keep(rendition string, p *probe.Playlist) {
	variables := strings.Contains(p.Text, "#EXT-X-DEFINE") || strings.Contains(p.Text, "{$")
	if p.Kind != probe.Media || len(p.Problems) > 0 || variables {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string]*probe.Playlist{}
	}
	t.all[rendition] = p
}

// drop forgets a rendition that is not watched any more.
func (t *twins) drop(rendition string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, rendition)
}
