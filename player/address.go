package player

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// secretParameters are the query parameters that carry a signature or a
// token, in lower case. They expire and are for one viewer: not for a page.
var secretParameters = []string{
	"signature", "policy", "key-pair-id", "token", "access_token", "auth", "hdnts", "hdnea", "hdntl", "sig", "jwt",
	"x-amz-signature", "x-amz-credential", "x-amz-security-token", "wmsauthsign", "password", "secret", "api_key", "apikey",
}

// hostName is what may stand in a Content-Security-Policy: url.Parse lets
// quotes and semicolons through, which would add a directive.
var hostName = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$`)

// address reads an address that goes into a page and refuses what must not
// stand there. It returns a normalised copy.
func (o Options) address(option, s string) (*url.URL, error) {
	refuse := func(mend, format string, args ...any) error {
		return &UsageError{Option: option, Problem: fmt.Sprintf(format, args...), Mend: mend}
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return nil, refuse("percent-encode it", "the address has spaces or control characters")
	}
	u, err := url.Parse(s)
	// The parse error quotes the whole address, which may hold a secret.
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, refuse("use a complete address such as https://d111111abcdef8.cloudfront.net/live.m3u8", "not an http address")
	}
	if !hostName.MatchString(u.Host) {
		return nil, refuse("check the host name; write an international one in its xn-- form", "not a host name")
	}
	if u.User != nil {
		return nil, refuse("use signed cookies; an address in a page is public", "the address holds a user name or password")
	}
	if name := secretParameter(u); name != "" && !o.AllowSigned {
		return nil, refuse("use signed cookies, or set player.allow_signed (embed: --allow-signed)",
			"the query parameter %s looks like a secret, and everyone can read the page", name)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) && !o.AllowInsecure {
		return nil, refuse("use https://, or set player.allow_insecure for a page that is served by http itself",
			"browsers do not load http:// from an https page")
	}
	u.Fragment = ""
	return u, nil
}

// secretParameter names a query parameter that looks like a secret; "" when
// there is none.
func secretParameter(u *url.URL) string {
	for _, name := range slices.Sorted(maps.Keys(u.Query())) {
		if slices.Contains(secretParameters, strings.ToLower(name)) {
			return name
		}
	}
	return ""
}

// loopback reports whether browsers trust the host without TLS.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// originOf returns scheme://host[:port], what a Content-Security-Policy wants.
func originOf(u *url.URL) string { return u.Scheme + "://" + u.Host }

// Address returns the manifest's address as the embeds will load it, or refuses
// one that cannot stand in a public page.
func Address(manifestURL string, o Options) (string, []Warning, error) {
	u, warnings, err := o.manifestAddress(manifestURL)
	if err != nil {
		return "", nil, err
	}
	return u.String(), warnings, nil
}

// manifestAddress reads the manifest's address. CloudFront always has a
// certificate for its own names, so http there becomes https with a warning.
func (o Options) manifestAddress(s string) (*url.URL, []Warning, error) {
	var warnings []Warning
	if rest, ok := strings.CutPrefix(s, "http://"); ok && !o.AllowInsecure {
		if u, err := url.Parse(s); err == nil && strings.HasSuffix(u.Hostname(), ".cloudfront.net") && u.Port() == "" {
			s = "https://" + rest
			warnings = append(warnings, Warning{"manifest", "the embeds load the manifest by https: browsers block http:// in an https page"})
		}
	}
	u, err := o.address("manifest", s)
	if err != nil {
		return nil, nil, err
	}
	if name := secretParameter(u); name != "" {
		warnings = append(warnings, Warning{"manifest", "everyone who can open the embeds can read the query parameter " + name + ", and it may expire during the event"})
	}
	return u, warnings, nil
}

// fallbackAddresses reads the addresses of the same stream at other CDNs.
func (o Options) fallbackAddresses() ([]string, error) {
	var list []string
	for _, f := range o.Fallbacks {
		u, _, err := o.manifestAddress(f)
		if err != nil {
			return nil, err
		}
		list = append(list, u.String())
	}
	return list, nil
}
