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
	"unicode/utf8"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// Problems returns everything in s that AWS would refuse and that can be known
// without asking it. Messages hold no secret.
func (s Spec) Problems() []rule.Problem {
	c := &checker{limits: Limits()}
	c.checkStack(s)
	if s.AlarmsOnly {
		return c.Problems
	}
	c.checkStackOptions(s)
	c.checkOrigin("origin", s.Origin)
	if s.Failover != nil {
		c.checkOrigin(stackKeys+"failover", *s.Failover)
	}
	c.checkTimeouts(s.Timeouts)
	c.checkCache(s)
	c.checkViewers(s)
	c.checkQueries(s)
	return c.Problems
}

// TopicProblems returns what is wrong with the topics that alarms notify, which
// stand at path; a role, or a topic in another region than the stack's, is
// refused only when the alarm is made. An empty region is not known yet.
func TopicProblems(path string, arns []string, region string) []rule.Problem {
	c := &checker{limits: Limits()}
	c.topics(path, arns, region)
	return c.Problems
}

// checker collects problems.
type checker struct {
	rule.Book
	limits map[string]rule.Limit
}

// hold holds a value to its limit.
func (c *checker) hold(path string, value any) { c.Hold(path, value, c.limits[path]) }

// option is hold for a key of distribution.cloudformation.
func (c *checker) option(key string, value any) { c.hold(stackKeys+key, value) }

// list holds the entries of a list, and their number, to their limits.
func (c *checker) list(key string, entries []string) {
	path := stackKeys + key
	c.Count(path, len(entries), c.limits[path])
	for i, entry := range entries {
		c.Hold(rule.Index(path, i), entry, c.limits[path+"[]"])
	}
}

// require notes a problem at a key of distribution.cloudformation unless ok.
func (c *checker) require(ok bool, key, text, hint string) { c.Require(ok, stackKeys+key, text, hint) }

func (c *checker) checkStack(s Spec) {
	if !s.beside { // whose name is ours, and longer
		c.hold(s.key("stack_name"), s.StackName)
	}
	c.hold(s.key("region"), s.Region)
	for _, prefix := range []string{"cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-"} {
		c.Require(!strings.HasPrefix(s.Region, prefix), s.key("region"),
			fmt.Sprintf("is %s, in a partition of AWS without this CloudFront", s.Region),
			"us-east-1, where CloudFront's metrics are too; a CDN that is there already goes under distribution.existing")
	}
}

func (c *checker) checkStackOptions(s Spec) {
	c.option("comment", s.Comment)
	c.topics(stackKeys+"notification_arns", s.NotificationARNs, s.Region)
	c.option("role_arn", s.RoleARN)
	c.checkTags(s)
	c.require(len(s.StackPolicy) <= maxStackPolicy, "stack_policy",
		fmt.Sprintf("must have at most %d bytes", maxStackPolicy), "")
	c.require(s.StackPolicy == nil || isStackPolicy(s.StackPolicy), "stack_policy",
		"is no stack policy: JSON with a Statement",
		"leave it out to protect the distribution from replacement")
	c.option("create_timeout", s.CreateTimeout)
	c.option("on_failure", s.OnFailure)
	c.option("propagation_grace", s.Grace)
	c.require(!s.AccessLogs || s.Region == "us-east-1", "access_logs", "need region us-east-1",
		"CloudFront delivers its logs there only")
}

var tagForm = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

func (c *checker) checkTags(s Spec) {
	const allowed = "letters, digits, spaces and _ . : / = + - @, at most %d"
	c.Count(stackKeys+"tags", len(s.Tags), c.limits[stackKeys+"tags"])
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		at, value := "tags."+key, s.Tags[key]
		c.require(!strings.HasPrefix(strings.ToLower(key), "aws:") && key != ownerTag, at, "is a tag that is taken",
			"choose another key")
		c.require(key != "" && utf8.RuneCountInString(key) <= maxTagKey && tagForm.MatchString(key), at, "is no key of a tag",
			fmt.Sprintf(allowed, maxTagKey))
		c.require(utf8.RuneCountInString(value) <= maxTagValue && tagForm.MatchString(value), at,
			"has a value that no tag may have",
			fmt.Sprintf(allowed, maxTagValue))
	}
}

// topics requires ARNs of topics in a region: CloudFormation and CloudWatch
// notify no others.
func (c *checker) topics(path string, arns []string, region string) {
	c.Count(path, len(arns), c.limits[path])
	for i, arn := range arns {
		at := rule.Index(path, i)
		c.Hold(at, arn, c.limits[path+"[]"])
		if region == "" || !topicForm.MatchString(arn) {
			continue
		}
		where := strings.Split(arn, ":")[3]
		c.Require(where == region, at, fmt.Sprintf("names a topic in %s, and the stack is in %s", where, region),
			"name a topic in "+region)
	}
}

// isStackPolicy says whether a text has what CloudFormation asks of a policy.
func isStackPolicy(text []byte) bool {
	var policy struct{ Statement []json.RawMessage }
	return json.Unmarshal(text, &policy) == nil && len(policy.Statement) > 0
}

// refusedHeaders are those that CloudFront does not take as custom headers.
var refusedHeaders = regexp.MustCompile(`(?i)^(cache-control|connection|content-length|cookie|host|if-.*|` +
	`max-forwards|pragma|proxy-.*|range|request-range|te|trailer|transfer-encoding|upgrade|via|` +
	`x-amz-.*|x-edge-.*|x-real-ip)$`)

func (c *checker) checkOrigin(path string, o Origin) {
	url, headers := path+".url", path+".headers"
	c.Require(net.ParseIP(o.Host) == nil && strings.Contains(o.Host, ".") && !strings.HasSuffix(o.Host, ".localhost"), url,
		fmt.Sprintf("names %q, which CloudFront cannot reach", o.Host),
		"give the origin a public DNS name; an address or localhost works with distribution.local only")
	c.Require(!strings.Contains(o.Host, "_"), url, fmt.Sprintf("names %q, which has an underscore", o.Host),
		"CloudFront takes host names of letters, digits and hyphens")
	c.Require(o.Port == 80 || o.Port == 443 || o.Port >= 1024 && o.Port <= 65535, url,
		fmt.Sprintf("has port %d, which CloudFront does not connect to", o.Port), "80, 443 or 1024 to 65535")
	c.Require(len(o.Headers) <= maxHeaders, headers, fmt.Sprintf("must have at most %d entries", maxHeaders),
		"CloudFront sends no more")
	taken := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		at, value := headers+"."+name, o.Headers[name]
		c.Require(name != "" && len(name) <= maxHeaderName && !refusedHeaders.MatchString(name) && isToken(name), at,
			"is a header that CloudFront does not send", "such as X-Origin-Verify")
		c.Require(value != "" && len(value) <= maxHeaderValue, at,
			fmt.Sprintf("must have 1 to %d characters", maxHeaderValue), "")
		param := strings.ToLower(namedOrigin{}.parameter(name))
		c.Require(taken[param] == "", at, fmt.Sprintf("is too much like %s", taken[param]), "rename one")
		taken[param] = name
	}
}

func (c *checker) checkTimeouts(t Timeouts) {
	c.option("origin_timeouts.attempts", t.Attempts)
	c.option("origin_timeouts.connect", t.Connect)
	c.option("origin_timeouts.read", t.Read)
	c.option("origin_timeouts.keepalive", t.Keepalive)
	c.option("origin_timeouts.completion", t.Completion)
	c.require(t.Completion >= t.Read, "origin_timeouts.completion", "must not be shorter than read", "")
}

func (c *checker) checkCache(s Spec) {
	c.option("price_class", s.PriceClass)
	c.option("origin_shield_region", s.OriginShield)
	c.option("target_duration", s.TargetDuration)
}

func (c *checker) checkViewers(s Spec) {
	c.option("viewer_protocol", s.ViewerProtocol)
	c.list("aliases", s.Aliases)
	c.Once(stackKeys+"aliases", s.Aliases)
	for i, alias := range s.Aliases {
		host := strings.ToLower(alias)
		own := host == strings.ToLower(s.Origin.Host) || s.Failover != nil && host == strings.ToLower(s.Failover.Host)
		c.require(!own, rule.Index("aliases", i), "is the origin's own name: CloudFront would ask itself",
			"give the origin a name of its own")
	}
	c.option("certificate_arn", s.CertificateARN)
	c.require(len(s.Aliases) == 0 || s.CertificateARN != "", "aliases", "need a certificate_arn that covers them",
		"one from ACM in us-east-1")
	c.require(len(s.Aliases) > 0 || s.CertificateARN == "", "certificate_arn", "has no aliases to serve",
		"add aliases, or leave it out")
	c.list("geo_restriction.allow", s.GeoAllow)
	c.list("geo_restriction.block", s.GeoBlock)
	c.require(len(s.GeoAllow) == 0 || len(s.GeoBlock) == 0, "geo_restriction", "has both allow and block",
		"write one of the two, such as {allow: [DE, AT]}")
	c.option("waf_arn", s.WAFARN)
	c.require(s.Signed.PublicKey == "" || s.Signed.KeyGroup == "", "signed", "has both public_key and key_group",
		"write one of the two")
	c.require(s.Signed.PublicKey == "" || isPublicKey(s.Signed.PublicKey), "signed.public_key",
		"is no public key that CloudFront takes", "RSA 2048 or ECDSA P-256 in PEM: openssl rsa -in private.pem -pubout")
}

// checkQueries holds the query strings to the limits of a cache policy.
func (c *checker) checkQueries(s Spec) {
	c.list("query_strings", s.QueryStrings)
	c.list("segment_query_strings", s.SegmentQueries)
	c.Once(stackKeys+"query_strings", s.QueryStrings)
	c.Once(stackKeys+"segment_query_strings", s.SegmentQueries)
	names := s.manifestQueries()
	c.require(len(names) <= maxQueryStrings || len(s.QueryStrings) > maxQueryStrings, "query_strings",
		"are too many: "+strings.Join(names, ", "),
		fmt.Sprintf("a cache policy takes %d, three of them are _HLS_*, and those in the manifests count", maxQueryStrings))
}

// Warnings returns what AWS takes and what will surprise its user. Messages hold
// no value of a query string.
func (s Spec) Warnings() []rule.Problem {
	c := &checker{}
	if s.AlarmsOnly {
		return nil
	}
	paths := map[string]string{}
	for _, manifest := range s.Manifests {
		path, query, _ := strings.Cut(manifest, "?")
		if other, taken := paths[path]; taken && other != query && len(s.SegmentQueries) == 0 {
			c.Require(false, "streams", "differ only in the query string of "+path+": "+
				"two segments told apart by theirs would share one object in the cache",
				stackKeys+"segment_query_strings: ["+strings.Join(queryNames(manifest), ", ")+
					"], unless segments have names of their own")
		}
		paths[path] = query
	}
	c.require(!s.Signed.on() || len(s.CORSOrigins) > 0, "signed",
		"lets no page on another host play: CORS with signed cookies takes no wildcard",
		"list the pages in "+stackKeys+"cors_origins")
	named := slices.ContainsFunc(s.Aliases, func(a string) bool { return !strings.HasPrefix(a, "*.") })
	c.require(len(s.Aliases) == 0 || named, "aliases",
		"has a wildcard only, which is no address: players get the distribution's own domain name",
		"add the name that viewers use")
	return c.Problems
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
