package playlist

import (
	"net/url"
	"strings"
)

// define reads EXT-X-DEFINE, RFC 8216bis §4.4.2.3.
func (r *reader) define(list string) {
	r.need(8, "EXT-X-DEFINE")
	var name, value, imported, param string
	var valued bool
	kinds := 0
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "NAME":
			name = r.quotedAttr()
			kinds++
		case "VALUE":
			value, valued = r.quotedAttr(), true
		case "IMPORT":
			imported = r.quotedAttr()
			kinds++
		case "QUERYPARAM":
			param = r.quotedAttr()
			kinds++
			r.need(11, "QUERYPARAM")
		}
	}
	switch {
	case kinds != 1:
		r.problem("m3u.var", "EXT-X-DEFINE wants one of NAME, IMPORT and QUERYPARAM, it has %d", kinds)
	case param != "":
		r.defineParam(param)
	case imported != "":
		v, ok := r.in.Imports[imported]
		switch {
		case ok:
		case r.saved() && r.in.Imports == nil:
			v = "{$" + imported + "}"
		default:
			r.problem("m3u.var", "the multivariant playlist defines no %s", quote(imported))
			return
		}
		r.set(imported, v)
	case !valued:
		r.problem("m3u.var", "EXT-X-DEFINE of %s has no VALUE", quote(name))
	default:
		r.set(name, value)
	}
}

// defineParam takes a variable from the playlist's own URL. The value is never
// shown: it is often a token.
func (r *reader) defineParam(name string) {
	if r.query == nil {
		r.query = map[string][]string{}
		if u, err := url.Parse(r.in.Address.Reveal()); err == nil {
			r.query = u.Query()
		}
	}
	v := r.query[name]
	switch {
	case len(v) == 0 && r.saved():
		r.set(name, "{$"+name+"}")
	case len(v) == 0 || v[0] == "":
		r.problem("m3u.var", "the playlist's URL has no query parameter %s", quote(name))
	case strings.ContainsAny(v[0], "\"\r\n"):
		r.problem("m3u.var", "the query parameter %s has a quote or a line break", quote(name))
	default:
		r.set(name, v[0])
	}
}

// saved reports whether the playlist comes from a file: then nobody knows the
// query of its URL, nor, without its multivariant playlist, what it imports.
func (r *reader) saved() bool { return r.in.Address.Scheme() == "file" }

func (r *reader) set(name, value string) {
	if !isVariableName(name) {
		r.problem("m3u.var", "%s is no name for a variable", quote(name))
		return
	}
	if _, ok := r.p.Variables[name]; ok {
		r.problem("m3u.var", "%s is defined twice", quote(name))
		return
	}
	if r.p.Variables == nil {
		r.p.Variables = make(map[string]string)
	}
	r.p.Variables[name] = value
}

func isVariableName(s string) bool { return s != "" && nameLength(s) == len(s) }

// nameLength is how much of s, from its start, can be a variable's name.
func nameLength(s string) int {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return i
		}
	}
	return len(s)
}

// expand replaces variable references, RFC 8216bis §4.3. A reference to what is
// not defined stays. What substitution adds is bounded: each EXT-X-DEFINE could
// double the one before.
func (r *reader) expand(s string) string {
	if !r.hasVars || !strings.Contains(s, "{$") {
		return s
	}
	var b strings.Builder
	for rest := s; ; {
		before, after, found := strings.Cut(rest, "{$")
		b.WriteString(before)
		if !found {
			break
		}
		n := nameLength(after)
		if n == 0 || n == len(after) || after[n] != '}' {
			b.WriteString("{$")
			rest = after
			continue
		}
		name, tail := after[:n], after[n+1:]
		value, ok := r.p.Variables[name]
		switch {
		case !ok:
			r.problem("m3u.var", "%s is used and not defined before", quote(name))
			value = "{$" + name + "}"
		case r.expanded+len(value) > MaxBodyBytes:
			r.problem("m3u.limit", "variables expand to more than %d bytes", MaxBodyBytes)
			value = ""
		}
		r.expanded += len(value)
		b.WriteString(value)
		rest = tail
	}
	return b.String()
}
