package probe

import "time"

// WireExchange is an Exchange with names for JSON, as recordings and the messages
// of a fleet carry it: times are RFC 3339 with nanoseconds, durations whole
// nanoseconds, but for age_seconds. The whole address is not in it: it has tokens.
//
// The two are converted into each other, so that a field which is new in Exchange
// does not compile until it has a name here.
type WireExchange struct {
	Method         string        `json:"method,omitempty"`
	URL            ShownURL      `json:"url,omitempty"`
	Address        Address       `json:"-"`
	RequestHeaders []string      `json:"request_headers,omitempty"`
	Started        time.Time     `json:"started"`
	Done           time.Time     `json:"done"`
	DNS            time.Duration `json:"dns_ns,omitempty"`
	Connect        time.Duration `json:"connect_ns,omitempty"`
	TLS            time.Duration `json:"tls_ns,omitempty"`
	FirstByte      time.Duration `json:"first_byte_ns,omitempty"`
	Reused         bool          `json:"reused,omitempty"`
	Connected      bool          `json:"connected,omitempty"`
	Status         int           `json:"status,omitempty"`
	Unasked        bool          `json:"unasked,omitempty"`
	Failure        Failure       `json:"failure,omitempty"`
	Error          string        `json:"error,omitempty"`
	Limit          Limit         `json:"limit,omitzero"`
	Redirects      int           `json:"redirects,omitempty"`
	Bytes          int64         `json:"bytes,omitempty"`
	ContentLength  Fact[int64]   `json:"content_length,omitzero"`
	ObjectBytes    Fact[int64]   `json:"object_bytes,omitzero"`
	RangeStart     Fact[int64]   `json:"range_start,omitzero"`
	Proto          string        `json:"proto,omitempty"`

	ContentType     string              `json:"content_type,omitempty"`
	ContentEncoding string              `json:"content_encoding,omitempty"`
	CacheControl    string              `json:"cache_control,omitempty"`
	ETag            string              `json:"etag,omitempty"`
	LastModified    time.Time           `json:"last_modified,omitzero"`
	Date            time.Time           `json:"date,omitzero"`
	Age             Fact[time.Duration] `json:"age_seconds,omitzero"`
	XCache          string              `json:"x_cache,omitempty"`
	CacheLine       string              `json:"cache_line,omitempty"`
	CacheWord       string              `json:"cache_word,omitempty"`
	Via             string              `json:"via,omitempty"`
	Pop             string              `json:"pop,omitempty"`
	RequestID       string              `json:"request_id,omitempty"`
	ServerTiming    string              `json:"server_timing,omitempty"`
	Expires         bool                `json:"expires,omitempty"`
	AllowOrigin     string              `json:"allow_origin,omitempty"`
	Foreign         bool                `json:"foreign,omitempty"`
	CertExpires     time.Time           `json:"cert_expires,omitzero"`
	CertLifetime    time.Duration       `json:"cert_lifetime_ns,omitempty"`
}
