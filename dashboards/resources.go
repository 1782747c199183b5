package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Limits of CloudWatch.
const (
	maxRuleBytes    = 10_240
	maxRuleAlarms   = 100
	maxAlarmActions = 5 // for each state
)

// Logical ids of what is not an alarm.
const (
	topicID     = "AlertTopic"
	dashboardID = "Dashboard"
)

// object is a JSON object; encoding/json writes its keys in order.
type object = map[string]any

func ref(id string) object          { return object{"Ref": id} }
func substitute(text string) object { return object{"Fn::Sub": text} }

// inStack is the name of an alarm: names are unique in an account.
func inStack(key string) object { return substitute("${AWS::StackName}-" + key) }

// Resources returns the alarms, the topic and the dashboard as resources and
// outputs of a CloudFormation template, by logical id. The dashboard refers to
// the resource Distribution when Options say that there is one. The error says
// which limit of CloudWatch the event exceeds.
func Resources(o Options) (resources, outputs map[string]json.RawMessage, err error) {
	o = o.withDefaults()
	alarms, all := Alarms(o)
	made := object{}
	actions := o.actions(made)
	if len(actions) > maxAlarmActions {
		return nil, nil, fmt.Errorf("alarms.notify: %d receivers, CloudWatch takes %d", len(actions), maxAlarmActions)
	}
	for i := range alarms {
		made[alarms[i].ID()] = alarms[i].resource(o, actions)
	}
	for _, c := range all {
		rule := c.Rule.text()
		if n := c.Rule.leaves(); n > maxRuleAlarms || len(rule) > maxRuleBytes {
			return nil, nil, fmt.Errorf("the alarm %s is over %d others, CloudWatch takes %d: watch fewer streams with alarms in one event", c.Kind, n, maxRuleAlarms)
		}
		made[c.ID()] = c.resource(rule, actions)
	}
	body, err := Dashboard(o)
	if err != nil {
		return nil, nil, err
	}
	made[dashboardID] = object{"Type": "AWS::CloudWatch::Dashboard", "Properties": object{
		"DashboardName": ref("AWS::StackName"), "DashboardBody": substitute(string(body)),
	}}
	if resources, err = encodeAll(made); err != nil {
		return nil, nil, err
	}
	outputs, err = encodeAll(o.outputs(made))
	return resources, outputs, err
}

// actions returns whom the paging alarm tells, and makes the topic for those who
// have none or want e-mail.
func (o Options) actions(made object) []any {
	var actions []any
	for _, arn := range o.Notify {
		actions = append(actions, arn)
	}
	if len(o.Notify) > 0 && len(o.Email) == 0 {
		return actions
	}
	properties := object{"DisplayName": "streamwatch " + o.Event}
	subscriptions := make([]object, 0, len(o.Email))
	for _, address := range o.Email {
		subscriptions = append(subscriptions, object{"Protocol": "email", "Endpoint": address})
	}
	if len(subscriptions) > 0 {
		properties["Subscription"] = subscriptions
	}
	made[topicID] = object{"Type": "AWS::SNS::Topic", "Properties": properties}
	return append(actions, ref(topicID))
}

func (o Options) outputs(made object) object {
	out := object{"DashboardName": object{"Value": ref(dashboardID), "Description": "Name of the CloudWatch dashboard"}}
	if _, ok := made[topicID]; ok {
		out["AlertTopicArn"] = object{"Value": ref(topicID), "Description": "Topic that viewer-impact and heartbeat tell"}
	}
	return out
}

// addActions makes an alarm tell the topic when it comes and when it goes. It
// does so once the monitor has switched its actions on: before the event
// nothing is there that could be well.
func addActions(properties object, actions []any) {
	properties["ActionsEnabled"] = false
	properties["AlarmActions"] = actions
	properties["OKActions"] = slices.Clone(actions)
}

func (a *Alarm) resource(o Options, actions []any) object {
	var dimensions []object
	for _, d := range a.dimensions(o.Event) {
		dimensions = append(dimensions, object{"Name": d[0], "Value": d[1]})
	}
	comparison := "GreaterThanThreshold"
	if a.Below {
		comparison = "LessThanThreshold"
	}
	properties := object{
		"AlarmName": inStack(a.Key()), "AlarmDescription": a.Text, "Namespace": o.Namespace, "MetricName": a.Metric.Name,
		"Dimensions": dimensions, "Statistic": a.Stat, "ComparisonOperator": comparison, "Threshold": a.Threshold,
		"Period": int(a.Period.Seconds()), "EvaluationPeriods": a.N, "DatapointsToAlarm": a.M, "TreatMissingData": a.Missing,
	}
	if a.Pages {
		addActions(properties, actions)
	}
	return object{"Type": "AWS::CloudWatch::Alarm", "Properties": properties}
}

func (c *Composite) resource(rule string, actions []any) object {
	properties := object{"AlarmName": inStack(c.Kind), "AlarmDescription": c.Text, "AlarmRule": substitute(rule)}
	if c.Pages {
		addActions(properties, actions)
	}
	return object{"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": properties}
}

func encodeAll(made object) (map[string]json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(made))
	for id, v := range made {
		text, err := encode(v, "")
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", id, err)
		}
		out[id] = text
	}
	return out, nil
}

// encode writes JSON that a person can read: no \u003c for a less-than sign.
func encode(v any, indent string) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	if indent == "" {
		return bytes.TrimSpace(out.Bytes()), nil
	}
	return out.Bytes(), nil
}
