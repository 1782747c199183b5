package record

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// mostQueued is how many bytes of lines wait for one recording to be written; what
// comes on top is left out.
const mostQueued = 16 << 20

// tape is one recording that is under way: lines come from rings, and are masked
// and written by whoever calls flush. What a disk does not take, such as a full
// one, waits until it does.
type tape struct {
	id      string
	masker  *masker
	path    string
	limit   int64    // bytes of the file
	header  *Line    // masked
	streams []string // that it takes
	over    *Line    // its end, from then on

	reel   *reel   // nil until the file could be opened, and after it could not be written
	kept   []entry // those that a file did not take, for the next
	failed error   // of the last flush

	mu     sync.Mutex
	queue  []chunk
	queued int

	rings map[string]*unrolled // by stream
}

// unrolled is how far the newest block of a stream's ring was read, and its
// playlists by id.
type unrolled struct {
	unpacking
	next   int               // where in the block what comes next begins; -1 where something is missing
	bodies bodies            // secrets and all
	masked map[string]string // those that looks referred to
}

// entry is a line for a file, with the playlists that it refers to.
type entry struct {
	*Line
	texts [3]string // of Look.Body, LowLatency.Known and LowLatency.Playlist
}

// chunk is a run of whole lines: of one stream in compact form, or JSON of the event.
type chunk struct {
	stream string // "" is the event
	packed bool
	model  []byte // that it was packed with
	from   int    // where in its block it begins
	data   []byte
}

// add takes lines that the caller goes on to use.
func (t *tape) add(c chunk) {
	c.data = bytes.Clone(c.data)
	t.take(c)
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

// flush writes what has come, and the end where it is over. The lines of all
// streams are put in the order in which the desk was told.
func (t *tape) flush() error {
	if t.reel == nil {
		if err := t.open(); err != nil {
			return err
		}
	}
	t.mu.Lock()
	queue := t.queue
	t.queue, t.queued = nil, 0
	t.mu.Unlock()
	var entries []entry
	for _, c := range queue {
		entries = append(entries, t.read(c)...)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.N, b.N) })
	t.kept = append(t.kept, entries...)
	if err := t.write(); err != nil {
		t.reel.abandon()
		t.reel = nil
		return err
	}
	t.kept = nil
	return nil
}

// open opens the file. One that is there was cut off, by a kill or by a full disk:
// what can be read of it stays.
func (t *tape) open() error {
	if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil { // somebody may have deleted it
		return fmt.Errorf("making the folder of recordings: %w", err)
	}
	if err := repair(t.path); err != nil {
		return err
	}
	reel, err := newReel(t.path, t.limit)
	if err != nil {
		return err
	}
	if err := reel.write(&entry{Line: t.header}); err != nil {
		reel.abandon()
		return err
	}
	t.reel = reel
	return nil
}

// write writes what is kept.
func (t *tape) write() error {
	file := t.reel.out
	for i := 0; i < len(t.kept); i++ {
		err := t.reel.write(&t.kept[i])
		if t.reel.out != file { // what came before is in a file that is complete
			t.kept, i, file = t.kept[i:], 0, t.reel.out
		}
		if err != nil {
			return err
		}
	}
	if t.over == nil {
		return t.reel.flush()
	}
	return errors.Join(t.reel.write(&entry{Line: t.over}), t.reel.close())
}

// read returns the lines of a chunk as the file has them.
func (t *tape) read(c chunk) (out []entry) {
	if c.stream == "" {
		e := entry{Line: &Line{}}
		if json.Unmarshal(c.data, e.Line) != nil {
			return nil // what an encoder wrote that its decoder refuses
		}
		t.masker.line(e.Line)
		return []entry{e}
	}
	ring := t.unroll(&c)
	for ring != nil && len(ring.in) > 0 {
		e := entry{Line: &Line{}}
		if ring.line(e.Line) != nil {
			ring.next = -1
			return out
		}
		switch {
		case e.Part != nil:
		case e.Body != nil:
			_ = ring.bodies.add(e.Body) // what refers to one that is missing is left out
		case e.Look != nil && !t.fill(ring, &e):
		default:
			t.masker.line(e.Line)
			out = append(out, e)
		}
	}
	return out
}

// unroll makes a chunk the next to be read of its stream; nil where it cannot be
// read, because something before it in the block is missing.
func (t *tape) unroll(c *chunk) *unrolled {
	if c.packed {
		data, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(c.data), c.model))
		if err != nil {
			return nil
		}
		c.data = data
	}
	ring := t.rings[c.stream]
	if ring == nil || c.from == 0 {
		ring = &unrolled{masked: map[string]string{}}
		t.rings[c.stream] = ring
	}
	if c.from != ring.next {
		ring.next = -1
		return nil
	}
	ring.in, ring.next = c.data, c.from+len(c.data)
	return ring
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

// newTape returns a recording whose file begins with a header. It is opened when
// the first line is written.
func newTape(id string, m *masker, path string, limit int64, h *Header, now time.Time) *tape {
	l := &Line{At: now.UTC(), Header: h}
	m.line(l)
	return &tape{id: id, masker: m, path: path, limit: limit, header: l, rings: map[string]*unrolled{}}
}
