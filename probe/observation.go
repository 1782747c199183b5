package probe

import (
	"strconv"
	"strings"
	"time"
)

// Observation is what one fetch of one target saw. A failed fetch is an
// Observation too. It is immutable once it has been sent to the judge.
type Observation struct {
	Target   Target
	Exchange Exchange

	// Playlist is what the body said; nil when the fetch failed, the body was
	// no playlist at all, or this is a probe. An unchanged body shares
	// the Playlist of the observation before.
	Playlist  *Playlist
	Hash      uint64 // of the body, normalised (hls.md 1.0); 0 when there is none
	Unchanged bool   // the body equals that of the previous good observation

	// Segment is set on a segment probe, LowLatency on one of low-latency
	// delivery, whose playlist stands there.
	Segment    *SegmentProbe
	LowLatency *LowLatencyProbe

	// CORS says that this was no poll: the playlist was asked for as a page
	// elsewhere does, with an Origin header, and only that answer's head counts.
	CORS bool

	// IFrames names the I-frame playlist of the target's ladder that this looked
	// at: no poll either. "" is none.
	IFrames string

	// Moved tells of an address that lately died under viewers who keep asking
	// for it, while the one that the event names lives; nil is none.
	Moved *Moved

	// Strained says that this process did not get to run when it should have:
	// the times of the exchange may be its own doing.
	Strained bool
}

// Moved is an address that a playlist was redirected to, or that the
// multivariant playlist listed for it before, and which is dead.
type Moved struct {
	Last  Exchange      // the request to it that failed
	Lived time.Duration // from when we were sent there until it failed
}

// Look says what an observation looked at.
type Look uint8

// Looks.
const (
	LookPoll       Look = iota // an ordinary request for a playlist
	LookCORS                   // as a page on another site asks
	LookSegment                // a listed media segment
	LookInit                   // an EXT-X-MAP resource
	LookKey                    // a decryption key
	LookRemoved                // a segment that left the playlist
	LookLowLatency             // low-latency delivery
	LookIFrames                // an I-frame playlist, once a minute while all is well
)

// Look returns what the observation looked at.
func (o *Observation) Look() Look {
	switch s := o.Segment; {
	case o.CORS:
		return LookCORS
	case o.IFrames != "":
		return LookIFrames
	case o.LowLatency != nil:
		return LookLowLatency
	case s == nil:
		return LookPoll
	case s.Init:
		return LookInit
	case s.Key:
		return LookKey
	case s.Removed:
		return LookRemoved
	default:
		return LookSegment
	}
}

// Poll reports whether this is an ordinary request for a playlist.
func (o *Observation) Poll() bool { return o.Look() == LookPoll }

// OK reports whether the fetch brought a complete 2xx or 304 answer.
func (o *Observation) OK() bool { return o.Exchange.OK() }

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

	Status        int // 0 when no response head arrived
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

// OK reports whether a complete answer with a 2xx or 304 status arrived.
func (e *Exchange) OK() bool {
	return e.Failure == "" && (e.Status >= 200 && e.Status < 300 || e.Status == 304)
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

// SegmentProbe is what the first bytes, or all bytes, of one segment said.
type SegmentProbe struct {
	MSN       uint64
	URI       string        // as listed, without query
	Newest    bool          // it was the last segment of the playlist that listed it
	Listed    time.Time     // when we first saw it listed on this side
	Duration  time.Duration // EXTINF
	Repeat    bool          // probed before: does the same URI still hold the same bytes?
	Again     bool          // a repeat at once, because it came slowly: is it quick from the cache?
	Part      bool          // the playlist names a byte range of a resource
	Offset    int64         // at which that range begins; 0 of what is whole
	Encrypted bool          // whole, as under METHOD=AES-128: bytes say nothing

	// What is none of the listed media segments. At most one of them is set.
	Init    bool // an EXT-X-MAP resource
	Key     bool // a decryption key; nothing of it is kept but its length, Exchange.Bytes
	Removed bool // a segment that left the playlist and must still be there

	KeyBytes int64 // of a key: how long its method needs it to be; 0 is not known
	Known    bool  // of a key: it could be fetched before

	Container Container
	Hash      uint64              // of the bytes read
	HashBytes int64               // how many were read
	Problems  []Problem           // what is wrong with the bytes: seg.ts.sync, seg.mp4.box, seg.vtt, …; Line is unused
	Track     uint32              // what Start is of, as the container numbers it; 0 where there is one thing only
	Start     Fact[time.Duration] // first PTS or tfdt
	Lasts     Fact[time.Duration] // how long its media lasts, where the bytes that were read show it
	Keyframe  Fact[bool]          // whether decoding can begin with its first picture
}

// Media reports whether the probe was one of a listed media segment.
func (s *SegmentProbe) Media() bool { return !s.Init && !s.Key && !s.Removed }

// Container is the media format of a segment, by its first bytes.
type Container string

// Containers that a segment can have.
const (
	ContainerUnknown Container = ""
	ContainerTS      Container = "ts"
	ContainerMP4     Container = "mp4"
	ContainerAAC     Container = "aac"
	ContainerVTT     Container = "vtt"
	ContainerHTML    Container = "html" // an error page served as media
)
