package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limit is what one value may be.
type Limit struct {
	Words []string       // one of these
	Range string         // inclusive bounds, as event.yaml writes them: "1m..12h"
	Form  *regexp.Regexp // a text of this form
	Long  int            // a text of at most so many characters; 0 is any length
	Most  int            // a list or a mapping of at most so many entries; 0 is any number
	Must  string         // what is asked, in words that follow "must"; only Form needs it
	Hint  string         // such as an example; may be empty
	Empty bool           // nothing, or zero, is fine too: a default stands in for it
}

// Book collects problems while the rules are gone through.
type Book struct{ Problems []Problem }

// Require notes a problem at a path unless ok. text says what is wrong and
// follows the path.
func (b *Book) Require(ok bool, path, text, hint string) {
	if !ok {
		b.Problems = append(b.Problems, Problem{Path: path, Message: path + " " + text, Hint: hint})
	}
}

// Hold holds a value to its limit: a string, an int, a float64 or a
// time.Duration.
func (b *Book) Hold(path string, value any, l Limit) {
	got := Written(value)
	if l.Empty && (got == "" || got == "0" || got == "0s") {
		return
	}
	must, hint := l.Must, l.Hint
	switch {
	case len(l.Words) > 0 && !slices.Contains(l.Words, got):
		if must == "" {
			must = "be " + List(l.Words)
		}
		if close := DidYouMean(got, l.Words); close != "" {
			hint = close
		}
	case l.Form != nil && !l.Form.MatchString(got):
	case l.Long > 0 && utf8.RuneCountInString(got) > l.Long:
		must, got = fmt.Sprintf("have at most %d characters, and has %d", l.Long, utf8.RuneCountInString(got)), ""
	case l.Range != "" && !Within(value, l.Range):
		if low, high, _ := strings.Cut(l.Range, ".."); must == "" {
			must = "be from " + low + " to " + high
		}
	default:
		return
	}
	b.Problems = append(b.Problems, Problem{Path: path, Message: path + " must " + must, Got: Shortened(got), Hint: hint})
}

// Count holds a number of entries to a limit.
func (b *Book) Count(path string, entries int, l Limit) {
	b.Require(l.Most == 0 || entries <= l.Most, path, fmt.Sprintf("must have at most %d entries", l.Most), l.Hint)
}

// Once requires that no entry of a list is given twice.
func (b *Book) Once(path string, list []string) {
	for i, entry := range list {
		b.Require(entry == "" || !slices.Contains(list[:i], entry), Index(path, i), fmt.Sprintf("repeats %q", entry),
			"delete one of the two")
	}
}

// Index is the path of an entry of a list.
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// mostShown is how much of a value is repeated, in characters.
const mostShown = 60

// Shortened is a value as a message repeats it.
func Shortened(text string) string {
	if r := []rune(text); len(r) > mostShown {
		return string(r[:mostShown]) + "…"
	}
	return text
}

// Written is a value as event.yaml writes it.
func Written(value any) string {
	d, ok := value.(time.Duration)
	if !ok {
		return fmt.Sprint(value)
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if before, found := strings.CutSuffix(text, zero); found {
			text = before + zero[:1]
		}
	}
	return text
}

// Within reports whether a number or a duration lies between the bounds of a
// range.
func Within(value any, bounds string) bool {
	low, high, _ := strings.Cut(bounds, "..")
	switch v := value.(type) {
	case time.Duration:
		from, err := time.ParseDuration(low)
		to, err2 := time.ParseDuration(high)
		return err == nil && err2 == nil && v >= from && v <= to
	case int:
		return between(float64(v), low, high)
	case float64:
		return between(v, low, high)
	default:
		return false
	}
}

func between(v float64, low, high string) bool {
	from, err := strconv.ParseFloat(low, 64)
	to, err2 := strconv.ParseFloat(high, 64)
	return err == nil && err2 == nil && v >= from && v <= to
}

// List joins words as in "a, b or c".
func List(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
