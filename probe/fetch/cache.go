package fetch

import (
	"net/http"
	"strings"
)

// cacheOf reads from a response's head whether a cache had what was asked for,
// in the words of whichever cache it is. It returns the header that tells, as a
// line, and the word, in lower case: hit and miss as by CloudFront, whatever
// the cache calls them; others as they are. Both are "" where nothing tells.
func cacheOf(h http.Header) (line, word string) {
	for _, from := range cacheHeaders {
		values := h[from.name]
		if len(values) == 0 {
			continue
		}
		v := strings.Join(values, ", ")
		if word = from.read(v); word != "" {
			return from.name + ": " + v, word
		}
	}
	return "", ""
}

// cacheHeaders are in the order in which they are believed. One that names its
// own cache stands before X-Cache, which every cache in a row may set.
var cacheHeaders = [...]struct {
	name string
	read func(string) string
}{
	{"Cf-Cache-Status", lower},    // Cloudflare
	{"X-Cache-Status", lower},     // nginx by its usual add_header, HAProxy likewise
	{"X-Cache", xCache},           // CloudFront, Fastly, Squid, Akamai
	{"Cache-Status", cacheStatus}, // RFC 9211
	{"X-Proxy-Cache", lower},      // nginx, as some guides name it
	{"X-Varnish", varnish},        // Varnish
	{"Via", viaTrafficServer},     // Apache Traffic Server
}

// lower returns the first member of a list in the words of CloudFront. What is
// not translated stays as it is: expired, bypass, dynamic, stale, updating.
func lower(v string) string {
	v, _, _ = strings.Cut(v, ",")
	switch w := strings.ToLower(strings.TrimSpace(v)); w {
	case "tcp_hit", "tcp_mem_hit", "tcp_ims_hit", "tcp_negative_hit", "tcp_offline_hit":
		return "hit"
	case "tcp_refresh_hit", "tcp_refresh_unmodified", "refresh_hit", "revalidated":
		return "refreshhit"
	case "tcp_miss", "tcp_refresh_miss", "tcp_refresh_modified",
		"tcp_expired_miss", "tcp_client_refresh_miss", "tcp_swapfail_miss":
		return "miss"
	case "tcp_refresh_fail", "tcp_refresh_fail_hit", "hit-stale":
		return "stale"
	default:
		return w
	}
}

// xCache reads X-Cache: "Hit from cloudfront", "HIT from squid.example",
// "TCP_MEM_HIT from a23-1.deploy.akamaitechnologies.com (…)", and the list of
// Fastly's caches, of which the last is next to us: "MISS, HIT". Any that had it is a hit.
func xCache(v string) string {
	word := ""
	for part := range strings.SplitSeq(v, ",") {
		w, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		w = lower(w)
		if w == "" || word == "hit" {
			continue
		}
		word = w
	}
	return word
}

// cacheStatus reads RFC 9211 §2: the last member is the cache next to us;
// any that had it is a hit.
func cacheStatus(v string) string {
	word := ""
	for member := range strings.SplitSeq(v, ",") {
		for i, p := range strings.Split(member, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
			switch {
			case i == 0 || word == "hit":
			case name == "hit" && value != "?0":
				word = "hit"
			case name == "fwd" && (value == "stale" || value == "partial"):
				word = "expired"
			case name == "fwd":
				word = "miss"
			}
		}
	}
	return word
}

// varnish reads X-Varnish: the id of this request and, where the object was in
// the cache, that of the request that brought it.
func varnish(v string) string {
	switch len(strings.Fields(v)) {
	case 0:
		return ""
	case 1:
		return "miss"
	default:
		return "hit"
	}
}

// viaTrafficServer reads the codes that Traffic Server adds to its name in Via
// (proxy.config.http.insert_response_via_str 2 or 3): "[uScHs f p eN:t cCHp s ]".
// The letter after c is the result of the lookup in the cache, the one after s
// that of asking the origin.
func viaTrafficServer(v string) string {
	_, codes, ok := strings.Cut(v, "ApacheTrafficServer")
	if !ok {
		return ""
	}
	_, codes, ok = strings.Cut(codes, "[")
	codes, _, closed := strings.Cut(codes, "]")
	if !ok || !closed {
		return ""
	}
	codes, _, _ = strings.Cut(codes, ":") // what follows are details
	lookup, server := code(codes, 'c'), code(codes, 's')
	switch {
	case lookup == 'H' || lookup == 'R':
		return "hit"
	case lookup == 'S' && server == 'N':
		return "refreshhit"
	case lookup == 'S' && (server == ' ' || server == 'E'):
		return "stale"
	case lookup == 'S':
		return "expired"
	case lookup == 'M' || lookup == 'A' || lookup == ' ':
		return "miss"
	default:
		return ""
	}
}

// code returns the upper-case letter or the blank that follows a lower-case one.
func code(codes string, of byte) byte {
	if i := strings.IndexByte(codes, of); i >= 0 && i+1 < len(codes) {
		return codes[i+1]
	}
	return 0
}
