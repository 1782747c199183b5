package fetch

import (
	"net/url"
	"strings"
)

const (
	longSecret = 16 // bytes from which on pieces of a secret are looked for
	cutSecret  = 12 // of it that stand together
)

// MaskPieces masks as Mask does, and also the beginnings and ends of long secrets
// that a server has cut off, as in a body that stops in the middle.
func (s *Secrets) MaskPieces(text string) string {
	text = s.Mask(text)
	if s == nil || len(text) < cutSecret {
		return text
	}
	m := s.forms.Load()
	if m == nil {
		m = s.remake()
	}
	for _, secret := range m.whole {
		if len(secret) < longSecret {
			continue
		}
		forms := []string{secret, url.QueryEscape(secret)}
		text = hideBeginnings(text, forms[0][:cutSecret], forms)
		if escaped := forms[1][:cutSecret]; escaped != secret[:cutSecret] {
			text = hideBeginnings(text, escaped, forms)
		}
		text = hideEnds(text, secret)
	}
	return text
}

// hideBeginnings hides where a text has the beginning of a secret, as far as one of
// its forms goes.
func hideBeginnings(text, start string, forms []string) string {
	for from := 0; ; {
		i := strings.Index(text[from:], start)
		if i < 0 {
			return text
		}
		i += from
		end := i + len(start)
		for _, form := range forms {
			n := 0
			for n < len(form) && i+n < len(text) && text[i+n] == form[n] {
				n++
			}
			end = max(end, i+n)
		}
		text, from = text[:i]+redacted+text[end:], i+len(redacted)
	}
}

// hideEnds hides where a text has the end of a secret.
func hideEnds(text, secret string) string {
	last := secret[len(secret)-cutSecret:]
	for from := 0; ; {
		i := strings.Index(text[from:], last)
		if i < 0 {
			return text
		}
		i += from
		start := i
		for n := len(secret) - cutSecret; n > 0 && start > from && text[start-1] == secret[n-1]; n-- {
			start--
		}
		text, from = text[:start]+redacted+text[i+cutSecret:], start+len(redacted)
	}
}
