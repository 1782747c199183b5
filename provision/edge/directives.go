package edge

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// directives are the parts of Cache-Control and Expires that a shared cache
// acts on.
type directives struct {
	maxAge       time.Duration // s-maxage, else max-age, else Expires; negative when none is stated
	staleIfError time.Duration // negative when it is not stated
	noStore      bool          // no-store, no-cache or private
}

// stated reports whether the origin said anything about keeping.
func (d directives) stated() bool { return d.noStore || d.maxAge >= 0 }

// directivesOf reads a header (RFC 9111 §5.2 and §5.3). What cannot be read
// counts as not stated.
func directivesOf(h http.Header) directives {
	d := directives{maxAge: -1, staleIfError: -1}
	shared := false
	for part := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache", "private":
			d.noStore = true
		case "s-maxage":
			if t := seconds(value); t >= 0 {
				d.maxAge, shared = t, true
			}
		case "max-age":
			if t := seconds(value); t >= 0 && !shared {
				d.maxAge = t
			}
		case "stale-if-error":
			d.staleIfError = seconds(value)
		}
	}
	if expires := h.Get("Expires"); expires != "" && d.maxAge < 0 {
		d.maxAge = 0 // what cannot be read is in the past
		if at, err := http.ParseTime(expires); err == nil {
			now, err := http.ParseTime(h.Get("Date"))
			if err != nil {
				now = time.Now()
			}
			d.maxAge = max(0, at.Sub(now))
		}
	}
	return d
}

// life is how long an object is fresh.
func (d directives) life(ttl TTL) time.Duration {
	switch {
	case d.noStore:
		return ttl.Min
	case d.maxAge >= 0:
		return min(max(d.maxAge, ttl.Min), max(ttl.Max, ttl.Min))
	default:
		return ttl.Default
	}
}

// seconds reads a delta-seconds, -1 if it is none (RFC 9111 §1.2.2).
func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(strings.Trim(text, `"`), 10, 31)
	if err != nil {
		return -1
	}
	return time.Duration(n) * time.Second
}
