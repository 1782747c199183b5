package provision

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// Spec is everything that shapes a stack: the template, its parameters, and
// the options of the create call. Defaults returns one to start from.
type Spec struct {
	Event     string   // owner of the stack: a stack of another event is never touched
	Manifests []string // paths of the streams' playlists, for the outputs

	StackName string
	Region    string
	RoleARN   string            // service role that CloudFormation works with; empty is the caller
	Adopt     bool              // somebody else deploys the stack: it is read and never written to
	Comment   string            // of the distribution, at most 128 characters
	Tags      map[string]string // on the stack, and from there on all that can be tagged; others' tags stay
	// topics that get each event of the stack, at most 5; nil leaves them as they
	// are
	NotificationARNs      []string
	CreateTimeout         time.Duration // after which CloudFormation gives a creation up
	OnFailure             string        // ROLLBACK, DELETE or DO_NOTHING
	StackPolicy           []byte        // JSON; nil is the default at creation, and later leaves it as it is
	TerminationProtection *bool         // nil is off at creation, and later leaves it as it is
	Grace                 time.Duration // how long a new name may fail to resolve

	Origin       Origin
	Failover     *Origin // answers where the first fails
	Timeouts     Timeouts
	OriginShield string // region; empty is off

	PriceClass     string
	ViewerProtocol string // redirect-to-https, allow-all or https-only
	Aliases        []string
	CertificateARN string
	GeoAllow       []string // countries; at most one of the two lists
	GeoBlock       []string
	WAFARN         string
	Signed         Signed
	CORSOrigins    []string // pages that may play; empty allows every page
	AccessLogs     bool

	TargetDuration     time.Duration // shapes lifetimes and timeouts; 0 keeps playlists as fresh as can be
	LowLatency         bool
	UniqueSegmentNames bool     // a name is never used again: segments may be cached for long
	QueryStrings       []string // of playlists, which reach the origin besides _HLS_* and those in Manifests
	SegmentQueries     []string // query strings of segments: in their cache key and on to the origin
	AdditionalMetrics  bool     // CloudFront's own cache hit rate, origin latency and errors by status

	Metrics    MetricUse // what the monitor will send, for cost and policy
	AlarmsOnly bool      // the distribution is somebody else's: the stack holds Extra and nothing beside it
	Reads      []string  // other stacks that the monitor reads, by name, for its policy
	KeySecrets []string  // ARNs of the secrets that the monitor signs requests with, for its policy
	Extra      Extra
	Beside     []Extra // each is a stack of its own, NAME-alarms-1 and so on, made before this one
	Viewers    int     // at the same time, for the cost of traffic; 0 leaves it open
	Bitrate    float64 // that one of them takes, in bits per second

	beside bool // one of those in Beside of another
}

// Origin is a server that CloudFront fetches from.
type Origin struct {
	Host    string
	Port    int
	TLS     bool
	Path    string            // put before every path; empty or "/live"
	Headers map[string]string // sent with each request; the values are secret
}

// ParseOrigin reads the address of an origin. Its errors do not repeat it.
func ParseOrigin(raw string, headers map[string]string) (Origin, error) {
	u, text, help := rule.Base(raw)
	if u == nil {
		return Origin{}, rule.Refuse("origin.url", text, help)
	}
	o := Origin{Host: strings.ToLower(u.Hostname()), TLS: u.Scheme == "https", Headers: headers}
	o.Path = strings.TrimRight((&url.URL{Path: u.Path}).EscapedPath(), "/")
	o.Port = 80
	if o.TLS {
		o.Port = 443
	}
	if text := u.Port(); text != "" {
		o.Port, _ = strconv.Atoi(text) // it was read as a number
	}
	return o, nil
}

// Timeouts are those of the distribution towards its origins, in whole seconds.
type Timeouts struct {
	Attempts   int           // 1 to 3
	Connect    time.Duration // 1 to 10 s
	Read       time.Duration // 1 to 120 s; raised for blocking reloads of low latency
	Keepalive  time.Duration // 1 to 120 s
	Completion time.Duration // of a whole response; not below Read
}

// Signed lets only viewers with signed cookies or URLs in; at most one is set.
type Signed struct {
	PublicKey string // PEM; the stack makes a key group of it
	KeyGroup  string // id of one that exists
}

// on says whether viewers must sign.
func (s Signed) on() bool { return s.PublicKey != "" || s.KeyGroup != "" }

// MetricUse is what the monitor will send to CloudWatch.
type MetricUse struct {
	Count     int           // of metrics, each with its own dimensions
	Puts      int           // requests in a period; 0 is 1
	Period    time.Duration // between two puts
	Namespace string        // empty is StreamWatch
	Note      string        // what Count supposes; may be empty
}

// Extra is what other packages add to the template, such as alarms and the
// dashboard: each value is the JSON of one resource or output. They may refer
// to the resource Distribution.
type Extra struct {
	Resources map[string]json.RawMessage
	Outputs   map[string]json.RawMessage
}

// Defaults returns the Spec that every key of event.yaml starts from.
func Defaults() Spec {
	return Spec{
		StackName: "LiveHTTPStreaming", Region: "us-east-1", Comment: "Live HTTP streaming",
		CreateTimeout: 30 * time.Minute, OnFailure: "ROLLBACK", Grace: 10 * time.Minute,
		PriceClass: "PriceClass_All", ViewerProtocol: "redirect-to-https", AdditionalMetrics: true,
		Timeouts: Timeouts{
			Attempts: 2, Connect: 3 * time.Second, Read: 10 * time.Second,
			Keepalive: 30 * time.Second, Completion: 30 * time.Second,
		},
	}
}

// key is a key of event.yaml that says where the stack is.
func (s Spec) key(name string) string {
	switch {
	case !s.AlarmsOnly:
		return stackKeys + name
	case name == "region":
		return "metrics.cloudwatch.region" // the alarms see no other metrics
	default:
		return "alarms." + name
	}
}
