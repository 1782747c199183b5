package edge

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"time"
)

// TTL bounds how long a cache keeps an object: Default where the origin says
// nothing, else what it says, but at least Min and at most Max. With Min at
// zero no-store, no-cache and private are obeyed.
type TTL struct {
	Min, Default, Max time.Duration
}

// Config describes an Edge. Only Origin is required; zero values are the
// defaults given with each field.
type Config struct {
	Origin    *url.URL          // requests go below its path
	Transport http.RoundTripper // nil is an http.Transport of its own
	Headers   http.Header       // added to each request to the origin, never shown to viewers

	ManifestTTL TTL           // of playlists and of names of no known type; 1 s, 1 s, 3 s
	SegmentTTL  TTL           // of media; 0, 1 h, 24 h
	ErrorTTL    time.Duration // of error answers, and between two tries while stale; 0.9 s, negative is none
	NegativeTTL time.Duration // of 404; zero is ErrorTTL, negative is none

	WholeSeconds bool // clocks are read in whole seconds: what may be kept for one is fresh for nearly two

	// for so long after it expired a copy is served while the origin is asked in
	// the background; zero is never
	Grace time.Duration
	// for so long after it expired a copy is served while the origin fails; zero is
	// without end, negative is never
	StaleIfError   time.Duration
	NoCollapsing   bool // who finds no copy asks the origin alone, though another request for it is under way
	NoRevalidation bool // an expired object is fetched anew, without If-None-Match

	CacheBytes     int64         // memory of the cache; 256 MiB
	ObjectBytes    int64         // larger objects are passed on and not kept; 32 MiB
	ConnectTimeout time.Duration // 3 s; of the Transport made here
	ReadTimeout    time.Duration // until the head, and between two reads of the body; 10 s

	Query []string // query parameters to forward and to tell objects apart by, beside _HLS_*
	Name  string   // host that the edge calls itself by in headers; "" is a made-up one
	Pop   string   // X-Amz-Cf-Pop; "SIM50-C1"
	Marks *Marks   // how an answer tells what the cache did; nil is as CloudFront does
	NoAge bool     // no Age, as of nginx
}

func (c Config) withDefaults() Config {
	c.ManifestTTL = cmp.Or(c.ManifestTTL, TTL{Min: time.Second, Default: time.Second, Max: 3 * time.Second})
	c.SegmentTTL = cmp.Or(c.SegmentTTL, TTL{Default: time.Hour, Max: 24 * time.Hour})
	// CloudFront's is 1 s. So often a player asks for an unchanged playlist of
	// two-second segments, and when it comes a millisecond early it is told the
	// old one for another second.
	c.ErrorTTL = max(0, cmp.Or(c.ErrorTTL, 900*time.Millisecond))
	c.NegativeTTL = max(0, cmp.Or(c.NegativeTTL, c.ErrorTTL))
	c.CacheBytes = cmp.Or(c.CacheBytes, 256<<20)
	c.ObjectBytes = min(cmp.Or(c.ObjectBytes, 32<<20), c.CacheBytes)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, 3*time.Second)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 10*time.Second)
	c.Pop = cmp.Or(c.Pop, "SIM50-C1")
	if c.Marks == nil {
		c.Marks = cloudFrontMarks()
	}
	if c.Transport == nil {
		c.Transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: c.ConnectTimeout}).DialContext,
			TLSHandshakeTimeout: c.ConnectTimeout,
			MaxConnsPerHost:     256,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     30 * time.Second,
			DisableCompression:  true, // bytes pass as they are
			ForceAttemptHTTP2:   true,
		}
	}
	return c
}
