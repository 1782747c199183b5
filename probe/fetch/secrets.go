package fetch

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	shortestSecret = 4   // bytes; masking a shorter one would only blot out words
	shortestPart   = 8   // of a header's value that is masked by itself: the token after "Bearer "
	shortestBase64 = 8   // characters of a base64 form that are the secret's alone
	mostPassing    = 256 // that servers gave out and that are kept: they may give out ever new ones
)

// Secrets are the values that may be shown nowhere: header values, cookies,
// passwords, tokens. An origin can echo them in a body, in a header or in a
// name, as they are, percent-encoded or in base64. The zero value knows none,
// as does nil. It is safe for use by several goroutines.
type Secrets struct {
	mu      sync.Mutex
	values  []string                // of the event
	passing []string                // that servers gave out: cookies, tokens in redirects
	forms   atomic.Pointer[masking] // nil where values were added since it was made
}

// masking replaces all forms of all secrets that were known when it was made.
type masking struct {
	all    *strings.Replacer
	whole  []string // the secrets themselves, for pieces that were cut off
	pieces pieces   // of their forms
}

// Add makes values known for good.
func (s *Secrets) Add(values ...string) {
	if s != nil {
		s.add(&s.values, values)
	}
}

// pass makes values known that others follow: the newest are kept.
func (s *Secrets) pass(values ...string) {
	if s == nil {
		return
	}
	s.add(&s.passing, values)
}

func (s *Secrets) add(to *[]string, values []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		known := slices.Contains(s.values, v) || slices.Contains(s.passing, v)
		if known || len(v) < shortestSecret || v == "true" || v == "false" {
			continue
		}
		*to = append(*to, v)
		s.forms.Store(nil) // made when a text is masked next: values come more often than texts
	}
	if over := len(s.passing) - mostPassing; over > 0 {
		s.passing = slices.Delete(s.passing, 0, over)
	}
}

// AddHeader makes the value of a secret header known, and its parts: a server
// may echo the token alone of "Bearer token", or the password of Basic.
func (s *Secrets) AddHeader(value string) {
	s.Add(value)
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ;,\"", r) }) {
		if _, cookie, ok := strings.Cut(part, "="); ok && strings.Contains(value, ";") {
			part = cookie
		}
		if len(part) < shortestPart {
			continue
		}
		s.Add(part)
		if b, err := base64.StdEncoding.DecodeString(part); err == nil && strings.HasPrefix(value, "Basic ") {
			_, password, _ := strings.Cut(string(b), ":")
			s.Add(string(b), password)
		}
	}
}

// AddURL makes the secrets of a URL known: its password, and the values of
// queries and path parameters that RedactURL hides.
func (s *Secrets) AddURL(raw string) { s.Add(secretsOf(raw)...) }

// secretsOf lists what is secret in a URL.
func secretsOf(raw string) (found []string) {
	if !strings.ContainsAny(raw, "?@=;") {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil
	}
	if password, ok := u.User.Password(); ok {
		found = append(found, password, u.User.Username()+":"+password)
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok && secretPair(name, value) {
			found = append(found, escaped(value)...)
		} else if !ok && !plain(pair) {
			found = append(found, escaped(pair)...)
		}
	}
	for part := range strings.SplitSeq(u.EscapedPath(), "/") {
		if _, value := cutSegment(part); value != "" {
			found = append(found, escaped(value)...)
			for field := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune("~;,!=", r) }) {
				if len(field) >= shortestPart && !digits(field) {
					found = append(found, field)
				}
			}
		}
	}
	return found
}

// AddHook makes the secrets of a webhook's URL known. All behind the host is
// one: whoever knows it can post.
func (s *Secrets) AddHook(raw string) {
	s.AddURL(raw)
	u, err := url.Parse(raw)
	if err != nil {
		return
	}
	if path := strings.Trim(u.EscapedPath(), "/"); len(path) >= shortestPart {
		s.Add(path)
		for part := range strings.SplitSeq(path, "/") {
			if len(part) >= shortestPart && !plain(part) {
				s.Add(escaped(part)...)
			}
		}
	}
	s.Add(u.RawQuery)
}

// digits reports whether a value is a number, such as a time of expiry.
func digits(v string) bool { return strings.Trim(v, "0123456789") == "" }

// addCookies makes the cookies known that a server has set.
func (s *Secrets) addCookies(cookies []*http.Cookie) {
	for _, c := range cookies {
		if len(c.Value) >= shortestPart {
			s.pass(escaped(c.Value)...)
		}
	}
}

// escaped returns a value as it stands in a URL, and as it is meant; nothing of
// one that is too short to be told from a word.
func escaped(value string) []string {
	if len(value) < shortestPart {
		return nil
	}
	if meant, err := url.QueryUnescape(value); err == nil {
		return []string{value, meant}
	}
	return []string{value}
}

// Mask returns a text with REDACTED in place of every known secret, in whatever
// form it stands there, also where an ellipsis has cut it off.
func (s *Secrets) Mask(text string) string {
	if s == nil || len(text) < shortestSecret {
		return text
	}
	m := s.forms.Load()
	if m == nil {
		m = s.remake()
	}
	text = m.all.Replace(text)
	if strings.Contains(text, ellipsis) {
		text = m.maskCut(text)
	}
	return text
}

// Quoting returns what makes a piece of an answer's body fit to be shown: it
// masks what is known to be secret and what the answer's own address holds, also
// where the server has cut it off, and leaves nothing of a host that the event
// does not name.
func (c *Client) Quoting(ex *probe.Exchange) func(string) string {
	if ex.Foreign {
		return func(string) string { return "" }
	}
	address := ex.Address
	return func(text string) string {
		own := &Secrets{}
		own.AddURL(address.Reveal())
		return own.MaskPieces(c.secrets.MaskPieces(text))
	}
}

func (s *Secrets) remake() *masking {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := maskingOf(slices.Concat(s.values, s.passing))
	s.forms.Store(m)
	return m
}

const ellipsis = "…"

// maskCut hides what is left of a secret before or after an ellipsis.
func (m *masking) maskCut(text string) string {
	parts := strings.Split(text, ellipsis)
	for i, part := range parts {
		for _, secret := range m.whole {
			for n := min(len(secret), len(part)) - 1; n >= shortestSecret; n-- {
				if i < len(parts)-1 && strings.HasSuffix(part, secret[:n]) {
					part = part[:len(part)-n] + redacted
				}
				if i > 0 && strings.HasPrefix(part, secret[len(secret)-n:]) {
					part = redacted + part[n:]
				}
				n = min(n, len(part))
			}
		}
		parts[i] = part
	}
	return strings.Join(parts, ellipsis)
}

func maskingOf(values []string) *masking {
	var forms []string
	for _, v := range values {
		forms = append(forms, formsOf(v)...)
	}
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	forms = slices.Compact(forms)
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range forms {
		pairs = append(pairs, f, redacted)
	}
	return &masking{strings.NewReplacer(pairs...), slices.Clone(values), piecesOf(forms)}
}

// formsOf lists how a value can stand in a text: as it is, escaped for a URL,
// for HTML, for JSON and Go, and in base64, alone or within something longer.
func formsOf(v string) []string {
	forms := []string{v, strings.ToLower(v), strings.ToUpper(v), html.EscapeString(v), strings.Trim(strconv.Quote(v), `"`)}
	for _, e := range []string{url.QueryEscape(v), url.PathEscape(v), percent(v)} {
		forms = append(forms, e, lowerEscapes(e))
	}
	for shift := range 3 { // bytes of something else before it, modulo three
		b := append(make([]byte, shift), v...)
		first, last := (shift*8+5)/6, len(b)*8/6
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if own := encoding.EncodeToString(b)[first:last]; len(own) >= shortestBase64 {
				forms = append(forms, own)
			}
		}
	}
	return forms
}

// percent escapes every byte.
func percent(v string) string {
	var b strings.Builder
	for i := range len(v) {
		fmt.Fprintf(&b, "%%%02X", v[i])
	}
	return b.String()
}

// lowerEscapes writes the digits of escapes in lower case: %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}
