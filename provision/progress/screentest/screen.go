// Package screentest is a terminal for tests.
package screentest

import (
	"fmt"
	"strconv"
	"strings"
)

// Screen is a terminal of a width as far as provision/progress needs one: it breaks lines,
// moves up and clears below.
type Screen struct {
	Width int // in characters
	Lines []string
	row   int
}

func (s *Screen) line() *string {
	for s.row >= len(s.Lines) {
		s.Lines = append(s.Lines, "")
	}
	return &s.Lines[s.row]
}

// Write draws.
func (s *Screen) Write(p []byte) (int, error) {
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
				if len([]rune(*l)) == s.Width {
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
			s.Lines = s.Lines[:min(len(s.Lines), s.row)]
		case 'm':
		default:
			return 0, fmt.Errorf("escape sequence %q is not known", code[:end+1])
		}
		text = code[end+1:]
	}
	return len(p), nil
}
