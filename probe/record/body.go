package record

import (
	"errors"
	"fmt"
	"strings"
)

// Body is the text of a playlist, whole or by what it has in common with
// another one.
type Body struct {
	ID     string  `json:"id"`
	Text   string  `json:"text,omitempty"`
	Base   string  `json:"base,omitempty"` // id of the body that Splice refers to; "" where Text is all
	Splice []Piece `json:"splice,omitempty"`
}

// Piece is a part of a text: lines of the base, or else what it says itself.
type Piece struct {
	From  int    `json:"from,omitempty"`  // first line of the base, from 0
	Lines int    `json:"lines,omitempty"` // how many; 0 is none
	Text  string `json:"text,omitempty"`
}

// splice says a text by the lines that it has in common with another. A live
// playlist of hours differs from the one before by a few.
func splice(base, text string) []Piece {
	old, now := strings.SplitAfter(base, "\n"), strings.SplitAfter(text, "\n")
	place := make(map[string]int, len(old)) // of lines that stand there once; -1 of others
	for i, line := range old {
		if _, known := place[line]; known {
			i = -1
		}
		place[line] = i
	}
	var out []Piece
	next := 0 // line of the base after the newest piece
	for _, line := range now {
		if line == "" {
			continue
		}
		at, known := place[line]
		if next < len(old) && old[next] == line {
			at, known = next, true
		}
		n := len(out)
		switch {
		case !known || at < 0:
			if n > 0 && out[n-1].Lines == 0 {
				out[n-1].Text += line
				continue
			}
			out = append(out, Piece{Text: line})
			continue
		case n > 0 && out[n-1].Lines > 0 && out[n-1].From+out[n-1].Lines == at:
			out[n-1].Lines++
		default:
			out = append(out, Piece{From: at, Lines: 1})
		}
		next = at + 1
	}
	return out
}

// weight is about how many bytes pieces take.
func weight(pieces []Piece) (n int) {
	for i := range pieces {
		n += 24 + len(pieces[i].Text)
	}
	return n
}

// Limits on what a file can make of itself by splices.
const (
	partBodies = 32 << 20 // bytes of text after which a writer begins another part
	maxBody    = 4 << 20  // of one text; of a longer one the beginning is kept
	maxPart    = 64 << 20 // of a part
	maxBodies  = 4 << 30  // of a file
)

// bodies are the texts of a part, by id.
type bodies struct {
	texts map[string]string
	size  int
	total int // of all parts, bases that were read included
}

// reset forgets all texts.
func (b *bodies) reset() { b.texts, b.size = nil, 0 }

// add takes in a body. It is an error where its base is not known, a piece lies
// outside of that, or the texts become too large.
func (b *bodies) add(body *Body) error {
	text := body.Text
	if body.Base != "" {
		base, known := b.texts[body.Base]
		if !known {
			return fmt.Errorf("body %q refers to %q, which is not there", body.ID, body.Base)
		}
		var err error
		if text, err = join(base, body.Splice, maxPart-b.size); err != nil {
			return fmt.Errorf("body %q: %w", body.ID, err)
		}
		b.total += len(base)
	}
	b.size, b.total = b.size+len(text), b.total+len(text)
	if b.size > maxPart || b.total > maxBodies {
		return errTooLarge
	}
	if b.texts == nil {
		b.texts = map[string]string{}
	}
	b.texts[body.ID] = text
	return nil
}

var errTooLarge = fmt.Errorf("the playlists of one part come to more than %d MiB, or all of them to more than %d",
	maxPart>>20, maxBodies>>20)

// join makes a text of pieces, of at most so many bytes.
func join(base string, pieces []Piece, room int) (string, error) {
	lines := strings.SplitAfter(base, "\n")
	var b strings.Builder
	for _, p := range pieces {
		if p.From < 0 || p.Lines < 0 || p.From > len(lines) || p.Lines > len(lines)-p.From {
			return "", errors.New("a piece lies outside of its base")
		}
		for _, line := range lines[p.From : p.From+p.Lines] {
			if b.Len()+len(line) > room {
				return "", errTooLarge
			}
			b.WriteString(line)
		}
		if b.WriteString(p.Text); b.Len() > room {
			return "", errTooLarge
		}
	}
	return b.String(), nil
}
