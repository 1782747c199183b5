package rule

import (
	"net/url"
	"strconv"
)

const someURL = "such as http://live.example.com:8080"

// URL reads an absolute http or https address without a user in it. Where it is
// none, text says what is wrong, to follow a path, and hint what to do. Neither
// repeats the address: it may hold a token.
func URL(raw string) (u *url.URL, text, hint string) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, "is not a URL", someURL
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, "must begin with http:// or https://", someURL
	case u.Hostname() == "":
		return nil, "has no host name", someURL
	case u.User != nil:
		return nil, "must not hold a user name or password", "send credentials in headers, from the environment"
	case u.Port() != "" && !Port(u.Port()):
		return nil, "has a port that is not from 1 to 65535", ""
	}
	return u, "", ""
}

// Base is URL for an address that paths are appended to.
func Base(raw string) (u *url.URL, text, hint string) {
	u, text, hint = URL(raw)
	if u != nil && (u.RawQuery != "" || u.ForceQuery || u.Fragment != "") {
		return nil, "must not have a query or a fragment: manifests are appended to it", "put the query into " +
			"streams[].manifest"
	}
	return u, text, hint
}

// Port reports whether a text is the number of a port.
func Port(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}
