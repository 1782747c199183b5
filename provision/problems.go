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
	maxStackName    = 110 // CloudFormation takes 128; the policies put something behind it
	maxStackPolicy  = 16_384
	maxNotification = 5
	maxQueryStrings = 10 - 3
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
	c.checkOrigin("origin", s.Origin)
	if s.Failover != nil {
		c.checkOrigin("distribution.cloudformation.failover", *s.Failover)
	}
	c.checkViewers(s)
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
	c.option(regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`).MatchString(s.StackName) && len(s.StackName) <= maxStackName, "stack_name",
		fmt.Sprintf("%q is no name for a stack", s.StackName), fmt.Sprintf("letters, digits and hyphens, a letter first, at most %d", maxStackName))
	c.option(len([]rune(s.Comment)) <= maxComment, "comment", "is too long", fmt.Sprintf("at most %d characters", maxComment))
	c.option(len(s.NotificationARNs) <= maxNotification, "notification_arns", "has too many topics", fmt.Sprintf("CloudFormation takes %d", maxNotification))
	for _, arn := range s.NotificationARNs {
		c.option(isARN(arn, "sns"), "notification_arns", fmt.Sprintf("%q is no ARN of a topic", arn), "such as arn:aws:sns:us-east-1:123456789012:ops")
	}
	c.option(len(s.Tags) <= maxTags, "tags", "are too many", fmt.Sprintf("at most %d", maxTags))
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		c.option(!strings.HasPrefix(strings.ToLower(key), "aws:") && key != ownerTag, "tags", fmt.Sprintf("%q is taken", key), "choose another key")
	}
	c.option(len(s.StackPolicy) <= maxStackPolicy, "stack_policy", "is too long", fmt.Sprintf("at most %d bytes", maxStackPolicy))
	c.option(s.StackPolicy == nil || json.Valid(s.StackPolicy), "stack_policy", "is not JSON", "leave it out to protect the distribution from replacement")
	c.option(s.CreateTimeout >= time.Minute, "create_timeout", "is below a minute", "a distribution takes 5 to 10 minutes")
	c.option(slices.Contains([]string{"ROLLBACK", "DELETE", "DO_NOTHING"}, s.OnFailure), "on_failure", fmt.Sprintf("%q is unknown", s.OnFailure), "ROLLBACK, DELETE or DO_NOTHING")
	c.option(!s.AccessLogs || s.Region == "us-east-1", "access_logs", "need region us-east-1", "CloudFront delivers its logs there only")
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
	c.option(len(s.QueryStrings) <= maxQueryStrings, "query_strings", "are too many", fmt.Sprintf("at most %d besides _HLS_*", maxQueryStrings))
	c.option(s.Signed.PublicKey == "" || s.Signed.KeyGroup == "", "signed", "has both", "public_key or key_group, not both")
	c.option(s.Signed.PublicKey == "" || isPublicKey(s.Signed.PublicKey), "signed.public_key",
		"is no public key that CloudFront takes", "RSA 2048 or ECDSA P-256 in PEM: openssl rsa -in private.pem -pubout")
}

func isARN(text, service string) bool {
	return regexp.MustCompile(`^arn:aws[a-z-]*:` + service + `:[a-z0-9-]*:[0-9]{12}:.+$`).MatchString(text)
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
