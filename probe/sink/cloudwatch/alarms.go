package cloudwatch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/streamwatch/streamwatch/dashboards"
)

// AlarmSwitch is what reads alarms and switches their actions on and off. Tags on
// an alarm say which monitors watch the event.
type AlarmSwitch interface {
	DescribeAlarms(context.Context, *sdk.DescribeAlarmsInput, ...option) (*sdk.DescribeAlarmsOutput, error)
	EnableAlarmActions(context.Context, *sdk.EnableAlarmActionsInput, ...option) (*sdk.EnableAlarmActionsOutput, error)
	DisableAlarmActions(context.Context, *sdk.DisableAlarmActionsInput, ...option) (*sdk.DisableAlarmActionsOutput, error)
	TagResource(context.Context, *sdk.TagResourceInput, ...option) (*sdk.TagResourceOutput, error)
	UntagResource(context.Context, *sdk.UntagResourceInput, ...option) (*sdk.UntagResourceOutput, error)
	ListTagsForResource(context.Context, *sdk.ListTagsForResourceInput, ...option) (*sdk.ListTagsForResourceOutput, error)
}

// option is what calls of the SDK's client take besides their input.
type option = func(*sdk.Options)

// Alarm is one alarm as CloudWatch has it.
type Alarm struct {
	dashboards.Actual
	ARN string
}

func newAlarm(name, arn *string, state types.StateValue, armed *bool) Alarm {
	is := dashboards.Actual{Name: aws.ToString(name), State: dashboards.State(state), Armed: aws.ToBool(armed)}
	return Alarm{is, aws.ToString(arn)}
}

// Alarms reads alarms by their names, at most 100; those that do not exist are
// not among the answer.
func Alarms(ctx context.Context, s AlarmSwitch, names []string) ([]Alarm, error) {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	out, err := s.DescribeAlarms(ctx, &sdk.DescribeAlarmsInput{
		AlarmNames: names, MaxRecords: new(int32(100)),
		// Without the types only metric alarms are answered.
		AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm},
	})
	if err != nil {
		return nil, fmt.Errorf("reading the alarms: %w", err)
	}
	var list []Alarm
	for i := range out.MetricAlarms {
		a := &out.MetricAlarms[i]
		list = append(list, newAlarm(a.AlarmName, a.AlarmArn, a.StateValue, a.ActionsEnabled))
	}
	for i := range out.CompositeAlarms {
		a := &out.CompositeAlarms[i]
		list = append(list, newAlarm(a.AlarmName, a.AlarmArn, a.StateValue, a.ActionsEnabled))
	}
	slices.SortFunc(list, func(a, b Alarm) int { return slices.Index(names, a.Name) - slices.Index(names, b.Name) })
	return list, nil
}

// Arm switches the actions of alarms on. No name is no request.
func Arm(ctx context.Context, s AlarmSwitch, names []string) error {
	if len(names) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	if _, err := s.EnableAlarmActions(ctx, &sdk.EnableAlarmActionsInput{AlarmNames: names}); err != nil {
		return fmt.Errorf("switching the actions of alarms on: %w", err)
	}
	return nil
}

// Disarm switches the actions of alarms off. No name is no request.
func Disarm(ctx context.Context, s AlarmSwitch, names []string) error {
	if len(names) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	if _, err := s.DisableAlarmActions(ctx, &sdk.DisableAlarmActionsInput{AlarmNames: names}); err != nil {
		return fmt.Errorf("switching the actions of alarms off: %w", err)
	}
	return nil
}

// monitorTag begins the key of a tag that a monitor keeps on an alarm; the value
// is the time at which it last said so, RFC 3339.
const monitorTag = "streamwatch:monitor:"

// SignIn notes on an alarm that a monitor watches, as of now.
func SignIn(ctx context.Context, s AlarmSwitch, arn, monitor string, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	_, err := s.TagResource(ctx, &sdk.TagResourceInput{ResourceARN: &arn, Tags: []types.Tag{
		{Key: new(monitorTag + monitor), Value: new(now.UTC().Format(time.RFC3339))},
	}})
	if err != nil {
		return fmt.Errorf("noting on an alarm that this monitor watches: %w", err)
	}
	return nil
}

// SignOut takes the note away and returns the other monitors that signed in since.
func SignOut(ctx context.Context, s AlarmSwitch, arn, monitor string, since time.Time) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	own := &sdk.UntagResourceInput{ResourceARN: &arn, TagKeys: []string{monitorTag + monitor}}
	if _, err := s.UntagResource(ctx, own); err != nil {
		return nil, fmt.Errorf("noting on an alarm that this monitor ended: %w", err)
	}
	return Monitors(ctx, s, arn, since)
}

// Monitors returns those that signed in on an alarm since a time.
func Monitors(ctx context.Context, s AlarmSwitch, arn string, since time.Time) ([]string, error) {
	out, err := s.ListTagsForResource(ctx, &sdk.ListTagsForResourceInput{ResourceARN: &arn})
	if err != nil {
		return nil, fmt.Errorf("reading which monitors watch: %w", err)
	}
	var list []string
	for _, t := range out.Tags {
		name, ours := strings.CutPrefix(aws.ToString(t.Key), monitorTag)
		at, err := time.Parse(time.RFC3339, aws.ToString(t.Value))
		if ours && err == nil && !at.Before(since) {
			list = append(list, name)
		}
	}
	return list, nil
}
