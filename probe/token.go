package probe

import (
	"net/url"
	"regexp"
	"strconv"
	"time"
)

// tokenEnd is the end of a token in an address, in Unix seconds: Expires of
// CloudFront, exp of Akamai and others, as a parameter or in a segment of the path.
var tokenEnd = regexp.MustCompile(`(?i)(?:^|[?&/~,;=])(?:exp|expires|expiry)=(\d{10})(?:\D|$)`)

// TokenEnd returns when the token in an address ends, by its own words; false where
// none says so. The time is no secret.
func TokenEnd(address string) (time.Time, bool) {
	if plain, err := url.PathUnescape(address); err == nil {
		address = plain
	}
	m := tokenEnd.FindStringSubmatch(address)
	if m == nil {
		return time.Time{}, false
	}
	seconds, _ := strconv.ParseInt(m[1], 10, 64) // ten digits
	return time.Unix(seconds, 0).UTC(), true
}

// TokenTime is how the end of a token is told to people.
const TokenTime = "2006-01-02 15:04:05 UTC"
