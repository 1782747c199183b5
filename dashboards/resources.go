package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/streamwatch/streamwatch/probe"
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

// Parts are resources and outputs of a template, by logical id.
type Parts struct {
	Resources, Outputs map[string]json.RawMessage
}

// Resources returns the alarms, the topic and the dashboard of an event for one
// template. The dashboard refers to the resource Distribution when Options say
// that there is one. The error says which limit of CloudWatch the event exceeds.
func Resources(o Options) (Parts, error) {
	o = o.withDefaults()
	alarms, all := Alarms(o)
	return o.main(alarms, all, nil)
}

// main makes the template that has the topic and the dashboard.
func (o Options) main(alarms []Alarm, all []Composite, beside []string) (Parts, error) {
	made := object{}
	actions := o.actions(made)
	if len(actions) > maxAlarmActions {
		return Parts{}, fmt.Errorf("alarms.notify: %d receivers, CloudWatch takes %d", len(actions), maxAlarmActions)
	}
	if err := o.add(made, alarms, all, actions); err != nil {
		return Parts{}, err
	}
	body, err := layOut(o, beside)
	if err != nil {
		return Parts{}, err
	}
	made[dashboardID] = object{"Type": "AWS::CloudWatch::Dashboard", "Properties": object{
		// A dashboard's name is unique in the account, not in the region.
		"DashboardName": substitute("${AWS::StackName}-${AWS::Region}"), "DashboardBody": substitute(string(body)),
	}}
	return encodeParts(made, o.outputs(made))
}

// add puts alarms among resources. Without actions nobody is told.
func (o Options) add(made object, alarms []Alarm, all []Composite, actions []any) error {
	for i := range alarms {
		made[alarms[i].ID()] = alarms[i].resource(o, actions)
	}
	for _, c := range all {
		rule := c.Rule.text()
		if n := c.Rule.leaves(); n > maxRuleAlarms || len(rule) > maxRuleBytes {
			return fmt.Errorf("the alarm %s is over %d others, CloudWatch takes %d", c.Kind, n, maxRuleAlarms)
		}
		made[c.ID()] = c.resource(rule, actions)
	}
	return nil
}

func encodeParts(resources, outputs object) (Parts, error) {
	r, err := encodeAll(resources)
	if err != nil {
		return Parts{}, err
	}
	out, err := encodeAll(outputs)
	return Parts{r, out}, err
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
	if o.KMSKey != "" {
		properties["KmsMasterKeyId"] = o.KMSKey
	}
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
	if len(actions) == 0 {
		return
	}
	properties["ActionsEnabled"] = false
	properties["AlarmActions"] = actions
	properties["OKActions"] = slices.Clone(actions)
}

func (a *Alarm) resource(o Options, actions []any) object {
	namespace, dimensions := o.Namespace, []object{}
	for _, d := range a.dimensions(o.Event) {
		dimensions = append(dimensions, object{"Name": d[0], "Value": d[1]})
	}
	if a.Service {
		namespace = "AWS/CloudFront"
		dimensions = []object{
			{"Name": "DistributionId", "Value": substitute(o.distribution())},
			{"Name": "Region", "Value": "Global"},
		}
		if !o.Distribution {
			dimensions[0]["Value"] = o.DistributionID
		}
	}
	comparison := "GreaterThanThreshold"
	if a.Below {
		comparison = "LessThanThreshold"
	}
	properties := object{
		"AlarmName": inStack(a.Key()), "AlarmDescription": describe(a.Text, a.Kind), "Namespace": namespace,
		"MetricName": a.Metric.Name,
		"Dimensions": dimensions, "Statistic": a.Stat, "ComparisonOperator": comparison, "Threshold": a.Threshold,
		"Period": int(a.Period.Seconds()), "EvaluationPeriods": a.N, "DatapointsToAlarm": a.M, "TreatMissingData": a.Missing,
	}
	if a.Pages {
		addActions(properties, actions)
	}
	return object{"Type": "AWS::CloudWatch::Alarm", "Properties": properties}
}

func (c *Composite) resource(rule string, actions []any) object {
	properties := object{
		"AlarmName": inStack(c.Kind), "AlarmDescription": describe(c.Text, c.Kind),
		"AlarmRule": substitute(rule),
	}
	if c.Pages {
		addActions(properties, actions)
	}
	return object{"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": properties}
}

// runbooks is the page with an entry for each kind of alarm.
const runbooks = probe.Docs + "aws.md#"

// describe says what is wrong and where it stands what to do.
func describe(text, kind string) string { return text + ". What to do: " + runbooks + kind }

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
