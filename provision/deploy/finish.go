package deploy

import (
	"context"
	"errors"
	"fmt"

	"github.com/streamwatch/streamwatch/configs"
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

// Preflight finds what would fail only after minutes, by its place in the event's
// file. unread is what could not be checked, and why.
func Preflight(
	ctx context.Context, stack *provision.Stack, e *configs.Event, file string,
) (unread []string, err error) {
	found, unread, err := stack.Preflight(ctx, e.Alarms.Notify)
	if err == nil && len(found) > 0 {
		err = e.Locate(file, found)
	}
	return unread, err
}

// ToDo says what is left for people to do once a stack is there: a record in their
// DNS, a subscription to confirm.
func ToDo(ctx context.Context, stack *provision.Stack, e *configs.Event, dist provision.Distribution) (lines []string) {
	if d := e.Distribution.CloudFormation; d != nil && dist.Outputs["DomainName"] != "" {
		for _, alias := range d.Aliases {
			lines = append(lines, fmt.Sprintf(
				"to do: in the DNS of %s, make the record: %s CNAME %s", alias, alias, dist.Outputs["DomainName"],
			))
		}
	}
	if len(e.Alarms.Email) == 0 {
		return lines
	}
	pending, err := stack.PendingEmails(ctx, dist.Outputs[topicOutput])
	if err != nil {
		return append(lines, fmt.Sprintf("streamwatch: %v", err))
	}
	for _, address := range pending {
		lines = append(lines, fmt.Sprintf(
			"to do: %s must confirm the subscription by the link in the e-mail from AWS; until then no alarm reaches it",
			address,
		))
	}
	return lines
}
