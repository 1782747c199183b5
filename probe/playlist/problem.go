package playlist

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/streamwatch/streamwatch/probe"
)

// problem notes a defect at the current line, with the check's own severity.
func (r *reader) problem(check, format string, args ...any) {
	r.report(check, probe.NoSeverity, format, args...)
}

// problemAt is problem for a line other than the current one; 0 is the whole
// playlist.
func (r *reader) problemAt(line int, check, format string, args ...any) {
	at := r.number
	r.number = line
	r.report(check, probe.NoSeverity, format, args...)
	r.number = at
}

// report notes a defect at the current line. A flood of one kind must not hide
// the others nor cost memory, so only the first few of each check are kept.
func (r *reader) report(check string, severity probe.Severity, format string, args ...any) {
	if r.problemCount == nil {
		r.problemCount = make(map[string]int)
	}
	r.problemCount[check]++
	if r.problemCount[check] > maxPerCheck {
		return
	}
	for i, arg := range args {
		if q, ok := arg.(quote); ok {
			args[i] = quote(r.show(string(q)))
		}
	}
	r.p.Problems = append(r.p.Problems, probe.Problem{
		Check: check, Severity: severity, Line: r.number, Detail: fmt.Sprintf(format, args...),
	})
}

// show makes a piece of the text fit to be repeated, before it is cut: half a
// secret would not be known any more.
func (r *reader) show(piece string) string {
	if r.in.Quote == nil {
		return piece
	}
	if shown := r.in.Quote(piece); shown != "" || piece == "" {
		return shown
	}
	return "…"
}

func andMore(n int) string { return fmt.Sprintf(" (and %d more)", n) }

const maxQuote = 40 // characters of a playlist that a detail repeats

// quote is a piece of a playlist, safe to show: at most maxQuote printable
// characters, and nothing from a question mark on, because a query string can
// carry a token. It is made only when a problem is kept.
type quote string

// String returns the piece in quotes.
func (s quote) String() string {
	var b strings.Builder
	b.WriteByte('"')
	n := 0
	for i, c := range string(s) {
		switch {
		case c == '?':
			b.WriteString("?…\"")
			return b.String()
		case n == maxQuote:
			b.WriteString("…\"")
			return b.String()
		case c == utf8.RuneError || c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == '"':
			if i > 0 {
				b.WriteByte(' ')
				n++
			}
		default:
			b.WriteRune(c)
			n++
		}
	}
	b.WriteByte('"')
	return b.String()
}
