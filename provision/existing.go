package provision

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Existing is a distribution, or any CDN, that somebody else made. Its address
// is checked for form only: whether it answers is for the monitor to say.
type Existing struct {
	URL string // "https://d111111abcdef8.cloudfront.net"
}

// Provision returns the address, or an error with a hint when it is none.
func (e Existing) Provision(context.Context, Progress) (Distribution, error) {
	base, err := parseBase(e.URL)
	if err != nil {
		return Distribution{}, hint(
			fmt.Errorf("distribution.existing.url: %w", err),
			"give the address of the CDN as https://d111111abcdef8.cloudfront.net",
		)
	}
	return Distribution{EdgeURL: strings.TrimRight(base.String(), "/")}, nil
}

// parseBase reads an address that paths are put behind. Its errors do not
// repeat the address: a query or a user name in it may be a secret.
func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("not an address")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("needs http:// or https:// at its start")
	case u.Hostname() == "":
		return nil, errors.New("names no host")
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return nil, errors.New("has a user name, query or fragment")
	}
	return u, nil
}
