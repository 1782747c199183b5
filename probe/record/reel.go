package record

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// reel writes the file of one recording. The first half of what it may take goes
// into the file itself, in parts; after that each part is a file beside it, of
// which the newest are kept. Closing puts them behind the first, which is what
// gzip allows, so that the middle of a long incident is what is missing.
type reel struct {
	path  string
	limit int64 // bytes, compressed

	file    *os.File
	out     *counter
	sure    int64 // bytes of the file that hold whole lines, after the last flush
	zip     *gzip.Writer
	json    *json.Encoder
	parts   []part // those that are complete, oldest first, and then the one that is being written
	number  int    // of the latter
	gone    Missing
	targets map[string]*Targets // newest, by stream
	set     *Settings           // newest; nil are those of the header

	texts map[string]bool // ids of the bodies that the part has
	bases map[place]base  // newest of each target in it
	size  int             // bytes of those texts
}

// part is what a part holds.
type part struct {
	path        string // "" is the first file
	size        int64  // bytes, compressed
	lines       int
	from, until time.Time
}

// base is a body that another one may refer to.
type base struct{ id, text string }

// counter counts bytes on their way to a file.
type counter struct {
	to io.Writer
	n  int64
}

// Write passes on.
func (c *counter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	return n, err
}

const tailParts = 4 // into which the second half of what a recording may take is cut

// newReel begins a file, or goes on with one that an earlier process left.
func newReel(path string, limit int64) (*reel, error) {
	r := &reel{path: path, limit: limit, targets: map[string]*Targets{}, parts: []part{{}}}
	r.forget()
	return r, r.open(path)
}

// forget makes the part one that has no bodies yet.
func (r *reel) forget() { r.texts, r.bases, r.size = map[string]bool{}, map[place]base{}, 0 }

func (r *reel) open(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("opening a recording: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("opening a recording: %w", err)
	}
	r.file, r.out, r.sure = f, &counter{to: f, n: info.Size()}, info.Size()
	r.zip = gzip.NewWriter(r.out)
	r.json = json.NewEncoder(r.zip)
	r.json.SetEscapeHTML(false)
	return nil
}

// shut closes the file that is being written.
func (r *reel) shut() error {
	if r.file == nil {
		return nil
	}
	err := errors.Join(r.zip.Close(), r.file.Sync())
	if err == nil {
		err = r.file.Close()
		r.file = nil
	}
	r.last().size = r.out.n
	if err != nil {
		return fmt.Errorf("closing a recording: %w", err)
	}
	return nil
}

// abandon closes the file, which could not be written, as it was after the last
// flush.
func (r *reel) abandon() {
	if r.file != nil {
		_ = r.file.Truncate(r.sure)
		_ = r.file.Close()
	}
	r.file = nil
}

func (r *reel) last() *part { return &r.parts[len(r.parts)-1] }

// write writes a line, and before it the playlists that it refers to.
func (r *reel) write(e *entry) error {
	if r.file == nil {
		return os.ErrClosed
	}
	if err := r.turn(); err != nil {
		return err
	}
	if e.Targets != nil {
		r.targets[e.Targets.Stream] = e.Targets
	}
	if e.Settings != nil {
		r.set = e.Settings
	}
	if e.Look != nil {
		for i, id := range e.Look.ids() {
			if id == nil || *id == "" {
				continue
			}
			var err error
			if *id, err = r.keep(place{e.Look.Stream + "/" + e.Look.Rendition, e.Look.place()}, e.texts[i]); err != nil {
				return err
			}
		}
	}
	if p := r.last(); !e.At.IsZero() {
		if p.lines++; p.from.IsZero() {
			p.from = e.At
		}
		p.until = e.At
	}
	return r.encode(e.Line)
}

func (r *reel) encode(l *Line) error {
	if err := r.json.Encode(l); err != nil {
		return fmt.Errorf("writing a recording: %w", err)
	}
	return nil
}

// longText is how many bytes a playlist has that is written by its differences from
// the one before.
const longText = 4 << 10

// keep returns the id of a text, which it writes unless the part has it.
func (r *reel) keep(where place, text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	id := hex.EncodeToString(sum[:8])
	if r.texts[id] {
		return id, nil
	}
	b := &Body{ID: id, Text: text}
	if have, ok := r.bases[where]; ok && len(text) > longText {
		if pieces := splice(have.text, text); weight(pieces) < len(text)/2 {
			b.Text, b.Base, b.Splice = "", have.id, pieces
		}
	}
	r.texts[id], r.bases[where] = true, base{id, text}
	r.size += len(text)
	return id, r.encode(&Line{Body: b})
}

// flush brings what was written to the file: what a kill leaves can be read up
// to here.
func (r *reel) flush() error {
	if r.file == nil {
		return os.ErrClosed
	}
	if err := r.zip.Flush(); err != nil {
		return fmt.Errorf("writing a recording: %w", err)
	}
	r.sure = r.out.n
	return nil
}

// turn begins another part where the one that is written is full.
func (r *reel) turn() error {
	beside := r.last().path != ""
	full := !beside && r.out.n >= r.limit/2 || beside && r.out.n >= r.limit/2/tailParts
	if !full && r.size < partBodies {
		return nil
	}
	r.number++
	r.forget()
	if full {
		if err := r.shut(); err != nil {
			return err
		}
		r.parts = append(r.parts, part{path: fmt.Sprintf("%s.%06d", r.path, r.number)})
		if err := r.open(r.last().path); err != nil {
			return err
		}
		if err := r.drop(); err != nil {
			return err
		}
	}
	if err := r.encode(&Line{Part: &Part{Number: r.number}}); err != nil {
		return err
	}
	if r.set != nil { // the part that they stand in may be dropped
		if err := r.encode(&Line{Settings: r.set}); err != nil {
			return err
		}
	}
	for _, stream := range slices.Sorted(maps.Keys(r.targets)) {
		if err := r.encode(&Line{Targets: r.targets[stream]}); err != nil {
			return err
		}
	}
	return nil
}

// drop deletes the oldest part beside the first file when there are too many.
func (r *reel) drop() error {
	if len(r.parts) <= tailParts+1 {
		return nil
	}
	p := r.parts[1]
	r.parts = slices.Delete(r.parts, 1, 2)
	if r.gone.Lines == 0 {
		r.gone.From = p.from
	}
	r.gone.Until, r.gone.Lines = p.until, r.gone.Lines+p.lines
	if err := os.Remove(p.path); err != nil {
		return fmt.Errorf("cutting a recording: %w", err)
	}
	return nil
}

// close ends the recording: the parts beside the first file go behind it, after
// a line that says what is missing between.
func (r *reel) close() error {
	if err := r.shut(); err != nil {
		return err
	}
	if r.gone.Lines > 0 {
		if err := r.open(r.path); err != nil {
			return err
		}
		missing := r.gone
		err := r.encode(&Line{Part: &Part{Number: -1, Missing: &missing}})
		if err = errors.Join(err, r.shut()); err != nil {
			return err
		}
	}
	return assemble(r.path)
}

// assemble puts the parts of a recording behind its first file, oldest first.
func assemble(path string) error {
	parts, err := filepath.Glob(globEscape(path) + ".[0-9]*")
	if err != nil || len(parts) == 0 {
		return err
	}
	slices.Sort(parts)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("putting a recording together: %w", err)
	}
	defer f.Close()
	for _, p := range parts {
		if err := appendFile(f, p); err != nil {
			return fmt.Errorf("putting a recording together: %w", err)
		}
	}
	return f.Sync()
}

// appendFile moves the content of a file behind another.
func appendFile(to *os.File, path string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, from.Close()); err != nil {
		return err
	}
	return os.Remove(path)
}

// globEscape makes a path stand for itself in a pattern.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
