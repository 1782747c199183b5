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

// ProvisionPolicy returns the least that an IAM principal needs to create,
// update and delete the stacks of a Spec. What CloudFormation does with the
// caller's rights is bound to it by aws:CalledVia; with a service role the caller
// needs none of that: see RolePolicy.
func ProvisionPolicy(s Spec) ([]byte, error) {
	// Calls name a change set and its stack. AWS authorises them for the stack;
	// where only the id of the change set counts, the second statement does.
	statements := []statement{
		{Sid: "ProvisionStack", Effect: "Allow", Resource: s.stackARNs(), Action: prefixed("cloudformation",
			"CreateChangeSet", "CreateStack", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet", "DescribeEvents",
			"DescribeStackEvents",
			"DescribeStacks", "ExecuteChangeSet", "GetStackPolicy", "GetTemplate", "ListStackResources", "SetStackPolicy",
			"TagResource",
			"UntagResource", "UpdateTerminationProtection")},
		{
			Sid: "ProvisionChangeSet", Effect: "Allow", Resource: s.arn("cloudformation", "changeSet/"+changeSetName+"*"),
			Action: prefixed("cloudformation", "DeleteChangeSet", "DescribeChangeSet", "ExecuteChangeSet"),
		},
	}
	statements = append(statements, s.preflightRights()...)
	if s.RoleARN != "" {
		pass := allow("ProvisionPassRole", s.RoleARN, "iam:PassRole")
		pass.Condition = object{"StringEquals": object{"iam:PassedToService": "cloudformation.amazonaws.com"}}
		return renderPolicy(append(statements, pass))
	}
	rights, err := s.resourceRights()
	if err != nil {
		return nil, err
	}
	for i := range rights {
		via := object{"aws:CalledVia": []string{"cloudformation.amazonaws.com"}}
		rights[i].Condition = object{"ForAnyValue:StringEquals": via}
	}
	return renderPolicy(append(statements, rights...))
}

// preflightRights are for reading what would fail later. Without them everything
// else works: Preflight says what it could not read.
func (s Spec) preflightRights() []statement {
	if s.AlarmsOnly {
		return nil
	}
	rights := []statement{allow("ProvisionPreflight", "*", "cloudfront:ListCachePolicies", "cloudfront:ListDistributions")}
	if s.CertificateARN != "" {
		rights = append(rights, allow("ProvisionCertificate", s.CertificateARN, "acm:DescribeCertificate"))
	}
	if kinds, err := resourceTypes(s); err == nil && slices.Contains(kinds, "AWS::SNS::Topic") {
		rights = append(rights, allow("ProvisionSubscriptions", s.arn("sns", s.StackName+"-*"),
			"sns:ListSubscriptionsByTopic"))
	}
	return rights
}

// RolePolicy returns what the service role of CloudFormation (RoleARN) needs.
func RolePolicy(s Spec) ([]byte, error) {
	rights, err := s.resourceRights()
	if err != nil {
		return nil, err
	}
	return renderPolicy(rights)
}

// MonitorPolicy returns the least that an IAM principal needs to watch the
// event: it reads the stacks, puts metrics of one namespace, switches the actions
// of the stack's own alarms, and reads the secrets that it signs with. An event
// without a stack has StackName "".
func MonitorPolicy(s Spec) ([]byte, error) {
	stacks := s.stackARNs()
	for _, name := range s.Reads {
		stacks = append(stacks, s.arn("cloudformation", "stack/"+name+"/*"))
	}
	var statements []statement
	if s.StackName != "" {
		statements = append(statements, statement{
			Sid: "MonitorStack", Effect: "Allow", Resource: stacks,
			Action: prefixed("cloudformation", "DescribeStacks", "GetStackPolicy", "GetTemplate"),
		})
	}
	if len(s.KeySecrets) == 1 {
		statements = append(statements, allow("MonitorPrivateKey", s.KeySecrets[0], "secretsmanager:GetSecretValue"))
	} else if len(s.KeySecrets) > 1 {
		keys := allow("MonitorPrivateKey", "", "secretsmanager:GetSecretValue")
		keys.Resource = s.KeySecrets
		statements = append(statements, keys)
	}
	if s.Metrics.Count > 0 {
		put := allow("MonitorMetrics", "*", "cloudwatch:PutMetricData")
		put.Condition = object{"StringEquals": object{"cloudwatch:namespace": cmp.Or(s.Metrics.Namespace, "StreamWatch")}}
		// What was not answered is looked for before it is sent again.
		statements = append(statements, put, allow("MonitorReads", "*", "cloudwatch:GetMetricData"))
	}
	kinds, err := resourceTypes(s)
	if err != nil {
		return nil, err
	}
	if slices.Contains(kinds, "AWS::CloudWatch::Alarm") {
		// Tags on the heartbeat alarm say which monitors watch.
		statements = append(statements, allow("MonitorReadsAlarms", s.arn("cloudwatch", "alarm:*"),
			"cloudwatch:DescribeAlarms"),
			allow("MonitorAlarms", s.arn("cloudwatch", "alarm:"+s.StackName+"-*"),
				prefixed("cloudwatch", "DisableAlarmActions", "EnableAlarmActions", "ListTagsForResource", "TagResource",
					"UntagResource")...))
	}
	if slices.Contains(kinds, "AWS::SNS::Topic") {
		statements = append(statements, allow("MonitorSubscriptions", s.arn("sns", s.StackName+"-*"),
			"sns:ListSubscriptionsByTopic"))
	}
	return renderPolicy(statements)
}

// resourceRights are the calls that CloudFormation makes for the resources of
// all stacks, one statement for each service.
func (s Spec) resourceRights() ([]statement, error) {
	kinds, err := resourceTypes(s)
	if err != nil {
		return nil, err
	}
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
	var statements []statement
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
		statements = append(statements, statement{
			Sid: name, Effect: "Allow", Action: slices.Compact(byService[service]),
			Resource: on,
		})
	}
	return statements, nil
}

// stackARNs are the stack and those beside it, however many the event will need.
func (s Spec) stackARNs() []string {
	return []string{
		s.arn("cloudformation", "stack/"+s.StackName+"/*"),
		s.arn("cloudformation", "stack/"+s.StackName+"-alarms-*/*"),
	}
}

func renderPolicy(statements []statement) ([]byte, error) {
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

// resourceTypes are those in the templates of s, each once and in order.
func resourceTypes(s Spec) ([]string, error) {
	var kinds []string
	for _, one := range s.Stacks() {
		body, err := Template(one)
		if err != nil {
			return nil, err
		}
		var t struct {
			Resources map[string]struct{ Type string }
		}
		if err := json.Unmarshal(body, &t); err != nil {
			return nil, fmt.Errorf("reading the template: %w", err)
		}
		for _, r := range t.Resources {
			kinds = append(kinds, r.Type)
		}
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
		return slices.Concat(crud("Distribution"), prefixed("cloudfront", "CreateDistributionWithTags",
			"GetDistributionConfig"), prefixed("cloudfront", tags...))
	case "AWS::CloudFront::Function":
		return append(crud("Function"), prefixed("cloudfront", "DescribeFunction", "PublishFunction", "TagResource",
			"UntagResource", "ListTagsForResource")...)
	case "AWS::CloudFront::MonitoringSubscription":
		return prefixed("cloudfront", "CreateMonitoringSubscription", "GetMonitoringSubscription",
			"DeleteMonitoringSubscription")
	case "AWS::CloudWatch::Alarm":
		return append(prefixed("cloudwatch", "PutMetricAlarm", "DescribeAlarms", "DeleteAlarms"),
			prefixed("cloudwatch", tags...)...)
	case "AWS::CloudWatch::CompositeAlarm":
		return append(prefixed("cloudwatch", "PutCompositeAlarm", "DescribeAlarms", "DeleteAlarms"),
			prefixed("cloudwatch", tags...)...)
	case "AWS::CloudWatch::Dashboard":
		return append(prefixed("cloudwatch", "PutDashboard", "GetDashboard", "DeleteDashboards"),
			prefixed("cloudwatch", tags...)...)
	case "AWS::SNS::Topic":
		return append(prefixed("sns", "CreateTopic", "DeleteTopic", "GetTopicAttributes", "SetTopicAttributes", "Subscribe",
			"Unsubscribe",
			"ListSubscriptionsByTopic", "GetDataProtectionPolicy"), prefixed("sns", tags...)...)
	case "AWS::SNS::Subscription":
		return prefixed("sns", "Subscribe", "Unsubscribe", "GetSubscriptionAttributes", "SetSubscriptionAttributes",
			"ListSubscriptionsByTopic")
	case "AWS::SNS::TopicPolicy":
		return prefixed("sns", "SetTopicAttributes", "GetTopicAttributes")
	case "AWS::Logs::LogGroup":
		return append(prefixed("logs", "CreateLogGroup", "DeleteLogGroup", "DescribeLogGroups", "PutRetentionPolicy",
			"DeleteRetentionPolicy",
			"GetDataProtectionPolicy", "DescribeIndexPolicies", "DescribeResourcePolicies"), prefixed("logs", tags...)...)
	case "AWS::Logs::DeliverySource":
		return append(prefixed("logs", "PutDeliverySource", "GetDeliverySource", "DeleteDeliverySource"),
			prefixed("logs", tags...)...)
	case "AWS::Logs::DeliveryDestination":
		return append(prefixed("logs", "PutDeliveryDestination", "GetDeliveryDestination", "DeleteDeliveryDestination",
			"GetDeliveryDestinationPolicy"), prefixed("logs", tags...)...)
	case "AWS::Logs::Delivery":
		return slices.Concat(prefixed("logs", "CreateDelivery", "GetDelivery", "DeleteDelivery", "DescribeDeliveries",
			"DescribeResourcePolicies", "GetDeliveryDestination", "GetDeliverySource", "PutResourcePolicy",
			"UpdateDeliveryConfiguration"), prefixed("logs", tags...))
	}
	// CachePolicy, ResponseHeadersPolicy, PublicKey and KeyGroup.
	return crud(kind[strings.LastIndex(kind, ":")+1:])
}
