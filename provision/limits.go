package provision

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// stackKeys is the part of event.yaml that most of a Spec is written in.
const stackKeys = "distribution.cloudformation."

// Limits of CloudFront and CloudFormation that a Spec can be held against.
const (
	maxHeaders      = 10
	maxHeaderName   = 256
	maxHeaderValue  = 1783
	maxComment      = 128
	maxStackName    = 100 // CloudFormation takes 128; policies put the region and more behind it
	maxStackPolicy  = 16_384
	maxNotification = 5  // topics of a stack, and actions of an alarm
	maxQueryStrings = 10 // of one cache policy
	maxTagKey       = 128
	maxTagValue     = 256
	maxTags         = 50 - 1 // one is the owner's
)

var (
	nameForm    = regexp.MustCompile(fmt.Sprintf(`^[A-Za-z][A-Za-z0-9-]{0,%d}$`, maxStackName-1))
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	queryForm   = regexp.MustCompile(`^[A-Za-z0-9_.~-]+$`)
	// hostForm ends with letters, or with the name of an international top-level domain.
	hostForm = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,}|xn--[a-z0-9-]*[a-z0-9])$`)

	topicForm       = arnForm("sns", `[a-z0-9-]*`, `[^\s]+`)
	roleForm        = arnForm("iam", "", `role/[^\s]+`)
	aclForm         = arnForm("wafv2", "us-east-1", `global/webacl/[^\s]+`)
	certificateForm = arnForm("acm", "us-east-1", `certificate/[^\s]+`)
)

// arnForm is the form of an ARN of a service, in a region and of a resource.
func arnForm(service, region, resource string) *regexp.Regexp {
	return regexp.MustCompile(`^arn:aws[a-z-]*:` + service + `:` + region + `:[0-9]{12}:` + resource + `$`)
}

// Limits returns what single values of a Spec may be, by their keys in
// event.yaml; [] is any entry of a list. Problems holds a Spec to them, and to
// the rules about more than one value.
func Limits() map[string]rule.Limit {
	name := rule.Limit{
		Form: nameForm,
		Must: fmt.Sprintf("begin with a letter and hold letters, digits and hyphens, at most %d", maxStackName),
		Hint: "such as LiveHTTPStreaming",
	}
	region := rule.Limit{Form: regionForm, Must: "be an AWS region", Hint: "such as us-east-1"}
	topic := rule.Limit{
		Form: topicForm, Must: "be the ARN of a topic",
		Hint: "such as arn:aws:sns:us-east-1:123456789012:ops",
	}
	topics := rule.Limit{Most: maxNotification}
	query := rule.Limit{Form: queryForm, Must: "be the name of a query string", Hint: "such as token"}
	queries := rule.Limit{Most: maxQueryStrings}
	country := rule.Limit{Form: countryForm, Must: "be a country code of two capital letters", Hint: "such as DE"}
	limits := map[string]rule.Limit{
		"alarms.stack_name": name, "alarms.notify": topics, "alarms.notify[]": topic,
		"metrics.cloudwatch.region": region,
	}
	for key, limit := range map[string]rule.Limit{
		"stack_name": name, "region": region, "notification_arns": topics, "notification_arns[]": topic,
		"comment":        {Long: maxComment},
		"tags":           {Most: maxTags},
		"create_timeout": {Range: "1m..12h", Hint: "a distribution takes 5 to 10 minutes"},
		"on_failure":     {Words: []string{"ROLLBACK", "DELETE", "DO_NOTHING"}},
		"role_arn": {
			Form: roleForm, Must: "be the ARN of a role", Hint: "such as arn:aws:iam::123456789012:role/cloudformation",
			Empty: true,
		},
		"price_class":     {Words: []string{"PriceClass_All", "PriceClass_200", "PriceClass_100"}},
		"viewer_protocol": {Words: []string{"redirect-to-https", "allow-all", "https-only"}},
		"aliases[]":       {Form: hostForm, Must: "be a host name", Hint: "such as live.example.com"},
		"certificate_arn": {
			Form: certificateForm, Must: "be the ARN of an ACM certificate in us-east-1",
			Hint: "CloudFront takes certificates from us-east-1 only, whatever the stack's region", Empty: true,
		},
		"origin_shield_region": {
			Words: shieldRegions(), Must: "be a region with Origin Shield",
			Hint: "the one nearest to the origin of " + strings.Join(shieldRegions(), ", "), Empty: true,
		},
		"origin_timeouts.attempts":   {Range: "1..3"},
		"origin_timeouts.connect":    {Range: "1s..10s"},
		"origin_timeouts.read":       {Range: "1s..2m"},
		"origin_timeouts.keepalive":  {Range: "1s..2m"},
		"origin_timeouts.completion": {Range: "1s..1h"},
		"geo_restriction.allow[]":    country, "geo_restriction.block[]": country,
		"waf_arn": {
			Form: aclForm, Must: "be the ARN of a web ACL of CloudFront",
			Hint: "such as arn:aws:wafv2:us-east-1:123456789012:global/webacl/name/id", Empty: true,
		},
		"target_duration": {Range: "0s..1m"},
		"query_strings":   queries, "query_strings[]": query,
		"segment_query_strings": queries, "segment_query_strings[]": query,
		"propagation_grace": {Range: "0s..1h"},
	} {
		limits[stackKeys+key] = limit
	}
	return limits
}

// shieldRegions are where Origin Shield is ("Choosing the AWS Region for your
// Origin Shield", Amazon CloudFront Developer Guide).
func shieldRegions() []string {
	return []string{
		"us-east-1", "us-east-2", "us-west-2", "ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1",
		"ap-southeast-2",
		"eu-central-1", "eu-west-1", "eu-west-2", "me-central-1", "sa-east-1",
	}
}
