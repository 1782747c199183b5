package record

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// fullDisk takes some bytes, and then none.
type fullDisk struct {
	to   *os.File
	room int
}

// Write writes as much as there is room for.
func (d *fullDisk) Write(b []byte) (int, error) {
	n, err := d.to.Write(b[:min(len(b), d.room)])
	d.room -= n
	if err == nil && n < len(b) {
		err = syscall.ENOSPC
	}
	return n, err
}

// fill leaves the file that is being written so much room.
func (f *fixture) fill(id string, room int) {
	reel := f.rec.tape(id).reel
	reel.out.to = &fullDisk{reel.file, room}
}

// A recording that a full disk cut off goes on when there is room again, and
// lacks nothing.
func TestFullDisk(t *testing.T) {
	for _, room := range []int{0, 1, 100} {
		f := newFixture(t, Options{})
		f.poll("main")
		f.tell("one", probe.Opened, "main")
		f.fill("one", room)
		f.poll("main")
		f.rec.flush()
		if h := f.rec.Health(); !strings.Contains(h.Error, syscall.ENOSPC.Error()) {
			t.Errorf("health of a full disk: %+v", h)
		}
		f.poll("main")
		f.rec.flush() // which the disk takes
		if h := f.rec.Health(); h.Error != "" {
			t.Errorf("health when there is room again: %+v", h)
		}
		f.poll("main")
		f.tell("one", probe.Closed, "main")
		out := f.replay("one")
		if out.Looks != 8 || out.Cut || len(out.Recorded) != 1 || out.Recorded[0].Open() {
			t.Errorf("room for %d bytes: %d looks, cut off %v, told %v; want 8, whole", room, out.Looks, out.Cut, out.Recorded)
		}
	}
}

// One that closes while the disk is full is written when there is room.
func TestClosedOnFullDisk(t *testing.T) {
	f := newFixture(t, Options{})
	f.poll("main")
	f.tell("one", probe.Opened, "main")
	f.fill("one", 0)
	f.tell("one", probe.Closed, "main")
	f.tell("one", probe.Opened, "main") // told twice, after an error elsewhere
	f.rec.flush()
	if out := f.replay("one"); out.Looks != 2 || out.Cut {
		t.Errorf("%d looks, cut off %v; want 2, whole", out.Looks, out.Cut)
	}
	if len(f.rec.tapes) != 0 {
		t.Error("it is still under way")
	}
}

// Nothing is left of a recording of which nothing could be written.
func TestStoppedOnFullDisk(t *testing.T) {
	f := newFixture(t, Options{})
	f.tell("one", probe.Opened, "main")
	path := filepath.Join(f.folder, FileName("one"))
	f.fill("one", 0)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	f.poll("main")
	f.rec.close()
	if f.rec.Has("one") {
		t.Error("an empty recording is left")
	}
}
