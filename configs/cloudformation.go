package configs

import "time"

// CloudFormation makes the distribution: the options of the tutorial's wizard
// and of the template.
type CloudFormation struct {
	StackName             string            `yaml:"stack_name"`                     // of the stack; one with this name is updated only with --update
	Region                string            `yaml:"region"`                         // where the stack and its metrics are; CloudFront itself is everywhere
	Comment               string            `yaml:"comment"`                        // DistributionComment, at most 128 characters
	Tags                  map[string]string `yaml:"tags"`                           // on the stack and what it makes
	NotificationARNs      []string          `yaml:"notification_arns"`              // at most 5
	CreateTimeout         time.Duration     `yaml:"create_timeout" range:"1m..12h"` // after which a stack that is not complete counts as failed
	OnFailure             string            `yaml:"on_failure" enum:"ROLLBACK DELETE DO_NOTHING"`
	StackPolicy           string            `yaml:"stack_policy"`           // file; empty protects the distribution from replacement
	TerminationProtection *bool             `yaml:"termination_protection"` // absent leaves what somebody set
	RoleARN               string            `yaml:"role_arn"`               // service role of CloudFormation; empty is the caller
	Adopt                 bool              `yaml:"adopt"`                  // use a stack that others deploy, and never write to it
	DeleteWhenDone        bool              `yaml:"delete_when_done"`

	PriceClass     string          `yaml:"price_class" enum:"PriceClass_All PriceClass_200 PriceClass_100"`
	ViewerProtocol string          `yaml:"viewer_protocol" enum:"redirect-to-https allow-all https-only"`
	Aliases        []string        `yaml:"aliases"`
	CertificateARN string          `yaml:"certificate_arn"` // in us-east-1; required with aliases
	Failover       *Failover       `yaml:"failover"`
	OriginShield   string          `yaml:"origin_shield_region"` // empty is off
	OriginTimeouts OriginTimeouts  `yaml:"origin_timeouts"`
	Geo            *GeoRestriction `yaml:"geo_restriction"`
	AccessLogs     bool            `yaml:"access_logs"`
	WAFARN         string          `yaml:"waf_arn"`
	Signed         *Signed         `yaml:"signed"`
	Sign           *Sign           `yaml:"sign"`         // how the monitor gets in where viewers must sign; absent asks unsigned
	CORSOrigins    []string        `yaml:"cors_origins"` // empty allows every page to play

	TargetDuration     time.Duration `yaml:"target_duration" range:"0s..1m"` // shapes TTLs and timeouts; 0 keeps playlists as fresh as can be
	LowLatency         bool          `yaml:"low_latency"`
	UniqueSegmentNames bool          `yaml:"unique_segment_names"`  // true caches segments for long
	QueryStrings       []string      `yaml:"query_strings"`         // of playlists, forwarded besides _HLS_* and those in manifests
	SegmentQueries     []string      `yaml:"segment_query_strings"` // of segments, forwarded and part of their cache key
	AdditionalMetrics  bool          `yaml:"additional_metrics"`
	PropagationGrace   time.Duration `yaml:"propagation_grace" range:"0s..1h"` // how long a new domain may fail to resolve
}

// Failover is a second origin that answers where the first fails.
type Failover struct {
	URL     URL               `yaml:"url" required:"true"`
	Headers map[string]Secret `yaml:"headers"` // sent by the distribution to the second origin; never shown
}

// OriginTimeouts are those of the distribution towards its origins.
type OriginTimeouts struct {
	Attempts   int           `yaml:"attempts" range:"1..3"`
	Connect    time.Duration `yaml:"connect" range:"1s..10s"`
	Read       time.Duration `yaml:"read" range:"1s..2m"`
	Keepalive  time.Duration `yaml:"keepalive" range:"1s..2m"`
	Completion time.Duration `yaml:"completion" range:"1s..1h"`
}

// GeoRestriction lists countries by their ISO 3166-1 alpha-2 codes; exactly
// one of the lists is given.
type GeoRestriction struct {
	Allow []string `yaml:"allow"` // only viewers in these countries
	Block []string `yaml:"block"` // all viewers but those in these countries
}

// Signed lets only viewers with signed cookies or URLs in; exactly one is given.
type Signed struct {
	PublicKey string `yaml:"public_key"` // PEM file, of which the stack makes a key group
	KeyGroup  string `yaml:"key_group"`  // id of one that exists
}

func (c *CloudFormation) setDefaults() {
	*c = CloudFormation{
		StackName: "LiveHTTPStreaming", Region: "us-east-1", Comment: "Live HTTP streaming", CreateTimeout: 30 * time.Minute,
		OnFailure: "ROLLBACK", PriceClass: "PriceClass_All", ViewerProtocol: "redirect-to-https",
		OriginTimeouts: OriginTimeouts{
			Attempts: 2, Connect: 3 * time.Second, Read: 10 * time.Second, Keepalive: 30 * time.Second, Completion: 30 * time.Second,
		},
		AdditionalMetrics: true, PropagationGrace: 10 * time.Minute,
	}
}
