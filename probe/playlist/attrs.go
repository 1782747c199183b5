package playlist

import (
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// attrs steps through an attribute list, RFC 8216bis §4.2, and notes what is
// wrong with it. An attribute in lower case or a second of the same name is
// skipped, as players do not know it either.
type attrs struct {
	rest  string
	loose bool // a tag from outside the RFC: names can be in any case

	name, value string
	quoted      bool

	names [16]string // seen so far; later ones are not held for duplicates
	n     int
}

// attrs begins a list: for r.attrs(list); r.nextAttr(); { switch r.attr.name … }.
// The list is part of the reader, which that way stays off the heap.
func (r *reader) attrs(list string) { r.attr.rest, r.attr.loose, r.attr.n = list, false, 0 }

// looseAttrs begins the list of a tag from outside the RFC.
func (r *reader) looseAttrs(list string) { r.attr.rest, r.attr.loose, r.attr.n = list, true, 0 }

// nextAttr moves to the next attribute and reports whether there is one.
func (r *reader) nextAttr() bool {
	a := &r.attr
	for a.rest != "" {
		ok, lower := r.cutName()
		if !ok {
			continue
		}
		r.cutValue()
		switch {
		case lower && !a.loose:
			r.problem("m3u.attr", "attribute name %s in %s is not upper case", quote(a.name), r.tag)
			continue
		case slices.Contains(a.names[:a.n], a.name):
			r.problem("m3u.attr", "attribute %s comes twice in %s", quote(a.name), r.tag)
			continue
		}
		if a.n < len(a.names) {
			a.names[a.n] = a.name
			a.n++
		}
		if r.hasVars && (a.quoted || strings.HasPrefix(a.value, "0x")) {
			a.value = r.expand(a.value)
		}
		return true
	}
	return false
}

// cutName takes "NAME=" off the rest. What has no value is skipped.
func (r *reader) cutName() (ok, lower bool) {
	a := &r.attr
	i := 0
	for ; i < len(a.rest) && a.rest[i] != '=' && a.rest[i] != ','; i++ {
		lower = lower || a.rest[i] >= 'a' && a.rest[i] <= 'z'
	}
	a.name = r.trim(a.rest[:i])
	if i == len(a.rest) || a.rest[i] == ',' {
		a.rest = a.rest[min(i+1, len(a.rest)):]
		if !a.loose {
			r.problem("m3u.attr", "attribute %s in %s has no value", quote(a.name), r.tag)
		}
		return false, false
	}
	a.rest = a.rest[i+1:]
	return true, lower
}

// cutValue takes a value and the comma after it off the rest.
func (r *reader) cutValue() {
	a := &r.attr
	if a.rest != "" && isBlank(a.rest[0]) {
		a.rest = r.trim(a.rest)
	}
	a.quoted = strings.HasPrefix(a.rest, `"`)
	after := a.rest
	if a.quoted {
		end := strings.IndexByte(a.rest[1:], '"')
		if end < 0 {
			r.problem("m3u.attr", "the quote of %s in %s does not end", quote(a.name), r.tag)
			a.value, a.rest = a.rest[1:], ""
			return
		}
		a.value, after = a.rest[1:end+1], a.rest[end+2:]
	}
	comma := strings.IndexByte(after, ',')
	if comma < 0 {
		comma, a.rest = len(after), ""
	} else {
		a.rest = after[comma+1:]
	}
	tail := r.trim(after[:comma])
	switch {
	case !a.quoted:
		a.value = tail
	case tail != "":
		r.problem("m3u.attr", "there is text between the value of %s in %s and the comma", quote(a.name), r.tag)
	}
}

// badAttr notes that the current value is not what the attribute wants.
func (r *reader) badAttr(want string) {
	r.problem("m3u.attr", "%s in %s is %s, want %s", quote(r.attr.name), r.tag, quote(r.attr.value), want)
}

// quotedAttr returns a quoted-string.
func (r *reader) quotedAttr() string {
	if !r.attr.quoted {
		r.problem("m3u.attr", "%s in %s wants quotes", quote(r.attr.name), r.tag)
	}
	return r.attr.value
}

// wordAttr returns an enumerated-string, which has no quotes.
func (r *reader) wordAttr() string {
	if r.attr.quoted {
		r.problem("m3u.attr", "%s in %s wants no quotes", quote(r.attr.name), r.tag)
	}
	return r.attr.value
}

// yesAttr reads YES or NO.
func (r *reader) yesAttr() bool {
	w := r.wordAttr()
	if w != "YES" && w != "NO" {
		r.badAttr("YES or NO")
	}
	return w == "YES"
}

// countAttr reads a decimal-integer.
func (r *reader) countAttr() probe.Fact[uint64] {
	n, ok := parseUint(r.wordAttr())
	if !ok {
		r.badAttr("a whole number below 2^64")
		return probe.Fact[uint64]{}
	}
	return probe.State(n)
}

// secondsAttr reads a decimal-floating-point as a duration.
func (r *reader) secondsAttr() probe.Fact[time.Duration] {
	d, _, ok := parseSeconds(r.wordAttr())
	if !ok {
		r.badAttr("a number of seconds")
		return probe.Fact[time.Duration]{}
	}
	return probe.State(d)
}
