package configs

import (
	"net/url"
	"strings"

	"gopkg.in/yaml.v3"
)

const redacted = "REDACTED"

// Secret is a value that is used and never shown: however it is printed or
// marshalled it reads REDACTED. Its text is in Reveal.
type Secret string

// Reveal returns the text, for the request that needs it.
func (s Secret) Reveal() string { return string(s) }

// String returns REDACTED, or nothing for nothing.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString keeps %#v from showing the text.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps JSON and YAML from showing the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// URL is an address that may carry a token in its query: however it is printed
// or marshalled, query values read REDACTED. Its text is in Reveal.
type URL string

// Reveal returns the address as it is requested.
func (u URL) Reveal() string { return string(u) }

// String returns the address without what may be secret in it.
func (u URL) String() string {
	p, err := url.Parse(string(u))
	if err != nil {
		return redacted
	}
	if p.User != nil {
		p.User = url.User(redacted)
	}
	if p.RawQuery != "" {
		keys := strings.Split(p.RawQuery, "&")
		for i, kv := range keys {
			if k, _, ok := strings.Cut(kv, "="); ok {
				keys[i] = k + "=" + redacted
			} else {
				keys[i] = redacted
			}
		}
		p.RawQuery = strings.Join(keys, "&")
	}
	p.Fragment = ""
	return p.String()
}

// GoString keeps %#v from showing the text.
func (u URL) GoString() string { return u.String() }

// MarshalText keeps JSON and YAML from showing the text.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// String returns the event as YAML, without secrets.
func (e *Event) String() string {
	text, err := yaml.Marshal(e)
	if err != nil {
		return "event " + e.Event
	}
	return string(text)
}
