package probe

import (
	"cmp"
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// ShownURL is a URL as it may be shown: without user information and fragment,
// and with REDACTED in place of what may be a secret. It is for people.
// Nothing is requested from it or resolved against it: path tokens are gone.
type ShownURL string

// Address is where an answer came from, whole: with path tokens, query and user
// information. References resolve against it, RFC 8216bis §4.1 and RFC 3986
// §5.1.3. However it is printed or marshalled it shows its host alone.
type Address struct{ raw string }

// AddressOf returns the address of a URL as it was requested.
func AddressOf(raw string) Address { return Address{raw} }

// Reveal returns the URL, for the request that needs it.
func (a Address) Reveal() string { return a.raw }

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a.raw == "" }

// Resolve returns a reference that stands at the address as an absolute one. It
// is zero where the reference or the address is no URL.
func (a Address) Resolve(ref string) Address {
	base, err := url.Parse(a.raw)
	if err != nil {
		return Address{}
	}
	u, err := base.Parse(ref)
	if err != nil {
		return Address{}
	}
	return Address{u.String()}
}

// Host returns the host, with its port where one is stated.
func (a Address) Host() string { return a.parsed().Host }

// Path returns the path as it is written, escapes included.
func (a Address) Path() string { return a.parsed().EscapedPath() }

// Scheme returns the scheme: "https".
func (a Address) Scheme() string { return a.parsed().Scheme }

// Site returns scheme and host, as the Origin header has them: "https://host:8443".
func (a Address) Site() string {
	if u := a.parsed(); u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return ""
}

func (a Address) parsed() *url.URL {
	u, err := url.Parse(a.raw)
	if err != nil {
		return &url.URL{}
	}
	return u
}

// String returns scheme and host: all else can be a secret.
func (a Address) String() string { return a.Site() }

// GoString keeps %#v from showing the rest.
func (a Address) GoString() string { return a.Site() }

// MarshalText keeps JSON from showing the rest.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.Site()), nil }

// Rebase returns where a path is below a base URL, or a URL that is below one of
// several bases. A URL on a host of its own stays, because players go there too.
func Rebase(u, to string, bases ...string) string {
	to = strings.TrimRight(to, "/")
	if !strings.Contains(u, "://") {
		return to + "/" + strings.TrimPrefix(u, "/")
	}
	from := ""
	for _, base := range bases {
		base = strings.TrimRight(base, "/") + "/"
		if base != "/" && strings.HasPrefix(u, base) && len(base) > len(from) {
			from = base
		}
	}
	if from == "" || to == "" {
		return u
	}
	return to + "/" + u[len(from):]
}

// ParseURL reads an http or https URL to which a request can be made: it has a
// host, and a port that there is. Its error does not repeat the URL.
func ParseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		if _, err = strconv.ParseUint(cmp.Or(u.Port(), "80"), 10, 16); err == nil {
			return u, nil
		}
	}
	return nil, errors.New("it is not the URL of something that is asked for by HTTP")
}
