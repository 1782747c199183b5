package playlist

import (
	"bytes"
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/streamwatch/streamwatch/probe"
)

const bom = "\uFEFF"

// open takes the one copy of the body that every fact is a sub-string of, and
// judges it as text: length, byte order mark, encoding, control characters.
func (r *reader) open(body []byte) {
	if limit := cmp.Or(r.in.Limit, MaxBodyBytes); len(body) > limit {
		r.problem("m3u.limit", "the body has %d bytes, %d are read", len(body), limit)
		body = body[:limit]
		r.cut = true
	}
	if i := bytes.LastIndexByte(body, '\n'); r.cut && i >= 0 {
		body = body[:i+1]
	}
	odd := odd(body)
	r.text = string(body)
	r.p.Text = r.text
	if text, ok := strings.CutPrefix(r.text, bom); ok {
		r.problemAt(1, "m3u.bom", "the text begins with a byte order mark")
		r.text = text
	}
	r.nextLF, r.nextCR = -1, -1
	if odd {
		r.judgeCharacters()
	}
	r.hasVars = strings.Contains(r.text, "{$")
}

// odd reports whether any byte is not printable ASCII or LF. Almost no playlist
// has one, so that the exact checks are rarely paid for.
func odd(b []byte) bool {
	for _, c := range b {
		if c != '\n' && (c < ' ' || c > '~') {
			return true
		}
	}
	return false
}

// judgeCharacters holds the text to RFC 8216bis §4.1: UTF-8, and no control
// characters but CR and LF. A tab separates the ids of
// RECENTLY-REMOVED-DATERANGES, §4.4.5.2, and at a line's end it is white space.
func (r *reader) judgeCharacters() {
	line, badUTF8, badControl := 1, false, false
	for i, c := range r.text {
		switch {
		case c == '\n':
			line++
		case c == utf8.RuneError && !badUTF8:
			if _, n := utf8.DecodeRuneInString(r.text[i:]); n == 1 {
				badUTF8 = true
				r.problemAt(line, "m3u.utf8", "byte 0x%02x is not UTF-8", r.text[i])
			}
		case c < ' ' && c != '\r' && c != '\t' || c >= 0x7f && c < 0xa0:
			if !badControl {
				badControl = true
				r.problemAt(line, "m3u.ctl", "control character U+%04X", c)
			}
		}
	}
}

// next moves to the next line and reports whether there is one. Positions of
// the next LF and CR are kept, so that a text without the one does not get
// searched again for it at every other.
func (r *reader) next() bool {
	if r.pos >= len(r.text) {
		return false
	}
	if r.nextLF < r.pos {
		r.nextLF = r.find('\n')
	}
	if r.nextCR < r.pos {
		r.nextCR = r.find('\r')
	}
	end := min(r.nextLF, r.nextCR)
	line := r.text[r.pos:end]
	r.number++
	r.terminated = end < len(r.text)
	r.pos = min(end+1, len(r.text))
	if r.terminated && end == r.nextCR {
		if r.nextLF == end+1 && r.pos < len(r.text) {
			r.pos++
		} else {
			r.problem("m3u.ctl", "a CR without LF ends the line")
		}
	}
	if len(line) > MaxLineBytes {
		r.problem("m3u.limit", "the line has %d bytes, want at most %d", len(line), MaxLineBytes)
	}
	if line != "" && (isBlank(line[0]) || isBlank(line[len(line)-1])) {
		line = strings.Trim(line, " \t")
		r.report("m3u.ws", probe.Info, "white space around the line")
	}
	r.line = line
	return true
}

func (r *reader) find(c byte) int {
	if i := strings.IndexByte(r.text[r.pos:], c); i >= 0 {
		return r.pos + i
	}
	return len(r.text)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// trim takes white space off a value and notes it, RFC 8216bis §4.1.
func (r *reader) trim(s string) string {
	if s != "" && (isBlank(s[0]) || isBlank(s[len(s)-1])) {
		r.report("m3u.ws", probe.Info, "white space in %s", quote(r.tag))
		return strings.Trim(s, " \t")
	}
	return s
}
