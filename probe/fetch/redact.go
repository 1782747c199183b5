package fetch

import (
	"net/url"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// redacted stands for every value that may be a secret.
const redacted = "REDACTED"

// longest is the length up to which the value of an unknown parameter may be
// shown: signatures, tokens and keys are longer.
const longest = 24

// Shown returns the shown form of a URL: see RedactURL.
func Shown(raw string) probe.ShownURL { return probe.ShownURL(RedactURL(raw)) }

// RedactURL returns a URL, absolute or relative, that can be shown: user
// information and fragment are removed, and the values of query and path
// parameters that may be secrets become REDACTED. Directives of HLS (_HLS_…)
// stay. Redacting twice changes nothing more.
func RedactURL(s string) string {
	return Redactor(func(string) string { return redacted }).URL(s)
}

// Redactor says what stands in place of a value that may be a secret. One that
// gives each value a stand-in of its own keeps different URLs apart.
type Redactor func(value string) string

// URL redacts a URL as RedactURL does.
func (r Redactor) URL(s string) string {
	if !strings.ContainsAny(s, "?@=;#") {
		return s
	}
	s, _, _ = strings.Cut(s, "#")
	path, query, asked := strings.Cut(s, "?")
	out := r.path(withoutUser(path))
	if asked {
		out += "?" + r.query(query)
	}
	return out
}

// Value redacts the value of a parameter where it may be a secret, by its name
// or by what it looks like.
func (r Redactor) Value(name, value string) string {
	if value == "" || !secretPair(name, value) {
		return value
	}
	return r(value)
}

// withoutUser removes user information from what stands before a query.
func withoutUser(s string) string {
	start := 0
	if i := strings.Index(s, "//"); i >= 0 && !strings.Contains(s[:i], "/") {
		start = i + 2
	}
	end := len(s)
	if i := strings.IndexAny(s[start:], "/\\"); i >= 0 {
		end = start + i
	}
	at := strings.LastIndexByte(s[start:end], '@')
	// Without "//" it is a relative path, in which @ is a letter like others:
	// logo@2x.ts. Only name:password@ is taken for user information there.
	if at < 0 || start == 0 && !strings.Contains(s[:at], ":") {
		return s
	}
	return s[:start] + s[start+at+1:]
}

// path redacts parameters in path segments: /hdntl=exp=1~hmac=f00/ and
// /seg.ts;token=f00. Names of files and folders stay, whatever they look like.
func (r Redactor) path(path string) string {
	if !strings.ContainsAny(path, "=") {
		return path
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if shown, value := cutSegment(p); value != "" {
			parts[i] = shown + r(value)
		}
	}
	return strings.Join(parts, "/")
}

// cutSegment cuts a path segment before the first value that may be a secret.
// The value goes to the end of the segment: nobody says which of ;~,! ends one.
func cutSegment(s string) (shown, value string) {
	for start := 0; start < len(s); {
		end := len(s)
		if i := strings.IndexAny(s[start:], ";~,!"); i >= 0 {
			end = start + i
		}
		if name, value, ok := strings.Cut(s[start:end], "="); ok && secretPair(name, value) {
			at := start + len(name) + 1
			return s[:at], s[at:]
		}
		start = end + 1
	}
	return s, ""
}

// query redacts the values of a query.
func (r Redactor) query(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i, pair := range strings.Split(s, "&") {
		if i > 0 {
			b.WriteByte('&')
		}
		name, value, ok := strings.Cut(pair, "=")
		switch {
		case ok && value != "" && secretPair(name, value):
			b.WriteString(name + "=" + r(value))
		case !ok && !plain(pair): // a bare token
			b.WriteString(r(pair))
		default:
			b.WriteString(pair)
		}
	}
	return b.String()
}

func secretPair(name, value string) bool {
	if n, err := url.QueryUnescape(name); err == nil {
		name = n
	}
	if strings.HasPrefix(name, "_HLS_") && len(value) <= longest {
		return false
	}
	return secretName(name) || !plain(value)
}

// secretName reports whether a parameter of this name is a secret whatever its
// value: signed URLs and cookies of CloudFront, S3, Akamai, Google, Azure,
// Fastly and nginx, and the usual words.
func secretName(name string) bool {
	n := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	switch n {
	case "sig", "sign", "pwd", "pw", "sid", "md5", "hash", "acl", "st", "sv", "se", "sp",
		"code", "nonce", "ticket", "pass", "user", "username":
		return true
	}
	for _, part := range []string{
		"token", "signature", "policy", "keypairid", "hdnts", "hdnea", "hdntl", "hmac", "xamz", "xgoog", "auth",
		"secret", "password", "passwd", "passphrase", "jwt", "session", "credential", "access", "bearer", "cookie",
	} {
		if strings.Contains(n, part) {
			return true
		}
	}
	return strings.HasSuffix(n, "key")
}

// plain reports whether a value is a number, a word or a short name, rather
// than something that a machine made up: it is short, of the letters of names
// only, and does not change often between digits, lower and upper case.
func plain(v string) bool {
	if v == redacted {
		return true
	}
	if len(v) > longest {
		return false
	}
	changes, last := 0, kindOther
	for i := range len(v) {
		k := kindOf(v[i])
		switch k {
		case kindForeign:
			return false
		case kindOther:
			continue
		}
		if k != last {
			changes++
		}
		last = k
	}
	return changes <= 5
}

const (
	kindOther = iota
	kindDigit
	kindLower
	kindUpper
	kindForeign
)

func kindOf(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return kindDigit
	case c >= 'a' && c <= 'z':
		return kindLower
	case c >= 'A' && c <= 'Z':
		return kindUpper
	case strings.IndexByte("-._:,+*% ", c) >= 0:
		return kindOther
	default:
		return kindForeign
	}
}
