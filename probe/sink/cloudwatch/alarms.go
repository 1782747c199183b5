package cloudwatch

import (
	"context"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
)

// AlarmSwitch is what switches the actions of alarms on and off.
type AlarmSwitch interface {
	EnableAlarmActions(context.Context, *sdk.EnableAlarmActionsInput, ...func(*sdk.Options)) (*sdk.EnableAlarmActionsOutput, error)
	DisableAlarmActions(context.Context, *sdk.DisableAlarmActionsInput, ...func(*sdk.Options)) (*sdk.DisableAlarmActionsOutput, error)
}

// EnableAlarms lets alarms wake people. It is called when the monitor starts.
func EnableAlarms(ctx context.Context, s AlarmSwitch, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	if _, err := s.EnableAlarmActions(ctx, &sdk.EnableAlarmActionsInput{AlarmNames: names}); err != nil {
		return fmt.Errorf("switching the actions of alarms on: %w", err)
	}
	return nil
}

// DisableAlarms keeps alarms from waking people. It is called at a clean end
// only: the silence of a monitor that died is what the heartbeat alarm tells of.
func DisableAlarms(ctx context.Context, s AlarmSwitch, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	if _, err := s.DisableAlarmActions(ctx, &sdk.DisableAlarmActionsInput{AlarmNames: names}); err != nil {
		return fmt.Errorf("switching the actions of alarms off: %w", err)
	}
	return nil
}
