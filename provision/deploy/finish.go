package deploy

import (
	"context"
	"errors"

	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision"
)

// CleanUp deletes the stack where the event says so, once the time of the run is
// up. A signal keeps it: it may mean a restart, in the middle of an event.
func (l *Launch) CleanUp(ctx context.Context, over bool) error {
	c := l.Event.Distribution.CloudFormation
	if c == nil || !c.DeleteWhenDone {
		return nil
	}
	if !over {
		l.Say("kept", "stack "+c.StackName+", since a signal ended the run; streamwatch delete deletes it")
		return nil
	}
	stack, err := l.stack(ctx, eventfile.DistributionSpec)
	if err != nil {
		return err
	}
	show, end := l.Progress()
	err = stack.Delete(ctx, show)
	end()
	if errors.Is(err, provision.ErrAbsent) {
		return nil
	}
	return Resumable(ctx, err, "streamwatch delete")
}

// Resumable says how to go on after Ctrl-C. An error without a hint is one of
// before the operation began.
func Resumable(ctx context.Context, err error, again string) error {
	if _, began := errors.AsType[*probe.HintError](err); !began || ctx.Err() == nil {
		return err
	}
	return probe.WithHint(errors.New("stopped watching; the operation goes on in AWS"), "follow it with "+again)
}
