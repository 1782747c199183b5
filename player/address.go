package player

import (
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// secretParameters are the query parameters that carry a signature or a
// token, in lower case. They expire and are for one viewer: not for a page.
var secretParameters = []string{
	"signature", "policy", "key-pair-id", "token", "access_token", "auth", "hdnts", "hdnea", "hdntl", "sig", "jwt",
	"x-amz-signature", "x-amz-credential", "x-amz-security-token", "wmsauthsign", "password", "secret", "api_key",
	"apikey",
}

// hostName is what may stand in a Content-Security-Policy: url.Parse lets
// quotes and semicolons through, which would add a directive.
var hostName = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$`)

// readAddress reads an address that goes into a page, as a normalised copy.
// Where it must not stand there, text says what is wrong, to follow a path, and
// hint what to do. Neither repeats the address, which may hold a secret.
func (o Options) readAddress(s string) (u *url.URL, text, hint string) {
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return nil, "has spaces or control characters", "percent-encode it"
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, "must be an https address", "a complete one, such as https://d111111abcdef8.cloudfront.net/live.m3u8"
	}
	if !hostName.MatchString(u.Host) {
		return nil, "has no valid host name", "check it; write an international one in its xn-- form"
	}
	if u.User != nil {
		return nil, "must not hold a user name or password", "use signed cookies: an address in a page is public"
	}
	if name := secretParameter(u); name != "" && !o.AllowSigned {
		return nil, "has the query parameter " + name + ", which looks like a secret, and everyone can read the page",
			"use signed cookies, or set player.allow_signed (embed: --allow-signed)"
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) && !o.AllowInsecure {
		return nil, "must be an https address: browsers do not load http:// from an https page",
			"use https://, or set player.allow_insecure for a page that is served by http itself"
	}
	u.Fragment = ""
	return u, "", ""
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

// secure returns the address of a playlist as it is loaded: CloudFront always has
// a certificate for its own names, so http there becomes https.
func (o Options) secure(s string) string {
	rest, ok := strings.CutPrefix(s, "http://")
	if !ok || o.AllowInsecure {
		return s
	}
	if u, err := url.Parse(s); err == nil && strings.HasSuffix(u.Hostname(), ".cloudfront.net") && u.Port() == "" {
		return "https://" + rest
	}
	return s
}

// manifestAddress reads the manifest's address.
func (o Options) manifestAddress(s string) (*url.URL, []Warning, error) {
	var warnings []Warning
	if safe := o.secure(s); safe != s {
		s = safe
		warnings = append(warnings, Warning{
			"manifest",
			"the embeds load the manifest by https: browsers block http:// in an https page",
		})
	}
	u, text, hint := o.readAddress(s)
	if u == nil {
		return nil, nil, rule.Refuse("manifest", text, hint)
	}
	if name := secretParameter(u); name != "" {
		warnings = append(warnings, Warning{
			"manifest",
			"everyone who can open the embeds can read the query parameter " + name + ", and it may expire during the event",
		})
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
