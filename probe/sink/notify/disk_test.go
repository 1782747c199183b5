package notify

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// files joins all that is kept in a folder, and requires that it is private.
func files(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	list, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range list {
		text, err := os.ReadFile(name)
		at, err2 := os.Stat(name)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if at.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s", name, at.Mode())
		}
		all.WriteString(filepath.Base(name) + ": " + string(text) + "\n")
	}
	return all.String()
}

// What a receiver could not be told is told by the next process, once, and what
// it was told before is not told again. A fault that ended meanwhile is closed.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		r := &receiver{}
		s, stop := running(t, Options{Transport: r, Folder: folder, Wait: 5 * time.Second})
		told, over := incident("told", probe.Opened, probe.Error), incident("over", probe.Opened, probe.Critical)
		write(t, s, told, over)
		time.Sleep(10 * time.Second)
		r.mu.Lock()
		r.answer = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }
		r.mu.Unlock()
		unsent := incident("unsent", probe.Opened, probe.Error)
		write(t, s, unsent)
		time.Sleep(10 * time.Second)
		stop()
		if got, want := messages(t, r), "over opened critical cdn, told opened error cdn"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		r.answer = nil
		open := []probe.Incident{told, unsent}
		s, stop = running(t, Options{Transport: r, Folder: folder, Wait: 5 * time.Second, Open: open})
		write(t, s, told, unsent)
		time.Sleep(time.Minute)
		told.State, told.Closed = probe.Closed, new(time.Now())
		write(t, s, told)
		stop()
		want := "over opened critical cdn, told opened error cdn, unsent opened error cdn, " +
			"over closed critical cdn, told closed error cdn"
		if got := messages(t, r); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if n := New(Options{Receiver: hook, Folder: folder, Open: []probe.Incident{unsent}}).Health().Waiting; n > 0 {
			t.Errorf("%d messages still wait: %s", n, files(t, folder))
		}
	})
}

// Another receiver in the same place of the event file gets nothing that was
// meant for the first one. It hears of what is open, since it is new.
func TestAnotherReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		other := &receiver{}
		gone := &receiver{answer: func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }}
		s, stop := running(t, Options{Transport: gone, Folder: folder})
		a, b := incident("a", probe.Opened, probe.Error), incident("b", probe.Opened, probe.Error)
		write(t, s, a, b)
		time.Sleep(time.Second)
		stop()
		elsewhere := hook
		elsewhere.URL = "http://other.test/"
		_, stop = running(t, Options{Transport: other, Folder: folder, Receiver: elsewhere, Open: []probe.Incident{b}})
		time.Sleep(time.Minute)
		stop()
		if got := messages(t, other); got != "b opened error cdn" {
			t.Errorf("got %q", got)
		}
	})
}

// Notes that nobody can read repeat nothing.
func TestLostNotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, r := t.TempDir(), &receiver{}
		name := newDisk(folder, &hook, nil, nil).base + ".json"
		if err := os.WriteFile(name, []byte(`{"told":`), 0o600); err != nil {
			t.Fatal(err)
		}
		in := incident("a", probe.Opened, probe.Error)
		s, stop := running(t, Options{Transport: r, Folder: folder, Open: []probe.Incident{in}})
		time.Sleep(time.Minute)
		in.State, in.Closed = probe.Closed, new(time.Now())
		write(t, s, in)
		stop()
		if got := messages(t, r); got != "a closed error cdn" {
			t.Errorf("got %q", got)
		}
	})
}

// A message that is refused for good is kept and nothing else is held up.
func TestDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		r := &receiver{answer: func(n int, w http.ResponseWriter, _ *http.Request) {
			if n == 1 {
				w.WriteHeader(400)
				_, _ = w.Write([]byte("no such channel: /T00/secret-token"))
			}
		}}
		s, stop := running(t, Options{Transport: r, Folder: folder})
		write(t, s, incident("a", probe.Opened, probe.Error), incident("b", probe.Opened, probe.Error))
		stop()
		if got, want := messages(t, r), "b opened error cdn"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		kept := files(t, folder)
		line := `"reason":"the receiver answered with status 400","message":{"kind":"opened"`
		if !strings.Contains(kept, line) || strings.Contains(kept, "channel") {
			t.Errorf("kept %s", kept)
		}
		d := s.disk
		for range 2 * maxDeadLetters / 1000 {
			m := Message{Incident: incident("a", probe.Opened, probe.Error)}
			m.Incident.Detail = strings.Repeat("x", 1000)
			d.bury(&m, errQueueFull)
		}
		for _, name := range []string{".undelivered.jsonl", ".undelivered.jsonl.1"} {
			if at, err := os.Stat(d.base + name); err != nil || at.Size() > maxDeadLetters {
				t.Errorf("%s: %v, %v", name, at, err)
			}
		}
	})
}

// What was under way when the process was killed is sent again, under the same id.
func TestKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		var ids []string
		answer := http.StatusServiceUnavailable
		r := &receiver{answer: func(_ int, w http.ResponseWriter, r *http.Request) {
			ids = append(ids, r.Header.Get("X-Streamwatch-Delivery"))
			w.WriteHeader(answer)
		}}
		in := incident("a", probe.Opened, probe.Error)
		s, stop := running(t, Options{Transport: r, Folder: folder})
		write(t, s, in)
		synctest.Wait()
		killed := t.TempDir() // what was on disk at that moment
		if err := os.CopyFS(killed, os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
		stop()
		answer = http.StatusOK
		_, stop = running(t, Options{Transport: r, Folder: killed, Open: []probe.Incident{in}})
		time.Sleep(time.Minute)
		stop()
		if got := messages(t, r); got != "a opened error cdn" || ids[0] != ids[len(ids)-1] {
			t.Errorf("got %q, under the ids %v", got, ids)
		}
	})
}

// notebook is one that may not be written at times.
type notebook struct {
	text []byte
	away atomic.Bool
}

func (n *notebook) ReadNote(string) ([]byte, error) {
	if n.text == nil {
		return nil, os.ErrNotExist
	}
	return n.text, nil
}

func (n *notebook) WriteNote(_ string, text []byte) error {
	if n.away.Load() {
		return errors.New("no leader")
	}
	n.text = text
	return nil
}

// While the next hub could not know of a message, none is sent: it would be sent
// twice. It is, once the notebook is back, or by the next one.
func TestNobodyIsToldTwice(t *testing.T) {
	for name, back := range map[string]bool{"back": true, "another": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, book := &receiver{}, &notebook{}
				in := incident("a", probe.Opened, probe.Critical)
				s, stop := running(t, Options{Transport: r, Folder: t.TempDir(), Notes: book})
				time.Sleep(time.Second)
				book.away.Store(true)
				write(t, s, in)
				time.Sleep(10 * time.Second)
				if got := messages(t, r); got != "" {
					t.Errorf("sent %q", got)
				}
				book.away.Store(!back)
				time.Sleep(5 * time.Second)
				stop()
				book.away.Store(false)
				_, stop = running(t, Options{Transport: r, Folder: t.TempDir(), Notes: book, Open: []probe.Incident{in}})
				time.Sleep(time.Minute)
				stop()
				if got := messages(t, r); got != "a opened critical cdn" {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}
