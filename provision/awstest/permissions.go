package awstest

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

// permissions are the calls that CloudFormation makes for a type of resource, as
// the handlers in its registry schema state them; calls for what no template of
// ours has (connection groups, staging, data protection of topics) are left out.
func permissions(kind, verb string) []string {
	noun := kind[strings.LastIndex(kind, ":")+1:]
	tagged := func(service string) []string {
		switch verb {
		case "CREATE":
			return []string{service + ":TagResource", service + ":ListTagsForResource"}
		case "UPDATE":
			return []string{service + ":TagResource", service + ":UntagResource", service + ":ListTagsForResource"}
		}
		return nil
	}
	title := map[string]string{"CREATE": "Create", "UPDATE": "Update", "DELETE": "Delete"}[verb]
	switch kind {
	case "AWS::CloudFront::Distribution":
		return append(tagged("cloudfront"), "cloudfront:"+title+"Distribution", "cloudfront:GetDistribution",
			"cloudfront:GetDistributionConfig")
	case "AWS::CloudFront::Function":
		if verb == "DELETE" {
			return []string{"cloudfront:DeleteFunction", "cloudfront:DescribeFunction"}
		}
		return append(tagged("cloudfront"), "cloudfront:"+title+"Function", "cloudfront:PublishFunction",
			"cloudfront:DescribeFunction")
	case "AWS::CloudFront::MonitoringSubscription":
		return []string{"cloudfront:" + strings.Replace(title, "Update", "Create", 1) + noun}
	case "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm":
		if verb == "DELETE" {
			return []string{"cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms"}
		}
		return append(tagged("cloudwatch"), "cloudwatch:Put"+map[string]string{
			"Alarm":          "MetricAlarm",
			"CompositeAlarm": "CompositeAlarm",
		}[noun], "cloudwatch:DescribeAlarms")
	case "AWS::CloudWatch::Dashboard":
		if verb == "DELETE" {
			return []string{"cloudwatch:DeleteDashboards", "cloudwatch:GetDashboard"}
		}
		return append(tagged("cloudwatch"), "cloudwatch:PutDashboard", "cloudwatch:GetDashboard")
	case "AWS::SNS::Topic":
		if verb == "DELETE" {
			return []string{"sns:DeleteTopic", "sns:GetTopicAttributes"}
		}
		return append(tagged("sns"), "sns:"+map[string]string{"CREATE": "CreateTopic", "UPDATE": "SetTopicAttributes"}[verb],
			"sns:Subscribe", "sns:GetTopicAttributes")
	case "AWS::Logs::LogGroup":
		if verb == "DELETE" {
			return []string{"logs:DescribeLogGroups", "logs:DeleteLogGroup"}
		}
		return append(tagged("logs"), "logs:DescribeLogGroups", "logs:PutRetentionPolicy",
			map[string]string{"CREATE": "logs:CreateLogGroup", "UPDATE": "logs:DeleteRetentionPolicy"}[verb])
	case "AWS::Logs::DeliverySource", "AWS::Logs::DeliveryDestination":
		if verb == "DELETE" {
			return []string{"logs:Delete" + noun}
		}
		return append(tagged("logs"), "logs:Put"+noun, "logs:Get"+noun)
	case "AWS::Logs::Delivery":
		if verb == "DELETE" {
			return []string{"logs:DeleteDelivery"}
		}
		return append(tagged("logs"), map[string]string{
			"CREATE": "logs:CreateDelivery",
			"UPDATE": "logs:UpdateDeliveryConfiguration",
		}[verb],
			"logs:GetDelivery", "logs:GetDeliverySource", "logs:GetDeliveryDestination")
	}
	if verb == "CREATE" {
		return []string{"cloudfront:Create" + noun}
	}
	return []string{"cloudfront:" + title + noun, "cloudfront:Get" + noun}
}

// iamPolicy is what an IAM policy of ours may hold; all its statements allow.
type iamPolicy struct {
	Statement []struct {
		Effect    string
		Action    any
		Resource  any
		Condition map[string]map[string]any
	}
}

// allowed evaluates the policies of the account's caller: an action on a resource,
// with the keys of the request's context. Without a policy everything is allowed.
func (c *Cloud) allowed(action, resource string, keys map[string][]string) bool {
	if len(c.Policies) == 0 {
		return true
	}
	for _, text := range c.Policies {
		var p iamPolicy
		if err := json.Unmarshal(text, &p); err != nil {
			panic(fmt.Sprintf("a policy is no JSON: %v", err))
		}
		for _, st := range p.Statement {
			if st.Effect == "Allow" && matches(st.Action, action) && matches(st.Resource, resource) &&
				holds(st.Condition, keys) {
				return true
			}
		}
	}
	return false
}

// matches says whether one of the patterns of a policy, one or a list, fits.
func matches(patterns any, text string) bool {
	return slices.ContainsFunc(texts(patterns), func(p string) bool {
		// A star of IAM passes slashes, one of package path does not.
		ok, err := path.Match(strings.ReplaceAll(p, "/", "\x00"), strings.ReplaceAll(text, "/", "\x00"))
		return err == nil && ok
	})
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, fmt.Sprint(e))
		}
		return out
	}
	return nil
}

func holds(conditions map[string]map[string]any, keys map[string][]string) bool {
	for operator, wanted := range conditions {
		if operator != "StringEquals" && operator != "ForAnyValue:StringEquals" {
			panic("this double does not know the condition " + operator)
		}
		for key, values := range wanted {
			if !slices.ContainsFunc(keys[key], func(v string) bool { return slices.Contains(texts(values), v) }) {
				return false
			}
		}
	}
	return true
}

// denied is what AWS says.
func denied(action, resource string) *fault {
	return &fault{"AccessDenied", "User: arn:aws:iam::" + Account + ":user/kim is not authorized to perform: " + action +
		" on resource: " + resource +
		" because no identity-based policy allows the " + action + " action"}
}

// authorize checks a call of CloudFormation. One on a change set that is named by
// its id alone is authorised for the change set, any other for the stack.
func (c *Cloud) authorize(action string, f form) *fault {
	on := fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/", Region, Account, f.Get("StackName")) +
		"00000000-0000-4000-8000-000000000000"
	if strings.HasPrefix(f.Get("StackName"), "arn:") {
		on = f.Get("StackName")
	}
	if f.Get("StackName") == "" {
		on = f.Get("ChangeSetName")
	}
	if !c.allowed("cloudformation:"+action, on, nil) {
		return denied("cloudformation:"+action, on)
	}
	if role := f.Get("RoleARN"); role != "" && !c.allowed("iam:PassRole", role,
		map[string][]string{"iam:PassedToService": {"cloudformation.amazonaws.com"}}) {
		return denied("iam:PassRole", role)
	}
	return nil
}

// mayDo checks the calls that CloudFormation makes for a resource with the rights
// of the stack's caller; a service role has rights of its own.
func (st *stack) mayDo(verb, kind, name string) string {
	if st.role != "" {
		return ""
	}
	for _, action := range permissions(kind, verb) {
		on := "*"
		if strings.HasPrefix(action, "sns:") {
			on = fmt.Sprintf("arn:aws:sns:%s:%s:%s-%s-X", Region, Account, st.name, name)
		}
		if !st.cloud.allowed(action, on, map[string][]string{"aws:CalledVia": {"cloudformation.amazonaws.com"}}) {
			return denied(action, on).message + " (Service: HandlerErrorCode: AccessDenied)"
		}
	}
	return ""
}
