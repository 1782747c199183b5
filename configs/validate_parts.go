package configs

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	distributionID = regexp.MustCompile(`^E[A-Z0-9]{6,}$`)
	// secretARN ends with six characters that AWS adds: an IAM policy needs them.
	secretARN = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z]{2}(-[a-z]+)+-\d:\d{12}:secret:` +
		`[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)
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
		d.require("distribution.existing.distribution_id",
			dist.Existing.DistributionID == "" || distributionID.MatchString(dist.Existing.DistributionID),
			"must be the id of a distribution", "such as E2EXAMPLE1234, from aws cloudfront list-distributions")
		d.sign("distribution.existing.sign", dist.Existing.Sign, false)
	}
	if dist.Local != nil {
		d.checkListen("distribution.local.listen", dist.Local.Listen, "127.0.0.1:8081")
	}
	if dist.CloudFormation != nil {
		d.cloudFormation(dist.CloudFormation)
	}
}

// cloudFormation checks what only the file can say: which parts are given. What
// the values may be is provision's to say.
func (d *decoder) cloudFormation(c *CloudFormation) {
	const at = "distribution.cloudformation."
	if g := c.Geo; g != nil {
		d.require(at+"geo_restriction", len(g.Allow)+len(g.Block) > 0, "must have either allow or block",
			"such as {allow: [DE, AT]}")
	}
	if s := c.Signed; s != nil {
		d.require(at+"signed", s.PublicKey+s.KeyGroup != "", "must have either public_key or key_group", "")
	}
	d.require(at+"sign", c.Sign == nil || c.Signed != nil || c.Adopt,
		"signs requests to a distribution that lets everybody in",
		"add signed, or leave sign out")
	d.sign(at+"sign", c.Sign, c.Adopt || c.Signed != nil && c.Signed.PublicKey != "")
	d.require(at+"delete_when_done", !c.Adopt || !c.DeleteWhenDone,
		"must be false with adopt: an adopted stack is never deleted",
		"leave one of the two out: whoever deploys the stack deletes it")
	if c.Failover != nil {
		d.checkBase(at+"failover.url", c.Failover.URL)
		d.checkHeaders(at+"failover.headers", c.Failover.Headers)
	}
}

// sign checks how requests are signed. Where the stack makes the public key it
// knows the id too.
func (d *decoder) sign(at string, s *Sign, stackKnowsID bool) {
	if s == nil {
		return
	}
	d.require(at, (s.PrivateKeyFile == "") != (s.PrivateKeySecret == ""),
		"must have either private_key_file or private_key_secret",
		"the private key of that public key: a PEM file, or the ARN of a secret in AWS Secrets Manager")
	d.require(at+".key_pair_id", s.KeyPairID != "" || stackKnowsID, "is required",
		"the id of the public key in the trusted key group, such as K2JCJMDEHXQW5F")
	d.require(at+".private_key_secret", s.PrivateKeySecret == "" || secretARN.MatchString(s.PrivateKeySecret),
		"must be the whole ARN of a secret",
		"such as arn:aws:secretsmanager:us-east-1:123456789012:secret:viewers-key-a1B2c3, from aws secretsmanager "+
			"list-secrets")
}

// outward checks what leaves for other services.
func (d *decoder) outward(e *Event) {
	if c := e.Metrics.CloudWatch; c != nil {
		const at = "metrics.cloudwatch."
		d.require(at+"namespace", c.Namespace != "" && len(c.Namespace) <= 255 && !strings.HasPrefix(c.Namespace, "AWS/") &&
			!strings.HasPrefix(c.Namespace, ":"),
			"must be a name that does not begin with AWS/", "such as StreamWatch")
		seconds := c.Period / time.Second
		d.require(at+"period", c.Period%time.Minute == 0 || c.Period%time.Second == 0 &&
			slices.Contains([]time.Duration{1, 5, 10, 20, 30}, seconds),
			"must be 1s, 5s, 10s, 20s, 30s or a multiple of 60s", "")
	}
	d.require("alarms.kms_key", !strings.ContainsAny(e.Alarms.KMSKey, " \t\r\n"), "must be the id, alias or ARN of a key",
		"such as alias/alarms")
	for i, a := range e.Alarms.Email {
		m, err := mail.ParseAddress(a)
		d.require(index("alarms.email", i), err == nil && m.Address == a, "must be an e-mail address",
			"such as ops@example.com")
	}
	d.notify(e)
}

func (d *decoder) require(path string, ok bool, message, hint string) {
	if !ok {
		d.fail(path, message, hint)
	}
}
