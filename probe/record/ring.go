package record

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	blockLeast  = 2 << 10          // bytes of lines, without whole playlists, after which a block is closed
	blockMost   = 32 << 10         // the same, of a stream of many targets
	blockEach   = 768              // the same, for each target
	reach       = 90 * time.Second // that are remembered: three looks at the multivariant playlist
	targetBytes = 6 << 10          // of closed blocks, compressed, for each media playlist of a stream at most
	partsTimes  = 3                // as much where parts are looked at: there is more to a second
	newestKept  = 2                // closed blocks that are kept, whatever their size and age
)

// ring holds the newest lines of one stream in memory: an open block as it is,
// and closed ones compressed. Each begins a part, so that the oldest can be
// dropped. Secrets stand in it as they are: it is masked when it is written.
type ring struct {
	rec    *Recorder
	stream string

	mu      sync.Mutex
	targets []probe.Target
	media   int // of them: multivariant playlists are seldom looked at
	open    packing
	texts   int  // bytes of whole playlists in the open block
	parts   bool // low latency is looked at
	ids     uint64
	known   map[place]*[2]known // playlists that the open block has, of polls and of others
	blocks  []block
	size    int // of blocks
	tapes   []*tape
}

// block is a closed one, compressed.
type block struct {
	data  []byte
	model []byte    // that it was compressed with
	until time.Time // when the next began
}

// place is a target of a stream.
type place struct {
	rendition string
	at        probe.Place
}

// known is a playlist that the open block has.
type known struct {
	playlist *probe.Playlist
	id       string
}

// watch notes the targets of the stream. The caller holds the lock.
func (r *ring) watch(targets []probe.Target) {
	r.targets, r.media = slices.Clone(targets), 0
	for i := range targets {
		if targets[i].Rendition != "" {
			r.media++
		}
	}
}

// write adds a line of the stream to the ring and to the recordings that take it.
// The caller holds the lock.
func (r *ring) write(l *Line) {
	from := r.room(l.At)
	r.open.line(l)
	r.pass(from)
}

// room sees to it that a block is open that has room, and returns where in it the
// next line, of a time, begins.
func (r *ring) room(at time.Time) int {
	if len(r.open.out)-r.texts > r.limit() {
		r.roll(at)
	}
	if len(r.open.out) == 0 {
		r.begin(at)
	}
	return len(r.open.out)
}

// limit is after how many bytes the open block is closed.
func (r *ring) limit() int { return min(max(blockLeast, blockEach*r.media), blockMost) }

// most is how many bytes the closed blocks may take.
func (r *ring) most() int {
	most := targetBytes * max(1, r.media)
	if r.parts {
		most *= partsTimes
	}
	return most
}

// look adds an observation, after the playlists that the open block lacks. The
// caller holds the lock.
func (r *ring) look(o *probe.Observation, n uint64, at time.Time) {
	from := r.room(at)
	where := place{o.Target.Rendition, o.Target.Place()}
	slot := 0
	if !o.Poll() {
		slot = 1
	}
	r.parts = r.parts || o.LowLatency != nil
	in, _ := r.rec.rooms.Get().(*room)
	if in == nil {
		in = &room{}
	}
	l := lookOf(o, in, func(p *probe.Playlist) string { return r.body(where, slot, p) })
	r.open.line(&Line{N: n, At: at, Look: l})
	*in = room{}
	r.rec.rooms.Put(in)
	r.pass(from)
}

// body returns the id of a playlist's text, which it writes where the open block
// lacks it.
func (r *ring) body(where place, slot int, p *probe.Playlist) string {
	if p == nil {
		return ""
	}
	have := r.known[where]
	if have == nil {
		have = &[2]known{}
		r.known[where] = have
	}
	for _, of := range r.known { // what is the same at both sides is one playlist
		for i := range of {
			if of[i].playlist == p {
				have[slot] = of[i]
				return of[i].id
			}
		}
	}
	r.ids++
	b := &Body{ID: strconv.FormatUint(r.ids, 36)}
	text := cut(p.Text)
	base := have[0]
	if base.playlist == nil {
		base = r.elsewhere(where.rendition)
	}
	if base.playlist != nil {
		if pieces := splice(cut(base.playlist.Text), text); weight(pieces) < len(text) {
			b.Base, b.Splice = base.id, pieces
		}
	}
	if b.Base == "" {
		b.Text = text
		r.texts += len(text)
	}
	have[slot] = known{p, b.ID}
	r.open.line(&Line{Body: b})
	return b.ID
}

// elsewhere returns a playlist of a rendition that the open block has from another
// place: it is much the same.
func (r *ring) elsewhere(rendition string) known {
	for of, have := range r.known {
		if of.rendition == rendition && have[0].playlist != nil {
			return have[0]
		}
	}
	return known{}
}

// cut returns as much of a text as is kept.
func cut(text string) string { return text[:min(len(text), maxBody)] }

// pass hands what the open block has from an offset on to the recordings.
func (r *ring) pass(from int) {
	for _, t := range r.tapes {
		t.add(chunk{stream: r.stream, from: from, data: r.open.out[from:]})
	}
}

// begin begins a block.
func (r *ring) begin(at time.Time) {
	r.known, r.texts = map[place]*[2]known{}, 0
	r.open.reset()
	r.open.out = slices.Grow(r.open.out, r.limit()+2<<10)
	r.open.line(&Line{Part: &Part{}})
	r.open.line(&Line{N: r.rec.n.Load(), At: at, Targets: targetsOf(r.stream, r.targets)})
	r.pass(0)
}

// roll closes the open block, and drops the oldest ones that are too old or too much.
func (r *ring) roll(at time.Time) {
	b := block{model: r.rec.modelFor(r.open.out, r.texts > 0), until: at}
	b.data = r.rec.pack(r.open.out, b.model)
	r.blocks, r.size = append(r.blocks, b), r.size+len(b.data)
	for len(r.blocks) > newestKept && (r.size > r.most() || at.Sub(r.blocks[0].until) > reach) {
		r.size -= len(r.blocks[0].data)
		r.blocks[0] = block{}
		r.blocks = r.blocks[1:]
	}
	if cap(r.open.out) > 2*blockMost {
		r.open.out = nil // long playlists made it that large
	}
	r.open.reset()
}

// attach has a recording take what the ring holds, and every line from now on.
func (r *ring) attach(t *tape) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.tapes, t) {
		return
	}
	for _, b := range r.blocks {
		t.take(chunk{stream: r.stream, packed: true, model: b.model, data: b.data})
	}
	if len(r.open.out) > 0 {
		t.take(chunk{stream: r.stream, data: bytes.Clone(r.open.out)})
	}
	r.tapes = append(r.tapes, t)
}

// detach ends that.
func (r *ring) detach(t *tape) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tapes = slices.DeleteFunc(r.tapes, func(have *tape) bool { return have == t })
}

// packer compresses blocks. Its tables are larger than many rings, so few are made.
type packer struct {
	w     *flate.Writer
	model []byte
	out   bytes.Buffer
}

// modelMost is how many bytes of a block others are compressed with.
const modelMost = 8 << 10

// packLevel is the fastest at which flate uses a model.
const packLevel = 2

// modelFor returns what a block is compressed with: the beginning of the first that was
// closed and has playlists. Hosts, tags and headers are much the same in all, so a
// quarter of the room goes. Nil is nothing: the first blocks have no model.
func (r *Recorder) modelFor(block []byte, playlists bool) []byte {
	if model := r.model.Load(); model != nil {
		return *model
	}
	if playlists {
		r.model.CompareAndSwap(nil, new(bytes.Clone(block[:min(len(block), modelMost)])))
	}
	return nil
}

// pack compresses a block.
func (r *Recorder) pack(block, model []byte) []byte {
	p, _ := r.packers.Get().(*packer)
	if p == nil || len(p.model) != len(model) { // there is only one, or none yet
		p = &packer{model: model}
		p.w, _ = flate.NewWriterDict(&p.out, packLevel, model) // the level is a valid one
	}
	p.out.Reset()
	p.w.Reset(&p.out)
	_, _ = p.w.Write(block) // to memory
	_ = p.w.Close()
	packed := bytes.Clone(p.out.Bytes())
	r.packers.Put(p)
	return packed
}

// encode returns a line as a file has it, or nothing of one that JSON cannot say.
func encode(l *Line) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return nil
	}
	return b.Bytes()
}
