package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/cloudwatch"
)

// StackAlarms are the alarms of an event's stack that have actions, for people who
// look at them or switch them by hand.
type StackAlarms struct {
	client cloudwatch.AlarmSwitch
	stack  string
	file   string
	names  []string
}

// AlarmsOf returns those of an event. file is that of the event.
func AlarmsOf(
	ctx context.Context, e *configs.Event, file string, options ...func(*config.LoadOptions) error,
) (*StackAlarms, error) {
	stack := e.AlarmStack()
	if stack == "" {
		const hint = "give metrics.cloudwatch, and a stack: distribution.cloudformation, or alarms.stack_name"
		return nil, probe.Usage(file+" has no alarms", hint)
	}
	client, err := cloudwatch.Connect(ctx, e.Metrics.CloudWatch.Region, options...)
	if err != nil {
		return nil, err
	}
	a := &StackAlarms{client: client, stack: stack, file: file}
	for _, alarm := range dashboards.ActionedAlarms(stack, eventfile.DashboardOptions(e)) {
		a.names = append(a.names, alarm.Name)
	}
	return a, nil
}

// Switch switches the actions of all of them on or off.
func (a *StackAlarms) Switch(ctx context.Context, on bool) error {
	if on {
		return cloudwatch.Arm(ctx, a.client, a.names)
	}
	return cloudwatch.Disarm(ctx, a.client, a.names)
}

// Read asks CloudWatch how they are. A stack without any is an error.
func (a *StackAlarms) Read(ctx context.Context) ([]cloudwatch.Alarm, error) {
	list, err := cloudwatch.Alarms(ctx, a.client, a.names)
	if err == nil && len(list) == 0 {
		none := fmt.Errorf("stack %s has none of the alarms", a.stack)
		return nil, probe.WithHint(none, "streamwatch provision "+a.file)
	}
	return list, err
}

// Monitors are those that watch the event, and keep its alarms switched on. list is
// what was Read.
func (a *StackAlarms) Monitors(ctx context.Context, list []cloudwatch.Alarm) ([]string, error) {
	return cloudwatch.Monitors(ctx, a.client, list[0].ARN, time.Now().Add(-goneAfter))
}
