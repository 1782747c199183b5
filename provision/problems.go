package provision

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Limits of CloudFront and CloudFormation that a Spec can be held against.
const (
	maxHeaders      = 10
	maxHeaderName   = 256
	maxHeaderValue  = 1783
	maxComment      = 128
	maxStackName    = 100 // CloudFormation takes 128; policies put the region and more behind it
	maxStackPolicy  = 16_384
	maxNotification = 5
	maxQueryStrings = 10 // of one cache policy
	maxTagKey       = 128
	maxTagValue     = 256
	maxTags         = 50 - 1 // one is the owner's
)

// Problem is one thing in a Spec that AWS would refuse.
type Problem struct {
	Path    string // key in event.yaml: "distribution.cloudformation.stack_name"
	Message string // what is wrong
	Hint    string // how to mend it
}

// String returns path and message.
func (p Problem) String() string { return p.Path + ": " + p.Message }

// Problems returns everything in s that AWS would refuse and that can be known
// without asking it. Messages hold no secret.
func (s Spec) Problems() []Problem {
	c := &checker{}
	c.checkStack(s)
	if s.AlarmsOnly {
		return c.problems
	}
	c.checkDistributionStack(s)
	c.checkOrigin("origin", s.Origin)
	if s.Failover != nil {
		c.checkOrigin("distribution.cloudformation.failover", *s.Failover)
	}
	c.checkViewers(s)
	c.checkQueries(s)
	return c.problems
}

// checker collects problems.
type checker struct{ problems []Problem }

// require notes a problem at a key of event.yaml unless ok.
func (c *checker) require(ok bool, path, message, mend string) {
	if !ok {
		c.problems = append(c.problems, Problem{Path: path, Message: message, Hint: mend})
	}
}

// option is require for a key of distribution.cloudformation.
func (c *checker) option(ok bool, key, message, mend string) {
	c.require(ok, "distribution.cloudformation."+key, message, mend)
}

func (c *checker) checkStack(s Spec) {
	c.require(regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`).MatchString(s.StackName) && len(s.StackName) <= maxStackName, s.nameKey(),
		fmt.Sprintf("%q is no name for a stack", s.StackName), fmt.Sprintf("letters, digits and hyphens, a letter first, at most %d", maxStackName))
	for _, prefix := range []string{"cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-"} {
		c.option(!strings.HasPrefix(s.Region, prefix), "region", fmt.Sprintf("%s is in a partition of AWS without this CloudFront", s.Region),
			"us-east-1, where CloudFront's metrics are too; a CDN that is there already goes under distribution.existing")
	}
}

func (c *checker) checkDistributionStack(s Spec) {
	c.option(len([]rune(s.Comment)) <= maxComment, "comment", "is too long", fmt.Sprintf("at most %d characters", maxComment))
	c.option(len(s.NotificationARNs) <= maxNotification, "notification_arns", "has too many topics", fmt.Sprintf("CloudFormation takes %d", maxNotification))
	for _, arn := range s.NotificationARNs {
		c.topic("distribution.cloudformation.notification_arns", arn, s.Region)
	}
	c.option(s.RoleARN == "" || isARN(s.RoleARN, "iam") && strings.Contains(s.RoleARN, ":role/"), "role_arn", fmt.Sprintf("%q is no ARN of a role", s.RoleARN),
		"such as arn:aws:iam::123456789012:role/cloudformation")
	c.checkTags(s)
	c.option(len(s.StackPolicy) <= maxStackPolicy, "stack_policy", "is too long", fmt.Sprintf("at most %d bytes", maxStackPolicy))
	c.option(s.StackPolicy == nil || isStackPolicy(s.StackPolicy), "stack_policy", "is no stack policy: JSON with a Statement",
		"leave it out to protect the distribution from replacement")
	c.option(s.CreateTimeout >= time.Minute, "create_timeout", "is below a minute", "a distribution takes 5 to 10 minutes")
	c.option(slices.Contains([]string{"ROLLBACK", "DELETE", "DO_NOTHING"}, s.OnFailure), "on_failure", fmt.Sprintf("%q is unknown", s.OnFailure), "ROLLBACK, DELETE or DO_NOTHING")
	c.option(!s.AccessLogs || s.Region == "us-east-1", "access_logs", "need region us-east-1", "CloudFront delivers its logs there only")
}

func (c *checker) checkTags(s Spec) {
	c.option(len(s.Tags) <= maxTags, "tags", "are too many", fmt.Sprintf("at most %d", maxTags))
	allowed := regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		c.option(!strings.HasPrefix(strings.ToLower(key), "aws:") && key != ownerTag, "tags", fmt.Sprintf("%q is taken", key), "choose another key")
		c.option(key != "" && len([]rune(key)) <= maxTagKey && allowed.MatchString(key), "tags", fmt.Sprintf("%q is no key of a tag", key),
			"letters, digits, spaces and _ . : / = + - @, at most 128")
		c.option(len([]rune(s.Tags[key])) <= maxTagValue && allowed.MatchString(s.Tags[key]), "tags", fmt.Sprintf("the value of %q is no value of a tag", key),
			"letters, digits, spaces and _ . : / = + - @, at most 256")
	}
}

// topic requires the ARN of a topic in a region: CloudFormation and CloudWatch
// tell no others.
func (c *checker) topic(path, arn, region string) {
	if !isARN(arn, "sns") {
		c.require(false, path, fmt.Sprintf("%q is no ARN of a topic", arn), "such as arn:aws:sns:us-east-1:123456789012:ops")
		return
	}
	where := strings.Split(arn, ":")[3]
	c.require(where == region, path, fmt.Sprintf("the topic %s is in %s, the stack in %s", arn, where, region), "name a topic in "+region)
}

// isStackPolicy says whether a text has what CloudFormation asks of a policy.
func isStackPolicy(text []byte) bool {
	var policy struct{ Statement []json.RawMessage }
	return json.Unmarshal(text, &policy) == nil && len(policy.Statement) > 0
}

// TopicProblems returns what is wrong with the topics that alarms tell; a role, or
// a topic in another region, is refused only when the alarm is made.
func TopicProblems(path string, arns []string, region string) []Problem {
	c := &checker{}
	for i, arn := range arns {
		c.topic(fmt.Sprintf("%s[%d]", path, i), arn, region)
	}
	return c.problems
}

// refusedHeaders are those that CloudFront does not take as custom headers.
var refusedHeaders = regexp.MustCompile(`(?i)^(cache-control|connection|content-length|cookie|host|if-.*|max-forwards|pragma|proxy-.*|range|request-range|te|trailer|transfer-encoding|upgrade|via|x-amz-.*|x-edge-.*|x-real-ip)$`)

func (c *checker) checkOrigin(path string, o Origin) {
	url := path + ".url"
	c.require(net.ParseIP(o.Host) == nil && strings.Contains(o.Host, ".") && !strings.HasSuffix(o.Host, ".localhost"), url,
		fmt.Sprintf("CloudFront cannot reach %q", o.Host), "give the origin a public DNS name; an address or localhost works with distribution.local only")
	c.require(!strings.Contains(o.Host, "_"), url, fmt.Sprintf("%q has an underscore", o.Host), "CloudFront takes host names of letters, digits and hyphens")
	c.require(o.Port == 80 || o.Port == 443 || o.Port >= 1024 && o.Port <= 65535, url,
		fmt.Sprintf("CloudFront does not fetch from port %d", o.Port), "80, 443 or 1024 to 65535")
	c.require(len(o.Headers) <= maxHeaders, path+".headers", "are too many", fmt.Sprintf("CloudFront sends %d", maxHeaders))
	taken := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		c.require(name != "" && len(name) <= maxHeaderName && !refusedHeaders.MatchString(name) && isToken(name), path+".headers",
			fmt.Sprintf("CloudFront does not send a header %q", name), "such as X-Origin-Verify")
		value := o.Headers[name]
		c.require(value != "" && len(value) <= maxHeaderValue, path+".headers", fmt.Sprintf("the value of %s is empty or too long", name),
			fmt.Sprintf("1 to %d characters", maxHeaderValue))
		param := strings.ToLower(namedOrigin{}.parameter(name))
		c.require(taken[param] == "", path+".headers", fmt.Sprintf("%s and %s are too much alike", taken[param], name), "rename one")
		taken[param] = name
	}
}

func (c *checker) checkViewers(s Spec) {
	c.option(len(s.Aliases) == 0 || isARN(s.CertificateARN, "acm") && strings.Contains(s.CertificateARN, ":us-east-1:"), "certificate_arn",
		"is missing, or not a certificate in us-east-1", "aliases need one from ACM in us-east-1, whatever the stack's region")
	c.option(len(s.Aliases) > 0 || s.CertificateARN == "", "certificate_arn", "has no aliases to serve", "add aliases, or leave it out")
	c.option(len(s.GeoAllow) == 0 || len(s.GeoBlock) == 0, "geo_restriction", "has both lists", "allow or block, not both")
	for _, country := range slices.Concat(s.GeoAllow, s.GeoBlock) {
		c.option(regexp.MustCompile(`^[A-Z]{2}$`).MatchString(country), "geo_restriction", fmt.Sprintf("%q is no country", country), "two capital letters such as DE")
	}
	c.option(s.WAFARN == "" || isARN(s.WAFARN, "wafv2") && strings.Contains(s.WAFARN, ":global/webacl/"), "waf_arn",
		"is no web ACL of CloudFront", "its ARN has :global/webacl/ in it and is made in us-east-1")
	for i, alias := range s.Aliases {
		host := strings.ToLower(alias)
		key := fmt.Sprintf("aliases[%d]", i)
		c.option(host != strings.ToLower(s.Origin.Host) && (s.Failover == nil || host != strings.ToLower(s.Failover.Host)), key,
			fmt.Sprintf("%s is the origin's own name: CloudFront would ask itself", alias), "give the origin a name of its own")
		c.option(!slices.Contains(s.Aliases[:i], alias), key, fmt.Sprintf("%s is given twice", alias), "delete one of the two")
	}
	c.option(s.OriginShield == "" || slices.Contains(shieldRegions(), s.OriginShield), "origin_shield_region", fmt.Sprintf("there is no Origin Shield in %q", s.OriginShield),
		"the one nearest to the origin of "+strings.Join(shieldRegions(), ", "))
	c.option(s.Signed.PublicKey == "" || s.Signed.KeyGroup == "", "signed", "has both", "public_key or key_group, not both")
	c.option(s.Signed.PublicKey == "" || isPublicKey(s.Signed.PublicKey), "signed.public_key",
		"is no public key that CloudFront takes", "RSA 2048 or ECDSA P-256 in PEM: openssl rsa -in private.pem -pubout")
}

// shieldRegions are where Origin Shield is ("Choosing the AWS Region for your
// Origin Shield", Amazon CloudFront Developer Guide).
func shieldRegions() []string {
	return []string{
		"us-east-1", "us-east-2", "us-west-2", "ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2",
		"eu-central-1", "eu-west-1", "eu-west-2", "me-central-1", "sa-east-1",
	}
}

// checkQueries holds the query strings against the limits of a cache policy.
func (c *checker) checkQueries(s Spec) {
	names := s.manifestQueries()
	c.option(len(names) <= maxQueryStrings, "query_strings", fmt.Sprintf("are too many: %s", strings.Join(names, ", ")),
		fmt.Sprintf("a cache policy takes %d, three of them are _HLS_*, and those in the manifests count", maxQueryStrings))
	c.option(len(s.SegmentQueries) <= maxQueryStrings, "segment_query_strings", "are too many", fmt.Sprintf("a cache policy takes %d", maxQueryStrings))
	for key, list := range map[string][]string{"query_strings": s.QueryStrings, "segment_query_strings": s.SegmentQueries} {
		for i, name := range list {
			c.option(!slices.Contains(list[:i], name), fmt.Sprintf("%s[%d]", key, i), fmt.Sprintf("%q is given twice", name), "delete one of the two")
		}
	}
}

// Warnings returns what AWS takes and what will surprise its user. Messages hold
// no value of a query string.
func (s Spec) Warnings() []Problem {
	c := &checker{}
	if s.AlarmsOnly {
		return nil
	}
	paths := map[string]string{}
	for _, manifest := range s.Manifests {
		path, query, _ := strings.Cut(manifest, "?")
		if other, taken := paths[path]; taken && other != query && len(s.SegmentQueries) == 0 {
			c.require(false, "streams", path+" differs from another stream only in its query string: two segments told apart by theirs would share one object in the cache",
				"distribution.cloudformation.segment_query_strings: "+"["+strings.Join(queryNames(manifest), ", ")+"], unless segments have names of their own")
		}
		paths[path] = query
	}
	if s.Signed.on() && len(s.CORSOrigins) == 0 {
		c.option(false, "signed", "a page on another host cannot play with signed cookies: CORS with credentials takes no wildcard",
			"list the pages in distribution.cloudformation.cors_origins")
	}
	if len(s.Aliases) > 0 && !slices.ContainsFunc(s.Aliases, func(a string) bool { return !strings.HasPrefix(a, "*.") }) {
		c.option(false, "aliases", "a wildcard is no address: players get the distribution's own domain name", "add the name that viewers use")
	}
	return c.problems
}

func isARN(text, service string) bool {
	return regexp.MustCompile(`^arn:aws[a-z-]*:` + service + `:[a-z0-9-]*:[0-9]{12}:[^\s]+$`).MatchString(text)
}

// isToken says whether name can stand as the name of a header.
func isToken(name string) bool {
	return textproto.TrimString(name) == name && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
}

func isPublicKey(text string) bool {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return false
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() == 2048
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256()
	}
	return false
}
