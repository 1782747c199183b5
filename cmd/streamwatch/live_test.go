//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/streamwatch/streamwatch/provision"
)

// screen is a terminal of a width as far as live needs one: it breaks lines,
// moves up and clears below.
type screen struct {
	width int
	lines []string
	row   int
}

func (s *screen) line() *string {
	for s.row >= len(s.lines) {
		s.lines = append(s.lines, "")
	}
	return &s.lines[s.row]
}

// Write draws.
func (s *screen) Write(p []byte) (int, error) {
	for text := string(p); text != ""; {
		code, ok := strings.CutPrefix(text, "\x1b[")
		if !ok {
			r := []rune(text)[0]
			text = text[len(string(r)):]
			l := s.line()
			switch r {
			case '\n':
				s.row++
				s.line()
			case '\r':
			default:
				if len([]rune(*l)) == s.width {
					s.row++
					l = s.line()
				}
				*l += string(r)
			}
			continue
		}
		end := strings.IndexFunc(code, func(r rune) bool { return r >= 'A' })
		n, _ := strconv.Atoi(code[:end])
		switch code[end] {
		case 'A':
			s.row = max(0, s.row-n)
		case 'J':
			s.lines = s.lines[:min(len(s.lines), s.row)]
		case 'm':
		default:
			return 0, fmt.Errorf("escape sequence %q is not known", code[:end+1])
		}
		text = code[end+1:]
	}
	return len(p), nil
}

// TestLive looks at a screen of 80 columns and 6 lines while an operation runs.
func TestLive(t *testing.T) {
	t.Parallel()
	s := &screen{width: 80}
	l := newLive(s, func() (int, int) { return 80, 6 }, func(word string) string { return word })
	now := time.Now()
	long := strings.Repeat("a reason that does not end ", 5)
	for _, e := range []provision.Event{
		{Resource: "LiveHTTPStreaming", Status: "CREATE_IN_PROGRESS", Reason: "User Initiated"},
		{Resource: "ManifestCachePolicy", Status: "CREATE_IN_PROGRESS"},
		{Resource: "Distribution", Status: "CREATE_IN_PROGRESS", Reason: long},
		{Resource: "ManifestCachePolicy", Status: "CREATE_COMPLETE"},
		{Resource: "A", Status: "CREATE_IN_PROGRESS"},
		{Resource: "B", Status: "CREATE_IN_PROGRESS"},
		{Resource: "C", Status: "CREATE_IN_PROGRESS"},
		{Resource: "B", Status: "CREATE_FAILED", Reason: long},
	} {
		e.At = now
		l.show(e)
	}
	time.Sleep(2100 * time.Millisecond)
	l.close()
	got := strings.Join(s.lines, "\n")
	for _, want := range []string{
		"0s  ManifestCachePolicy     CREATE_COMPLETE\n    0s  B                       CREATE_FAILED  a reason",
		"2s  LiveHTTPStreaming       CREATE_IN_PROGRESS  User Initiated\n",
		"2s  Distribution            CREATE_IN_PROGRESS  a reason that does no",
		"…\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the screen lacks %q:\n%s", want, got)
		}
	}
	for resource, want := range map[string]int{"  LiveHTTPStreaming": 1, "  Distribution ": 1, "  B ": 1, "  A ": 1, "  C ": 1} {
		if n := strings.Count(got, resource); n != want {
			t.Errorf("%q stands there %d times, want %d:\n%s", resource, n, want, got)
		}
	}
}

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
			s := &screen{width: 80}
			if _, err := s.Write(raw); err != nil {
				t.Error(err)
			}
			got := strings.Join(s.lines, "\n")
			if strings.Contains(string(raw), "\x1b[J") != c.moves {
				t.Errorf("moves: want %v:\n%q", c.moves, raw)
			}
			if c.moves && strings.Contains(string(raw), "\x1b[32m") != c.colour {
				t.Errorf("colour: want %v:\n%q", c.colour, raw)
			}
			if n := strings.Count(got, "  Distribution  "); c.moves && (n != 1 || strings.Contains(got, "IN_PROGRESS")) {
				t.Errorf("the distribution has %d lines, want one, and that it is done:\n%s", n, got)
			}
			if !strings.Contains(got, "3s  Distribution            CREATE_COMPLETE\n") || !strings.Contains(got, "edge https://") {
				t.Errorf("the end is not on the screen:\n%s", got)
			}
			if i := slices.IndexFunc(s.lines, func(l string) bool { return len([]rune(l)) > 79 }); c.moves && i >= 0 {
				t.Errorf("a line does not fit: %q", s.lines[i])
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
		syscall.TIOCGPTN: unsafe.Pointer(&number), syscall.TIOCSPTLCK: unsafe.Pointer(&unlock), syscall.TIOCSWINSZ: unsafe.Pointer(&size),
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
