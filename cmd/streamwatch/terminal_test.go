//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/provision/progress/screentest"
)

// TestTerminal runs the binary on a terminal of 80 columns.
func TestTerminal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set    [2]string
		moves  bool
		colour bool
	}{
		"colour":   {[2]string{"TERM", "xterm"}, true, true},
		"NO_COLOR": {[2]string{"NO_COLOR", "1"}, true, false},
		"dumb":     {[2]string{"TERM", "dumb"}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.set("TERM", "xterm")
			a.set(c.set[0], c.set[1])
			ours, theirs := pty(t, 80, 24)
			cmd, _ := a.command(t.Context(), "provision", "event.yaml")
			cmd.Stdout, cmd.Stderr = theirs, theirs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_ = theirs.Close()
			raw, _ := io.ReadAll(ours) // ends with an error once nobody writes
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, raw)
			}
			s := &screentest.Screen{Width: 80}
			if _, err := s.Write(raw); err != nil {
				t.Error(err)
			}
			got := strings.Join(s.Lines, "\n")
			if strings.Contains(string(raw), "\x1b[J") != c.moves {
				t.Errorf("moves: want %v:\n%q", c.moves, raw)
			}
			if c.moves && strings.Contains(string(raw), "\x1b[32m") != c.colour {
				t.Errorf("colour: want %v:\n%q", c.colour, raw)
			}
			if n := strings.Count(got, "  Distribution  "); c.moves && (n != 1 || strings.Contains(got, "IN_PROGRESS")) {
				t.Errorf("the distribution has %d lines, want one, and that it is done:\n%s", n, got)
			}
			if !strings.Contains(got, "3s  Distribution            CREATE_COMPLETE\n") ||
				!strings.Contains(got, "edge https://") {
				t.Errorf("the end is not on the screen:\n%s", got)
			}
			if i := slices.IndexFunc(s.Lines, func(l string) bool { return len([]rune(l)) > 79 }); c.moves && i >= 0 {
				t.Errorf("a line does not fit: %q", s.Lines[i])
			}
		})
	}
}

// pty returns both ends of a terminal.
func pty(t *testing.T, columns, lines uint16) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no pseudo terminals, which CI must have: %v", err)
		}
		t.Skipf("no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { _ = ours.Close() })
	var number, unlock uint32
	size := [4]uint16{lines, columns}
	for request, value := range map[uintptr]unsafe.Pointer{
		syscall.TIOCGPTN: unsafe.Pointer(&number), syscall.TIOCSPTLCK: unsafe.Pointer(&unlock),
		syscall.TIOCSWINSZ: unsafe.Pointer(&size),
	} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, ours.Fd(), request, uintptr(value)); errno != 0 {
			t.Fatal(errno)
		}
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// The first lines of a run are in columns, however long the name of an edge is.
func TestColumnsOfLongNames(t *testing.T) {
	var out strings.Builder
	c := &cli{stdout: &out}
	event := configs.Default()
	event.Edges = []configs.Edge{{Name: "near"}, {Name: "cdn-far-away"}}
	s := c.session(&event, zap.NewNop())
	s.Say("edge", "1")
	s.Say("cdn-far-away", "2")
	if want := "  edge         1\n  cdn-far-away 2\n"; out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
