package probe

import (
	"strconv"
	"strings"
	"time"
)

// Failure names how the transport failed. The empty Failure means that a
// complete response arrived, whatever its status.
type Failure string

// How a fetch can fail below the level of HTTP status.
const (
	FailDNS       Failure = "dns"       // the name did not resolve
	FailRefused   Failure = "refused"   // the host answered: nothing listens
	FailConnect   Failure = "connect"   // no route, host unreachable, connect timed out
	FailTLS       Failure = "tls"       // handshake or certificate
	FailReset     Failure = "reset"     // connection lost before the answer's head was complete
	FailTimeout   Failure = "timeout"   // no complete body within the deadline
	FailTruncated Failure = "truncated" // body shorter than its Content-Length, or cut mid-chunk
	FailLimit     Failure = "limit"     // beyond a limit of our own, which Exchange.Limit names: nobody's fault
	FailRedirects Failure = "redirects" // more than 5 hops, or a loop
	FailEncoding  Failure = "encoding"  // Content-Encoding that does not decode
	FailProtocol  Failure = "protocol"  // not HTTP, or HTTP that cannot be read
	FailURL       Failure = "url"       // the URL cannot be requested (scheme, syntax)
	FailCanceled  Failure = "canceled"  // we are shutting down: never judged
)

// Unreachable reports whether no HTTP answer came for reasons of name or network.
func (f Failure) Unreachable() bool {
	switch f {
	case FailDNS, FailRefused, FailConnect, FailTLS, FailReset, FailProtocol:
		return true
	default:
		return false
	}
}

// OurPath reports whether the failure is one that our own network could cause
// by itself: a refused connection proves that packets reach the host and come back.
func (f Failure) OurPath() bool {
	switch f {
	case FailDNS, FailConnect, FailTimeout:
		return true
	default:
		return false
	}
}

// Limit is one of our own on what we take in.
type Limit struct {
	Name  string // as people set or find it: "monitor.limits.playlist"
	Bytes int64
}

// String returns the limit with its number: "monitor.limits.playlist (16 MiB)".
func (l Limit) String() string { return l.Name + " (" + FormatBytes(l.Bytes) + ")" }

// FormatBytes returns a size as the event file writes it: whole MiB or KiB
// where it is that, else bytes.
func FormatBytes(n int64) string {
	switch {
	case n > 0 && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + " MiB"
	case n > 0 && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + " KiB"
	default:
		return strconv.FormatInt(n, 10) + " bytes"
	}
}

// Exchange is one request and what came back, secrets redacted but for Address.
type Exchange struct {
	Method         string
	URL            ShownURL // of the last hop, for people
	Address        Address  // of the last hop, whole: what references resolve against
	RequestHeaders []string // "Name: value" lines sent, secret values redacted; shared, do not change

	Started time.Time // just before the request
	Done    time.Time // when the body was complete or the fetch had failed

	DNS       time.Duration // zero on a reused connection
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration // from Started
	Reused    bool
	Connected bool // a connection was made for this request, and accepted

	Status        int  // 0 when no response head arrived
	Unasked       bool // a 304 though the request had no condition: who has no copy gets nothing (RFC 9110 §15.4.5)
	Failure       Failure
	Error         string // text of the failure, redacted
	Limit         Limit  // that was exceeded, under FailLimit
	Redirects     int
	Bytes         int64       // body bytes read, after decompression
	ContentLength Fact[int64] // as stated; for a 206 see ObjectBytes
	ObjectBytes   Fact[int64] // size of the whole object: Content-Range's total, else Content-Length
	RangeStart    Fact[int64] // first byte of a 206, by its Content-Range
	Proto         string      // "HTTP/1.1", "HTTP/2.0"

	ContentType     string
	ContentEncoding string
	CacheControl    string
	ETag            string
	LastModified    time.Time
	Date            time.Time
	Age             Fact[time.Duration]
	XCache          string // "Hit from cloudfront"
	CacheLine       string // of the header that tells whether a cache had it: "X-Cache-Status: HIT"; "" where none does
	CacheWord       string // what it says: see Cache
	Via             string
	Pop             string // X-Amz-Cf-Pop
	RequestID       string // X-Amz-Cf-Id
	ServerTiming    string
	Expires         bool          // an Expires header was present
	AllowOrigin     string        // Access-Control-Allow-Origin, all lines of it joined as browsers do
	Foreign         bool          // the event does not name the host that answered: nothing of its body may be shown
	CertExpires     time.Time     // when the server's own certificate does; zero without TLS
	CertLifetime    time.Duration // for how long it was made
}

// OK reports whether a complete answer with a 2xx status arrived, or a 304 to a
// request with a condition.
func (e *Exchange) OK() bool {
	return e.Failure == "" && (e.Status >= 200 && e.Status < 300 || e.Status == 304 && !e.Unasked)
}

// Duration is the whole time of the fetch, until the last byte or the failure.
func (e *Exchange) Duration() time.Duration { return e.Done.Sub(e.Started) }

// Cache says whether a cache had what was asked for, in the words of CloudFront
// whichever cache it is: hit, miss, refreshhit, error, … or "" where no header
// tells. Unknown words are kept, in lower case.
func (e *Exchange) Cache() string {
	if e.CacheWord != "" {
		return e.CacheWord
	}
	w, _, _ := strings.Cut(strings.TrimSpace(e.XCache), " ")
	return strings.ToLower(strings.TrimSuffix(w, ","))
}

// Hit reports whether a cache had what was asked for; where several caches are
// named in X-Cache, any of them.
func (e *Exchange) Hit() bool {
	switch e.Cache() {
	case "hit", "refreshhit", "stale", "updating":
		return true
	default:
		return strings.Contains(strings.ToLower(e.XCache), "hit")
	}
}

// Allows reports whether the answer may be read by pages of an origin ("" is
// any), as browsers decide it: several lines count as one list, and a list is
// no origin (Fetch, CORS check).
func (e *Exchange) Allows(origin string) bool {
	return e.AllowOrigin == "*" || origin != "" && e.AllowOrigin == origin
}

// Curl returns a command line that repeats the request. Secret values are
// redacted, so that the line can stand in a report.
func (e *Exchange) Curl() string {
	var b strings.Builder
	b.WriteString("curl -sS -i")
	if e.Method == "HEAD" {
		b.WriteString("I")
	}
	for _, h := range e.RequestHeaders {
		b.WriteString(" -H ")
		b.WriteString(shellQuote(h))
	}
	b.WriteString(" ")
	b.WriteString(shellQuote(string(e.URL)))
	return b.String()
}

func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// TTL is how long a shared cache that obeys the headers keeps this answer:
// s-maxage, else max-age; zero for no-store, no-cache and private. Unstated
// when neither Cache-Control nor Expires says anything.
func (e *Exchange) TTL() Fact[time.Duration] {
	d := CacheDirectives(e.CacheControl)
	switch {
	case d.NoStore:
		return State(time.Duration(0))
	case d.SMaxAge.Stated:
		return d.SMaxAge
	case d.MaxAge.Stated:
		return d.MaxAge
	case e.CacheControl == "" && e.Expires:
		return State(time.Duration(0))
	default:
		return Fact[time.Duration]{}
	}
}

// Directives are the parts of Cache-Control that a shared cache acts on.
type Directives struct {
	MaxAge, SMaxAge                    Fact[time.Duration]
	StaleWhileRevalidate, StaleIfError Fact[time.Duration]
	NoStore                            bool // no-store, no-cache or private
}

// CacheDirectives reads a Cache-Control header (RFC 9111 §5.2). What it cannot
// read it leaves out.
func CacheDirectives(h string) Directives {
	var d Directives
	for len(h) > 0 {
		var part string
		part, h, _ = strings.Cut(h, ",")
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(name) {
		case "max-age":
			d.MaxAge = deltaSeconds(value)
		case "s-maxage":
			d.SMaxAge = deltaSeconds(value)
		case "stale-while-revalidate":
			d.StaleWhileRevalidate = deltaSeconds(value)
		case "stale-if-error":
			d.StaleIfError = deltaSeconds(value)
		case "no-store", "no-cache", "private":
			d.NoStore = true
		}
	}
	return d
}

func deltaSeconds(s string) Fact[time.Duration] {
	s = strings.Trim(strings.TrimSpace(s), `"`)
	n := int64(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return Fact[time.Duration]{}
		}
		n = min(n*10+int64(c-'0'), 1<<31) // RFC 9111 §1.2.2: larger values count as 2^31
	}
	if s == "" {
		return Fact[time.Duration]{}
	}
	return State(time.Duration(n) * time.Second)
}
