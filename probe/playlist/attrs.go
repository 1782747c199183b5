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
	r     *reader
	rest  string
	loose bool // a tag from outside the RFC: names can be in any case

	name, value string
	quoted      bool

	names [16]string // seen so far; later ones are not held for duplicates
	n     int
}

func (r *reader) attrs(list string) attrs { return attrs{r: r, rest: list} }

// next moves to the next attribute and reports whether there is one.
func (a *attrs) next() bool {
	for a.rest != "" {
		ok, lower := a.cutName()
		if !ok {
			continue
		}
		a.cutValue()
		switch {
		case lower && !a.loose:
			a.r.problem("m3u.attr", "attribute name %s in %s is not upper case", quote(a.name), a.r.tag)
			continue
		case slices.Contains(a.names[:a.n], a.name):
			a.r.problem("m3u.attr", "attribute %s comes twice in %s", quote(a.name), a.r.tag)
			continue
		}
		if a.n < len(a.names) {
			a.names[a.n] = a.name
			a.n++
		}
		if a.r.hasVars && (a.quoted || strings.HasPrefix(a.value, "0x")) {
			a.value = a.r.expand(a.value)
		}
		return true
	}
	return false
}

// cutName takes "NAME=" off the rest. What has no value is skipped.
func (a *attrs) cutName() (ok, lower bool) {
	i := 0
	for ; i < len(a.rest) && a.rest[i] != '=' && a.rest[i] != ','; i++ {
		lower = lower || a.rest[i] >= 'a' && a.rest[i] <= 'z'
	}
	a.name = a.r.trim(a.rest[:i])
	if i == len(a.rest) || a.rest[i] == ',' {
		a.rest = a.rest[min(i+1, len(a.rest)):]
		if !a.loose {
			a.r.problem("m3u.attr", "attribute %s in %s has no value", quote(a.name), a.r.tag)
		}
		return false, false
	}
	a.rest = a.rest[i+1:]
	return true, lower
}

// cutValue takes a value and the comma after it off the rest.
func (a *attrs) cutValue() {
	if a.rest != "" && isBlank(a.rest[0]) {
		a.rest = a.r.trim(a.rest)
	}
	a.quoted = strings.HasPrefix(a.rest, `"`)
	after := a.rest
	if a.quoted {
		end := strings.IndexByte(a.rest[1:], '"')
		if end < 0 {
			a.r.problem("m3u.attr", "the quote of %s in %s does not end", a.name, a.r.tag)
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
	tail := a.r.trim(after[:comma])
	switch {
	case !a.quoted:
		a.value = tail
	case tail != "":
		a.r.problem("m3u.attr", "there is text between the value of %s in %s and the comma", a.name, a.r.tag)
	}
}

// bad notes that the current value is not what the attribute wants.
func (a *attrs) bad(want string) {
	a.r.problem("m3u.attr", "%s in %s is %s, want %s", a.name, a.r.tag, quote(a.value), want)
}

// text returns a quoted-string.
func (a *attrs) text() string {
	if !a.quoted {
		a.r.problem("m3u.attr", "%s in %s wants quotes", a.name, a.r.tag)
	}
	return a.value
}

// word returns an enumerated-string, which has no quotes.
func (a *attrs) word() string {
	if a.quoted {
		a.r.problem("m3u.attr", "%s in %s wants no quotes", a.name, a.r.tag)
	}
	return a.value
}

// yes reads YES or NO.
func (a *attrs) yes() bool {
	w := a.word()
	if w != "YES" && w != "NO" {
		a.bad("YES or NO")
	}
	return w == "YES"
}

// count reads a decimal-integer.
func (a *attrs) count() probe.Fact[uint64] {
	n, ok := parseUint(a.word())
	if !ok {
		a.bad("a whole number below 2^64")
		return probe.Fact[uint64]{}
	}
	return probe.State(n)
}

// seconds reads a decimal-floating-point as a duration.
func (a *attrs) seconds() probe.Fact[time.Duration] {
	d, _, ok := parseSeconds(a.word())
	if !ok {
		a.bad("a number of seconds")
		return probe.Fact[time.Duration]{}
	}
	return probe.State(d)
}
