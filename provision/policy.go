package provision

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// statement of an IAM policy.
type statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  any
	Condition object `json:",omitempty"`
}

// Policy returns the least that an IAM principal needs for a Spec, as the JSON
// of a policy: the statements that begin with Provision to create, update and
// delete the stack, those with Monitor for the running monitor.
func Policy(s Spec) ([]byte, error) {
	kinds, err := resourceTypes(s)
	if err != nil {
		return nil, err
	}
	statements := []statement{allow("ProvisionStack", s.arn("cloudformation", "stack/"+s.StackName+"/*"),
		prefixed("cloudformation", "CreateChangeSet", "CreateStack", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet", "DescribeEvents",
			"DescribeStackEvents", "DescribeStacks", "ExecuteChangeSet", "GetStackPolicy", "ListStackResources", "SetStackPolicy",
			"TagResource", "UntagResource", "UpdateTerminationProtection")...)}
	byService := map[string][]string{}
	for _, kind := range kinds {
		for _, action := range actionsFor(kind) {
			service, _, _ := strings.Cut(action, ":")
			byService[service] = append(byService[service], action)
		}
	}
	if s.AccessLogs {
		byService["cloudfront"] = append(byService["cloudfront"], "cloudfront:AllowVendedLogDeliveryForResource")
	}
	if s.WAFARN != "" {
		byService["wafv2"] = []string{"wafv2:GetWebACL"}
	}
	for _, service := range slices.Sorted(maps.Keys(byService)) {
		slices.Sort(byService[service])
		var on any = "*" // what is created has no ARN yet, and composite alarms take no other
		switch service {
		case "sns":
			on = s.arn("sns", s.StackName+"-*")
		case "wafv2":
			on = s.WAFARN
		}
		name := "Provision" + strings.ToUpper(service[:1]) + service[1:]
		statements = append(statements, statement{Sid: name, Effect: "Allow", Action: slices.Compact(byService[service]), Resource: on})
	}
	put := allow("MonitorMetrics", "*", "cloudwatch:PutMetricData")
	put.Condition = object{"StringEquals": object{"cloudwatch:namespace": cmp.Or(s.Metrics.Namespace, "StreamWatch")}}
	if s.Metrics.Count > 0 {
		// What was not answered is looked for before it is sent again.
		statements = append(statements, put, allow("MonitorReads", "*", "cloudwatch:GetMetricData"))
	}
	if slices.Contains(kinds, "AWS::CloudWatch::Alarm") {
		statements = append(statements, allow("MonitorAlarms", s.arn("cloudwatch", "alarm:*"),
			prefixed("cloudwatch", "DescribeAlarms", "DisableAlarmActions", "EnableAlarmActions")...))
	}
	out, err := json.MarshalIndent(object{"Version": "2012-10-17", "Statement": statements}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("rendering the policy: %w", err)
	}
	return append(out, '\n'), nil
}

// arn names things in the stack's Region, in any account: which one the policy
// will be attached in is not known here.
func (s Spec) arn(service, name string) string {
	partition := "aws"
	switch {
	case strings.HasPrefix(s.Region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(s.Region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return strings.Join([]string{"arn", partition, service, s.Region, "*", name}, ":")
}

func allow(sid, on string, actions ...string) statement {
	return statement{Sid: sid, Effect: "Allow", Action: actions, Resource: on}
}

func prefixed(service string, names ...string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = service + ":" + name
	}
	return out
}

// resourceTypes are those in the template of s, each once and in order.
func resourceTypes(s Spec) ([]string, error) {
	body, err := Template(s)
	if err != nil {
		return nil, err
	}
	var t struct {
		Resources map[string]struct{ Type string }
	}
	if err := json.Unmarshal(body, &t); err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	var kinds []string
	for _, r := range t.Resources {
		kinds = append(kinds, r.Type)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), nil
}

// crud are the four calls that most of CloudFront's resources need.
func crud(noun string) []string {
	return prefixed("cloudfront", "Create"+noun, "Get"+noun, "Update"+noun, "Delete"+noun)
}

// actionsFor are the calls that CloudFormation makes for a type of resource
// with the caller's credentials.
func actionsFor(kind string) []string {
	tags := []string{"TagResource", "UntagResource", "ListTagsForResource"}
	switch kind {
	case "AWS::CloudFront::Distribution":
		return slices.Concat(crud("Distribution"), prefixed("cloudfront", "CreateDistributionWithTags", "GetDistributionConfig"), prefixed("cloudfront", tags...))
	case "AWS::CloudFront::MonitoringSubscription":
		return prefixed("cloudfront", "CreateMonitoringSubscription", "GetMonitoringSubscription", "DeleteMonitoringSubscription")
	case "AWS::CloudWatch::Alarm":
		return append(prefixed("cloudwatch", "PutMetricAlarm", "DescribeAlarms", "DeleteAlarms"), prefixed("cloudwatch", tags...)...)
	case "AWS::CloudWatch::CompositeAlarm":
		return append(prefixed("cloudwatch", "PutCompositeAlarm", "DescribeAlarms", "DeleteAlarms"), prefixed("cloudwatch", tags...)...)
	case "AWS::CloudWatch::Dashboard":
		return prefixed("cloudwatch", "PutDashboard", "GetDashboard", "DeleteDashboards")
	case "AWS::SNS::Topic":
		return append(prefixed("sns", "CreateTopic", "DeleteTopic", "GetTopicAttributes", "SetTopicAttributes", "Subscribe", "Unsubscribe",
			"ListSubscriptionsByTopic", "GetDataProtectionPolicy"), prefixed("sns", tags...)...)
	case "AWS::SNS::Subscription":
		return prefixed("sns", "Subscribe", "Unsubscribe", "GetSubscriptionAttributes", "SetSubscriptionAttributes", "ListSubscriptionsByTopic")
	case "AWS::SNS::TopicPolicy":
		return prefixed("sns", "SetTopicAttributes", "GetTopicAttributes")
	case "AWS::Logs::LogGroup":
		return append(prefixed("logs", "CreateLogGroup", "DeleteLogGroup", "DescribeLogGroups", "PutRetentionPolicy", "DeleteRetentionPolicy"), prefixed("logs", tags...)...)
	case "AWS::Logs::DeliverySource":
		return append(prefixed("logs", "PutDeliverySource", "GetDeliverySource", "DeleteDeliverySource"), prefixed("logs", tags...)...)
	case "AWS::Logs::DeliveryDestination":
		return append(prefixed("logs", "PutDeliveryDestination", "GetDeliveryDestination", "DeleteDeliveryDestination", "GetDeliveryDestinationPolicy"), prefixed("logs", tags...)...)
	case "AWS::Logs::Delivery":
		return append(prefixed("logs", "CreateDelivery", "GetDelivery", "DeleteDelivery", "DescribeDeliveries", "DescribeResourcePolicies", "PutResourcePolicy"), prefixed("logs", tags...)...)
	}
	// CachePolicy, ResponseHeadersPolicy, PublicKey and KeyGroup.
	return crud(kind[strings.LastIndex(kind, ":")+1:])
}
