package configs

import (
	"net/mail"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	stackName      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,127}$`)
	region         = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
	country        = regexp.MustCompile(`^[A-Z]{2}$`)
	arn            = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:.+$`)
	hostName       = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)
	distributionID = regexp.MustCompile(`^E[A-Z0-9]{6,}$`)
	// secretARN ends with six characters that AWS adds: an IAM policy needs them.
	secretARN = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z]{2}(-[a-z]+)+-\d:\d{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)
	queryName = regexp.MustCompile(`^[A-Za-z0-9_.~-]+$`)
	language  = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

func (d *decoder) distribution(e *Event) {
	dist := &e.Distribution
	var given []string
	for _, k := range []string{"cloudformation", "existing", "local"} {
		if d.at["distribution."+k] != nil {
			given = append(given, k)
		}
	}
	const three = "write exactly one of cloudformation, existing and local"
	switch len(given) {
	case 0:
		d.fail("distribution", "has none of the three kinds", three)
	case 1:
	default:
		d.fail("distribution", "has "+strings.Join(given, " and "), three)
	}
	if dist.Existing != nil {
		d.checkBase("distribution.existing.url", dist.Existing.URL)
		d.checkHeaders("distribution.existing.headers", dist.Existing.Headers)
		d.checkCookies("distribution.existing.cookies", dist.Existing.Cookies)
		d.require("distribution.existing.distribution_id", dist.Existing.DistributionID == "" || distributionID.MatchString(dist.Existing.DistributionID),
			"must be the id of a distribution", "such as E2EXAMPLE1234, from aws cloudfront list-distributions")
		d.sign("distribution.existing.sign", dist.Existing.Sign, false)
	}
	if dist.Local != nil {
		d.checkListen("distribution.local.listen", dist.Local.Listen)
	}
	if dist.CloudFormation != nil {
		d.cloudFormation(dist.CloudFormation, &e.Origin)
	}
}

func (d *decoder) cloudFormation(c *CloudFormation, origin *Origin) {
	const at = "distribution.cloudformation."
	d.require(at+"stack_name", stackName.MatchString(c.StackName), "must begin with a letter and hold letters, digits and dashes, at most 128", "such as LiveHTTPStreaming")
	d.require(at+"region", region.MatchString(c.Region), "must be an AWS region", "such as us-east-1")
	d.require(at+"comment", len(c.Comment) <= 128, "must have at most 128 characters", "")
	d.require(at+"tags", len(c.Tags) <= 45, "must have at most 45 entries", "")
	d.require(at+"notification_arns", len(c.NotificationARNs) <= 5, "must have at most 5 entries", "")
	d.arns(at+"notification_arns", c.NotificationARNs)
	d.require(at+"waf_arn", c.WAFARN == "" || arn.MatchString(c.WAFARN), "must be an ARN", "such as arn:aws:wafv2:us-east-1:123456789012:global/webacl/name/id")
	d.require(at+"certificate_arn", c.CertificateARN == "" || strings.HasPrefix(c.CertificateARN, "arn:aws:acm:us-east-1:"),
		"must be the ARN of an ACM certificate in us-east-1", "CloudFront takes certificates from us-east-1 only")
	d.require(at+"aliases", len(c.Aliases) == 0 || c.CertificateARN != "", "need a certificate_arn that covers them", "")
	for i, a := range c.Aliases {
		d.require(index(at+"aliases", i), hostName.MatchString(a), "must be a host name", "such as live.example.com")
	}
	d.require(at+"origin_shield_region", c.OriginShield == "" || region.MatchString(c.OriginShield), "must be an AWS region", "the one nearest to the origin, such as eu-west-1")
	d.require(at+"origin_timeouts.completion", c.OriginTimeouts.Completion >= c.OriginTimeouts.Read, "must not be shorter than read", "")
	d.require(at+"query_strings", len(c.QueryStrings) <= 7, "must have at most 7 entries: three of the ten are _HLS_*", "")
	d.require(at+"role_arn", c.RoleARN == "" || arn.MatchString(c.RoleARN), "must be an ARN", "such as arn:aws:iam::123456789012:role/cloudformation")
	for i, q := range c.SegmentQueries {
		d.require(index(at+"segment_query_strings", i), queryName.MatchString(q), "must be the name of a query string", "such as channel")
	}
	for i, q := range c.QueryStrings {
		d.require(index(at+"query_strings", i), queryName.MatchString(q), "must be the name of a query string", "such as token")
	}
	if g := c.Geo; g != nil {
		d.require(at+"geo_restriction", (len(g.Allow) == 0) != (len(g.Block) == 0), "must have either allow or block", "such as {allow: [DE, AT]}")
		d.countries(at+"geo_restriction.allow", g.Allow)
		d.countries(at+"geo_restriction.block", g.Block)
	}
	if s := c.Signed; s != nil {
		d.require(at+"signed", (s.PublicKey == "") != (s.KeyGroup == ""), "must have either public_key or key_group", "")
	}
	d.require(at+"sign", c.Sign == nil || c.Signed != nil || c.Adopt, "signs requests to a distribution that lets everybody in",
		"add signed, or leave sign out")
	d.sign(at+"sign", c.Sign, c.Adopt || c.Signed != nil && c.Signed.PublicKey != "")
	d.originPort("origin.url", origin.URL)
	if c.Failover != nil {
		d.checkBase(at+"failover.url", c.Failover.URL)
		d.originPort(at+"failover.url", c.Failover.URL)
		d.checkHeaders(at+"failover.headers", c.Failover.Headers)
	}
	d.require("origin.headers", len(origin.Headers) <= 10, "must have at most 10 entries for CloudFront", "")
}

// sign checks how requests are signed. Where the stack makes the public key it
// knows the id too.
func (d *decoder) sign(at string, s *Sign, stackKnowsID bool) {
	if s == nil {
		return
	}
	d.require(at, (s.PrivateKeyFile == "") != (s.PrivateKeySecret == ""), "must have either private_key_file or private_key_secret",
		"the private key of that public key: a PEM file, or the ARN of a secret in AWS Secrets Manager")
	d.require(at+".key_pair_id", s.KeyPairID != "" || stackKnowsID, "is required", "the id of the public key in the trusted key group, such as K2JCJMDEHXQW5F")
	d.require(at+".private_key_secret", s.PrivateKeySecret == "" || secretARN.MatchString(s.PrivateKeySecret), "must be the whole ARN of a secret",
		"such as arn:aws:secretsmanager:us-east-1:123456789012:secret:viewers-key-a1B2c3, from aws secretsmanager list-secrets")
}

// originPort holds CloudFront's own limit.
func (d *decoder) originPort(path string, u URL) {
	p, err := url.Parse(u.Reveal())
	if err != nil || p.Port() == "" {
		return
	}
	n, err := strconv.Atoi(p.Port())
	d.require(path, err == nil && (n == 80 || n == 443 || n >= 1024 && n <= 65535), "has a port that CloudFront does not connect to",
		"80, 443 or 1024 to 65535")
}

func (d *decoder) player(p *Player) {
	d.require("player.out", filepath.IsLocal(p.Out), "must be a folder below output", "such as embeds")
	d.require("player.kinds", len(slices.Compact(slices.Sorted(slices.Values(p.Kinds)))) == len(p.Kinds), "names a kind twice", "")
	d.require("player.lang", language.MatchString(p.Lang), "must be a language tag", "such as en or pt-BR")
	d.require("player.captions", p.Captions == "" || language.MatchString(p.Captions), "must be a language tag", "such as en or pt-BR")
	d.require("player.catch_up", p.CatchUp == 0 || p.CatchUp >= 1, "must be 0 or from 1 to 1.5", "")
	for _, u := range []struct{ key, value string }{{"poster", p.Poster}, {"beacon", p.Beacon}, {"base", p.Base}} {
		d.require("player."+u.key, u.value == "" || strings.HasPrefix(u.value, "https://") && len(u.value) > len("https://"),
			"must be an https URL: pages on https refuse others", "")
	}
	for i, a := range p.FrameAncestors {
		o, err := url.Parse(strings.Replace(a, "*.", "", 1))
		d.require(index("player.frame_ancestors", i), err == nil && o.Host != "" && o.Path == "" && o.User == nil && (o.Scheme == "https" || o.Scheme == "http"),
			"must be an origin", "such as https://www.example.com")
	}
}

// outward checks what leaves for other services.
func (d *decoder) outward(e *Event) {
	if c := e.Metrics.CloudWatch; c != nil {
		const at = "metrics.cloudwatch."
		d.require(at+"namespace", c.Namespace != "" && len(c.Namespace) <= 255 && !strings.HasPrefix(c.Namespace, "AWS/") && !strings.HasPrefix(c.Namespace, ":"),
			"must be a name that does not begin with AWS/", "such as StreamWatch")
		d.require(at+"region", region.MatchString(c.Region), "must be an AWS region", "such as us-east-1")
		seconds := c.Period / time.Second
		d.require(at+"period", c.Period%time.Minute == 0 || c.Period%time.Second == 0 && slices.Contains([]time.Duration{1, 5, 10, 20, 30}, seconds),
			"must be 1s, 5s, 10s, 20s, 30s or a multiple of 60s", "")
	}
	d.require("alarms.stack_name", e.Alarms.StackName == "" || stackName.MatchString(e.Alarms.StackName),
		"must begin with a letter and hold letters, digits and dashes, at most 128", "such as concert-alarms")
	d.require("alarms.kms_key", !strings.ContainsAny(e.Alarms.KMSKey, " \t\r\n"), "must be the id, alias or ARN of a key", "such as alias/alarms")
	d.arns("alarms.notify", e.Alarms.Notify)
	d.require("alarms.notify", len(e.Alarms.Notify) <= 5, "must have at most 5 entries", "")
	for i, a := range e.Alarms.Email {
		m, err := mail.ParseAddress(a)
		d.require(index("alarms.email", i), err == nil && m.Address == a, "must be an e-mail address", "such as ops@example.com")
	}
	d.notify(e)
}

func (d *decoder) require(path string, ok bool, message, hint string) {
	if !ok {
		d.fail(path, message, hint)
	}
}

func (d *decoder) arns(path string, list []string) {
	for i, a := range list {
		d.require(index(path, i), arn.MatchString(a), "must be an ARN", "such as arn:aws:sns:us-east-1:123456789012:ops")
	}
}

func (d *decoder) countries(path string, list []string) {
	for i, c := range list {
		d.require(index(path, i), country.MatchString(c), "must be a country code of two capital letters", "such as DE")
	}
}
