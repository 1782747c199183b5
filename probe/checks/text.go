package checks

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Wrap breaks prose into lines of at most so many characters.
func Wrap(text string, columns int) string {
	var b strings.Builder
	at := 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case at == 0:
		case at+1+n > columns:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}

// Count prints a number with its noun: "1 segment", "3 segments".
func Count[N int | int64 | uint64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// Seconds prints a duration as people say it: "9.4 s".
func Seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// samePath compares two URIs without their queries, which may carry a token
// that changes with each answer.
func samePath(a, b string) bool {
	if a == b {
		return true
	}
	a, _, _ = strings.Cut(strings.TrimPrefix(a, "./"), "?")
	b, _, _ = strings.Cut(strings.TrimPrefix(b, "./"), "?")
	return a == b
}

// shortURI is the end of a URI's path, without its query, for a person to read.
func shortURI(u string) string {
	u, _, _ = strings.Cut(u, "?")
	if i := strings.LastIndexByte(strings.TrimRight(u, "/"), '/'); i >= 0 {
		if j := strings.LastIndexByte(u[:i], '/'); j >= 0 {
			u = u[j+1:]
		}
	}
	if len(u) > 80 {
		u = "…" + u[len(u)-79:]
	}
	return u
}
