package main

// What is shown on a terminal, and how:
//
//   - Results go to stdout, in plain words and columns; logs go to stderr.
//   - Colour only where stdout is a terminal and NO_COLOR is not set. It marks
//     verdicts and severities and never says anything that the word does not.
//   - 80 columns suffice. What is longer by nature (URLs, curl lines) stands
//     last in its line, so that it can be copied whole.
//   - Nothing moves unless stdout is a terminal that can; in a pipe every line
//     is final.

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

const reset = "\x1b[0m"

// terminal reports whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// dumb reports whether the terminal cannot move its cursor.
func (c *cli) dumb() bool {
	kind, _ := c.env("TERM")
	return kind == "" || kind == "dumb"
}

// size is that of the terminal, 80 by 24 where it is not known.
func (c *cli) size() (columns, lines int) {
	if f, ok := c.stdout.(*os.File); ok {
		if columns, lines, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 && lines > 0 {
			return columns, lines
		}
	}
	return 80, 24
}

// paint returns a function that colours verdicts and severities on stdout.
func (c *cli) paint() func(string) string {
	plain := func(word string) string { return word }
	if no, _ := c.env("NO_COLOR"); no != "" || !terminal(c.stdout) {
		return plain
	}
	return func(word string) string {
		switch word {
		case "ok", "found":
			return "\x1b[32m" + word + reset
		case "down", "critical", "error", "missed":
			return "\x1b[31m" + word + reset
		case "degraded", "warning", "blind", "late", "noisy":
			return "\x1b[33m" + word + reset
		default:
			return word
		}
	}
}

// say writes one line of "what  value" below a command's first line.
func (c *cli) say(what, value string) {
	fmt.Fprintf(c.stdout, "  %-*s %s\n", max(c.column, 8), what, value)
}
