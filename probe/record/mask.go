package record

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// masker hides what is secret in lines. A value that stands in an address may
// change from one playlist to the next, and the checks compare addresses. So each
// value gets a stand-in of its own, made with a key that only this process has.
type masker struct {
	secrets *fetch.Secrets
	key     []byte
}

func newMasker(secrets *fetch.Secrets) *masker {
	m := &masker{secrets: secrets, key: make([]byte, sha256.Size)}
	_, _ = rand.Read(m.key) // it never fails
	return m
}

// standIn is what stands in place of a value.
func (m *masker) standIn(value string) string {
	if strings.HasPrefix(value, "{$") && strings.HasSuffix(value, "}") && strings.Count(value, "{") == 1 {
		return value // a variable: its definition is masked
	}
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(value))
	return "REDACTED-" + hex.EncodeToString(mac.Sum(nil)[:4])
}

func (m *masker) text(s string) string { return m.secrets.MaskPieces(s) }

// url masks an address, absolute or relative. All of a data: URL may be a key.
func (m *masker) url(s string) string {
	if scheme, data, ok := strings.Cut(s, ":"); ok && strings.EqualFold(scheme, "data") {
		return "data:," + m.standIn(data)
	}
	return m.text(fetch.Redactor(m.standIn).URL(s))
}

// line masks a line in place. It must be nobody else's.
func (m *masker) line(l *Line) {
	switch {
	case l.Header != nil:
		h := l.Header
		h.Edge, h.Origin = m.url(h.Edge), m.url(h.Origin)
	case l.Targets != nil:
		for i := range l.Targets.Targets {
			t := &l.Targets.Targets[i]
			t.URL, t.Rendition = m.url(t.URL), m.text(t.Rendition)
		}
	case l.Look != nil:
		m.look(l.Look)
	}
}

func (m *masker) look(l *Look) {
	l.Rendition, l.IFrames = m.text(l.Rendition), m.text(l.IFrames)
	m.exchange(l.Exchange)
	if s := l.Segment; s != nil {
		s.URI = m.url(s.URI)
		for i := range s.Problems {
			s.Problems[i].Detail = m.text(s.Problems[i].Detail)
		}
	}
	if p := l.LowLatency; p != nil {
		p.URI = m.url(p.URI)
	}
	if l.Moved != nil {
		m.exchange(l.Moved.Last)
	}
}

func (m *masker) exchange(e *Exchange) {
	if e == nil {
		return
	}
	e.URL, e.Address = probe.ShownURL(m.text(string(e.URL))), m.url(e.Address)
	for i := range e.RequestHeaders {
		e.RequestHeaders[i] = m.text(e.RequestHeaders[i])
	}
	for _, s := range []*string{
		&e.Error, &e.ContentType, &e.ContentEncoding, &e.CacheControl, &e.ETag, &e.XCache, &e.CacheLine, &e.CacheWord,
		&e.Via, &e.Pop, &e.RequestID, &e.ServerTiming, &e.AllowOrigin,
	} {
		*s = m.text(*s)
	}
}

// playlist masks the text of a playlist, line by line.
func (m *masker) playlist(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for line := range strings.SplitAfterSeq(text, "\n") {
		content := strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(strings.TrimLeft(content, " \t\uFEFF"), "#") {
			b.WriteString(m.tag(content))
		} else {
			b.WriteString(m.url(content))
		}
		b.WriteString(line[len(content):])
	}
	return m.text(b.String())
}

// tag masks the addresses in a tag or a comment: attributes that hold one, words
// that are one, and the values that EXT-X-DEFINE and EXT-X-SESSION-DATA give.
func (m *masker) tag(line string) string {
	if !strings.Contains(line, "EXT") {
		return m.comment(line)
	}
	if !strings.ContainsAny(line, `":`) {
		return line
	}
	parts := strings.Split(line, `"`)
	defined := "" // what NAME or DATA-ID says, whose VALUE is given
	for i := 1; i < len(parts); i += 2 {
		if name := attribute(parts[i-1]); name == "NAME" || name == "DATA-ID" {
			defined = parts[i]
		}
	}
	for i := range parts {
		if i%2 == 0 {
			parts[i] = m.words(parts[i])
		} else {
			parts[i] = m.quoted(attribute(parts[i-1]), parts[i], defined)
		}
	}
	return strings.Join(parts, `"`)
}

// quoted masks the value of an attribute.
func (m *masker) quoted(name, value, defined string) string {
	switch {
	case strings.HasSuffix(name, "URI"), strings.HasSuffix(name, "URL"), name == "X-ASSET-LIST",
		strings.Contains(value, "://"), strings.HasPrefix(strings.ToLower(value), "data:"):
		return m.url(value)
	case name == "VALUE":
		return m.value(defined, value)
	case strings.HasPrefix(name, "X-"):
		return m.value(name, value)
	default:
		return value
	}
}

// comment masks a comment: addresses, and what is said like a parameter.
func (m *masker) comment(line string) string {
	words := strings.Split(m.words(line), " ")
	for i, w := range words {
		if name, value, ok := strings.Cut(w, "="); ok && !strings.Contains(w, "://") {
			words[i] = name + "=" + fetch.Redactor(m.standIn).Value(name, value)
		}
	}
	return strings.Join(words, " ")
}

// attribute is the name before a quoted value.
func attribute(before string) string {
	name := strings.TrimSuffix(before, "=")
	if i := strings.LastIndexAny(name, ",: "); i >= 0 {
		name = name[i+1:]
	}
	return name
}

// words masks the words of a text that are, or end in, an absolute address.
func (m *masker) words(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	words := strings.Split(s, " ")
	for i, w := range words {
		at := strings.Index(w, "://")
		if at < 0 {
			continue
		}
		for at > 0 && (w[at-1]|0x20 >= 'a' && w[at-1]|0x20 <= 'z' || w[at-1] >= '0' && w[at-1] <= '9') {
			at--
		}
		words[i] = w[:at] + m.url(w[at:])
	}
	return strings.Join(words, " ")
}

// value masks what a variable or a session datum is set to: it may be a token, a
// path with one, or a text.
func (m *masker) value(name, value string) string {
	if strings.ContainsAny(value, "/?") {
		return m.url(value)
	}
	if strings.Contains(value, " ") {
		return value
	}
	return fetch.Redactor(m.standIn).Value(name, value)
}
