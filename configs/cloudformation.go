package configs

import (
	"time"

	"github.com/streamwatch/streamwatch/provision"
)

// CloudFormation makes the distribution: the options of the tutorial's wizard
// and of the template.
type CloudFormation struct {
	// of the stack; one with this name is updated only with --update
	StackName string `yaml:"stack_name"`
	// where the stack and its metrics are; CloudFront itself is everywhere
	Region           string            `yaml:"region"`
	Comment          string            `yaml:"comment"`           // DistributionComment, at most 128 characters
	Tags             map[string]string `yaml:"tags"`              // on the stack and what it makes
	NotificationARNs []string          `yaml:"notification_arns"` // at most 5
	// after which a stack that is not complete counts as failed
	CreateTimeout time.Duration `yaml:"create_timeout"`
	OnFailure     string        `yaml:"on_failure"`
	// file; empty protects the distribution from replacement
	StackPolicy           string `yaml:"stack_policy"`
	TerminationProtection *bool  `yaml:"termination_protection"` // absent leaves what somebody set
	// service role of CloudFormation; empty is the caller
	RoleARN string `yaml:"role_arn"`
	// use a stack that others deploy, and never write to it
	Adopt          bool `yaml:"adopt"`
	DeleteWhenDone bool `yaml:"delete_when_done"`

	PriceClass     string          `yaml:"price_class"`
	ViewerProtocol string          `yaml:"viewer_protocol"`
	Aliases        []string        `yaml:"aliases"`
	CertificateARN string          `yaml:"certificate_arn"` // in us-east-1; required with aliases
	Failover       *Failover       `yaml:"failover"`
	OriginShield   string          `yaml:"origin_shield_region"` // empty is off
	OriginTimeouts OriginTimeouts  `yaml:"origin_timeouts"`
	Geo            *GeoRestriction `yaml:"geo_restriction"`
	AccessLogs     bool            `yaml:"access_logs"`
	WAFARN         string          `yaml:"waf_arn"`
	Signed         *Signed         `yaml:"signed"`
	// how the monitor gets in where viewers must sign; absent asks unsigned
	Sign        *Sign    `yaml:"sign"`
	CORSOrigins []string `yaml:"cors_origins"` // empty allows every page to play

	// shapes TTLs and timeouts; 0 keeps playlists as fresh as can be
	TargetDuration     time.Duration `yaml:"target_duration"`
	LowLatency         bool          `yaml:"low_latency"`
	UniqueSegmentNames bool          `yaml:"unique_segment_names"` // true caches segments for long
	// of playlists, forwarded besides _HLS_* and those in manifests
	QueryStrings      []string      `yaml:"query_strings"`
	SegmentQueries    []string      `yaml:"segment_query_strings"` // of segments, forwarded and part of their cache key
	AdditionalMetrics bool          `yaml:"additional_metrics"`
	PropagationGrace  time.Duration `yaml:"propagation_grace"` // how long a new domain may fail to resolve
}

// Failover is a second origin that answers where the first fails.
type Failover struct {
	URL     URL               `yaml:"url" required:"true"`
	Headers map[string]Secret `yaml:"headers"` // sent by the distribution to the second origin; never shown
}

// OriginTimeouts are those of the distribution towards its origins.
type OriginTimeouts struct {
	Attempts   int           `yaml:"attempts"`
	Connect    time.Duration `yaml:"connect"`
	Read       time.Duration `yaml:"read"`
	Keepalive  time.Duration `yaml:"keepalive"`
	Completion time.Duration `yaml:"completion"`
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
	d := provision.Defaults()
	*c = CloudFormation{
		StackName: d.StackName, Region: d.Region, Comment: d.Comment, CreateTimeout: d.CreateTimeout, OnFailure: d.OnFailure,
		PriceClass: d.PriceClass, ViewerProtocol: d.ViewerProtocol, OriginTimeouts: OriginTimeouts(d.Timeouts),
		AdditionalMetrics: d.AdditionalMetrics, PropagationGrace: d.Grace,
	}
}
