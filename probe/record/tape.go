package record

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// mostQueued is how many bytes of lines wait for one recording to be written; what
// comes on top is left out.
const mostQueued = 16 << 20

// tape is one recording that is under way: lines come from rings, and are masked
// and written by whoever calls flush.
type tape struct {
	id      string
	masker  *masker
	reel    *reel
	streams []string // that it takes

	mu     sync.Mutex
	queue  []chunk
	queued int

	rings map[string]*unrolled // by stream
}

// unrolled are the playlists of the newest block of a stream's ring, by id.
type unrolled struct {
	bodies bodies            // secrets and all
	masked map[string]string // those that looks referred to
}

// entry is a line for a file, with the playlists that it refers to.
type entry struct {
	*Line
	texts [3]string // of Look.Body, LowLatency.Known and LowLatency.Playlist
}

// chunk is a run of whole lines of one stream.
type chunk struct {
	stream string
	packed bool
	data   []byte
}

// add takes lines that the caller goes on to use.
func (t *tape) add(stream string, lines []byte) {
	t.take(chunk{stream: stream, data: bytes.Clone(lines)})
}

// take takes lines.
func (t *tape) take(c chunk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.queued+len(c.data) > mostQueued {
		return // the looks that lack it are left out too
	}
	t.queue, t.queued = append(t.queue, c), t.queued+len(c.data)
}

// flush writes what has come. The lines of all streams are put in the order in
// which the desk was told.
func (t *tape) flush() error {
	t.mu.Lock()
	queue := t.queue
	t.queue, t.queued = nil, 0
	t.mu.Unlock()
	var entries []entry
	for _, c := range queue {
		entries = append(entries, t.read(c)...)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.N, b.N) })
	for i := range entries {
		if err := t.reel.write(&entries[i]); err != nil {
			return err
		}
	}
	return t.reel.flush()
}

// read returns the lines of a chunk as the file has them.
func (t *tape) read(c chunk) (out []entry) {
	var r io.Reader = bytes.NewReader(c.data)
	if c.packed {
		r = flate.NewReader(r)
	}
	ring := t.rings[c.stream]
	if ring == nil {
		ring = &unrolled{masked: map[string]string{}}
		t.rings[c.stream] = ring
	}
	dec := json.NewDecoder(r)
	for {
		e := entry{Line: &Line{}}
		if err := dec.Decode(e.Line); err != nil {
			return out // the end, or what an encoder wrote that its decoder refuses: the rest is left out
		}
		switch {
		case e.Part != nil:
			*ring = unrolled{masked: map[string]string{}}
		case e.Body != nil:
			_ = ring.bodies.add(e.Body) // what refers to one that is missing is left out
		case e.Look != nil && !t.fill(ring, &e):
		default:
			t.masker.line(e.Line)
			out = append(out, e)
		}
	}
}

// ids are where a look names its bodies.
func (l *Look) ids() [3]*string {
	ids := [3]*string{&l.Body}
	if p := l.LowLatency; p != nil {
		ids[1], ids[2] = &p.Known, &p.Playlist
	}
	return ids
}

// fill gives a look the playlists that it refers to. It reports whether all of
// them are there.
func (t *tape) fill(ring *unrolled, e *entry) bool {
	for i, id := range e.Look.ids() {
		if id == nil || *id == "" {
			continue
		}
		text, known := ring.masked[*id]
		if !known {
			if text, known = ring.bodies.texts[*id]; !known {
				return false
			}
			if e.Look.foreign() && !isPlaylist(text) {
				text = "" // nothing is kept of what a host says that the event does not name
			}
			text = t.masker.playlist(text)
			ring.masked[*id] = text
		}
		e.texts[i] = text
	}
	return true
}

// foreign reports whether a host answered that the event does not name.
func (l *Look) foreign() bool { return l.Exchange != nil && l.Exchange.Foreign }

func isPlaylist(text string) bool {
	return strings.HasPrefix(strings.TrimPrefix(text, "\uFEFF"), "#EXTM3U")
}

// newTape returns a recording whose file begins with a header.
func newTape(id string, m *masker, r *reel, h *Header, now time.Time) (*tape, error) {
	t := &tape{id: id, masker: m, reel: r, rings: map[string]*unrolled{}}
	l := &Line{At: now.UTC(), Header: h}
	m.line(l)
	return t, r.write(&entry{Line: l})
}
