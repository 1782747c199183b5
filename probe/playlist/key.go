package playlist

import (
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// key reads EXT-X-KEY. It applies until the next of its KEYFORMAT,
// RFC 8216bis §4.4.4.4; METHOD=NONE ends them all.
func (r *reader) key(list string) {
	k := r.keyAttributes(list)
	r.secondKey(list, &k)
	if k.Method == "NONE" {
		r.keys, r.keysShared = nil, false
		return
	}
	if r.keysShared {
		r.keys, r.keysShared = slices.Clone(r.keys), false
	}
	for i := range r.keys {
		if keyFormat(r.keys[i]) == keyFormat(k) {
			r.keys[i] = k
			return
		}
	}
	if len(r.keys) == maxKeys {
		r.problem("m3u.limit", "more than %d keys for one segment", maxKeys)
		return
	}
	r.keys = append(r.keys, k)
}

func keyFormat(k probe.Key) string {
	if k.KeyFormat == "" {
		return "identity"
	}
	return k.KeyFormat
}

// keyAttributes reads EXT-X-KEY or EXT-X-SESSION-KEY and judges it alone.
func (r *reader) keyAttributes(list string) probe.Key {
	var k probe.Key
	others := 0
	for r.attrs(list); r.nextAttr(); {
		others++
		switch r.attr.name {
		case "METHOD":
			others--
			k.Method = r.wordAttr()
		case "URI":
			k.URI = r.quotedAttr()
		case "IV":
			k.IV = r.wordAttr()
			r.need(2, "an IV")
		case "KEYFORMAT":
			k.KeyFormat = r.quotedAttr()
			r.need(5, "KEYFORMAT")
		case "KEYFORMATVERSIONS":
			k.KeyFormatVersions = r.quotedAttr()
			r.need(5, "KEYFORMATVERSIONS")
		}
	}
	r.judgeKey(k, others)
	return k
}

// judgeKey holds a key to RFC 8216bis §4.4.4.4; others is how many attributes it
// has beside METHOD.
func (r *reader) judgeKey(k probe.Key, others int) {
	switch k.Method {
	case "NONE":
		if others > 0 {
			r.problem("key.attr", "METHOD=NONE with other attributes")
		}
		if r.tag == "EXT-X-SESSION-KEY" {
			r.problem("key.attr", "EXT-X-SESSION-KEY with METHOD=NONE")
		}
		return
	case "AES-128":
	case "SAMPLE-AES":
		r.need(5, "METHOD=SAMPLE-AES")
	case "SAMPLE-AES-CTR", "AES-256-GCM":
		if k.IV != "" {
			r.problem("key.attr", "METHOD=%s with an IV", k.Method)
		}
	case "":
		r.problem("key.attr", "%s has no METHOD", r.tag)
	default:
		r.problem("key.attr", "METHOD=%s is not known", quote(k.Method))
	}
	if k.URI == "" {
		r.problem("key.attr", "%s has no URI", r.tag)
	}
	if k.IV != "" && !isHex(k.IV, 32) {
		r.problem("key.attr", "the IV is not 0x and 32 hexadecimal digits")
	}
}

// isHex reports whether s is a hexadecimal-sequence of so many digits; -1 is
// any number of whole bytes.
func isHex(s string, digits int) bool {
	if len(s) < 3 || s[0] != '0' || s[1] != 'x' && s[1] != 'X' {
		return false
	}
	s = s[2:]
	if digits >= 0 && len(s) != digits || len(s)%2 != 0 {
		return false
	}
	return strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// mapTag reads EXT-X-MAP, which applies until the next one, RFC 8216bis §4.4.4.5.
func (r *reader) mapTag(list string) {
	m := &probe.Map{}
	for r.attrs(list); r.nextAttr(); {
		switch r.attr.name {
		case "URI":
			m.URI = r.quotedAttr()
		case "BYTERANGE":
			m.ByteRange = r.byteRange(r.quotedAttr())
			r.resolve(&m.ByteRange, "", &span{})
		}
	}
	if m.URI == "" {
		r.problem("m3u.attr", "EXT-X-MAP has no URI")
	}
	for _, k := range r.keys {
		if k.Method == "AES-128" && k.IV == "" {
			r.problem("map.iv", "EXT-X-MAP under METHOD=AES-128 without an IV")
			break
		}
	}
	if r.mapLine == 0 {
		r.mapLine = r.number
	}
	r.secondMap(list, m)
	r.initMap = m
}
