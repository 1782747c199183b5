package provision

import (
	"context"
	"errors"
	"strings"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/probe"
)

// Existing is a distribution, or any CDN, that somebody else made. Its address
// is checked for form only: whether it answers is for the monitor to say.
type Existing struct {
	URL string // "https://d111111abcdef8.cloudfront.net"
}

// Provision returns the address, or an error with a hint when it is none.
func (e Existing) Provision(context.Context, Progress) (Distribution, error) {
	base, text, _ := rule.Base(e.URL)
	if base == nil {
		return Distribution{}, probe.WithHint(
			errors.New("distribution.existing.url "+text),
			"give the address of the CDN as https://d111111abcdef8.cloudfront.net",
		)
	}
	return Distribution{EdgeURL: strings.TrimRight(base.String(), "/")}, nil
}
