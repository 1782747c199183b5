package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// maxDeadLetters bounds a file of what could not be delivered, in bytes. The one
// before it is kept too.
const maxDeadLetters = 1 << 20

// Notebook keeps notes where other processes find them, which may tell the same
// receivers next. What is not there is os.ErrNotExist.
type Notebook interface {
	ReadNote(name string) ([]byte, error)
	WriteNote(name string, text []byte) error
}

// notes are what must survive the process: a restart neither repeats nor forgets.
type notes struct {
	Receiver string           `json:"receiver"`
	Told     map[string]*told `json:"told"` // of open incidents, by id
	Waiting  []Message        `json:"waiting"`
}

// deadLetter is a line about a message that could not be delivered.
type deadLetter struct {
	At       string  `json:"at"`
	Receiver string  `json:"receiver"`
	Reason   string  `json:"reason"`
	Message  Message `json:"message"`
}

// disk keeps a receiver's notes. Its files are named after what the receiver is,
// not after its place in the event file: another one in that place must not take
// over its messages. Without a folder it keeps nothing.
type disk struct {
	base, name string
	book       Notebook // nil has the files alone
	log        *zap.Logger

	mu   sync.Mutex // guards what is written of the notes
	last string     // what was written last
	sick probe.Failing

	grave sync.Mutex // guards the undelivered; it is taken while the sink is locked, and mu is not
}

func newDisk(folder string, r *Receiver, book Notebook, log *zap.Logger) *disk {
	d := &disk{name: r.Name, book: book, log: log}
	if folder != "" {
		kind, _, _ := strings.Cut(r.Name, "-")
		d.base = filepath.Join(folder, kind+"-"+r.fingerprint())
	}
	return d
}

// load returns the notes of an earlier process, or that they are lost. A receiver
// that is new has none and has lost none.
func (d *disk) load() (n notes, lost bool) {
	if d.base == "" {
		return n, true
	}
	text, err := d.read()
	if errors.Is(err, os.ErrNotExist) {
		return n, false
	}
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err != nil {
		d.log.Warn("the notes about sent messages cannot be read", zap.Error(err))
		return notes{}, true
	}
	return n, false
}

// save writes the notes where they changed, and reports whether the notebook has
// them, if there is one. It says once that notes cannot be written.
func (d *disk) save(take func() notes) (booked bool) {
	if d.base == "" {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	text, err := encoded(take())
	if err == nil && string(text) == d.last {
		return true
	}
	if err == nil {
		booked, err = d.write(text)
	}
	since, _ := d.sick.Tell()
	d.sick.Note(probe.Cause(err))
	if err == nil {
		d.last = string(text)
	} else if since.IsZero() {
		d.log.Warn("the notes about sent messages cannot be written: a restart may repeat some", zap.Error(err))
	}
	return booked
}

// read returns what was written last, by whichever process.
func (d *disk) read() (text []byte, err error) {
	if d.book != nil {
		if text, err = d.book.ReadNote(filepath.Base(d.base)); err == nil || !errors.Is(err, os.ErrNotExist) {
			return text, err
		}
	}
	return os.ReadFile(d.base + ".json")
}

func (d *disk) write(text []byte) (booked bool, err error) {
	if d.book != nil {
		if err := d.book.WriteNote(filepath.Base(d.base), text); err != nil {
			return false, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(d.base), 0o700); err != nil {
		return true, err
	}
	return true, probe.WriteFile(d.base+".json", string(text))
}

// bury keeps a message that could not be delivered.
func (d *disk) bury(m *Message, reason error) {
	if d.base == "" {
		return
	}
	d.grave.Lock()
	defer d.grave.Unlock()
	letter := deadLetter{probe.FormatTime(time.Now()), d.name, cause(reason), *m}
	line, err := encoded(letter)
	if err == nil {
		err = d.append(append(line, '\n'))
	}
	if err != nil {
		d.log.Warn("a message that was not delivered cannot be kept", zap.Error(err))
	}
}

func (d *disk) append(line []byte) error {
	name := d.base + ".undelivered.jsonl"
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	if at, err := os.Stat(name); err == nil && at.Size()+int64(len(line)) > maxDeadLetters {
		if err := os.Rename(name, name+".1"); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(line); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", filepath.Base(name), err), f.Close())
	}
	return f.Close()
}
