package provision

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/streamwatch/streamwatch/probe"
)

// Pace of following an operation: at most 15 calls in a minute, and never five
// seconds behind its end.
const (
	pollInterval  = 4300 * time.Millisecond
	pollJitter    = 100 * time.Millisecond
	checkInterval = time.Minute // for an end that no event told
	maxMisses     = 20          // polls in a row that may fail
)

// stackType is the type of the stack's own events.
const stackType = "AWS::CloudFormation::Stack"

// follower shows the events of one operation of one stack.
type follower struct {
	stack *Stack
	id    string // of the stack: its name is free again once it is deleted
	show  Progress
	seen  map[string]bool
	began map[string]time.Time // by resource and verb
	cause *Event               // the first real one
	turn  *Event               // of the stack, which says why it goes back
	ended bool                 // the stack's own last event came
}

// follower returns one that shows all events of stack id from now on.
func (s *Stack) follower(id string, p Progress) *follower {
	return &follower{stack: s, id: id, show: p, seen: map[string]bool{}, began: map[string]time.Time{}}
}

// skip marks the events that are there already as seen. Those of an operation
// that still runs stay unseen, so that whoever adopts it is shown all of it.
func (f *follower) skip(ctx context.Context, running bool) error {
	events, err := f.unseen(ctx)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(events) { // newest first
		if !running {
			f.seen[aws.ToString(e.EventId)] = true
		} else if f.own(e) && startsOperation(string(e.ResourceStatus)) {
			running = false
		}
	}
	return nil
}

// startsOperation says whether a stack enters this status because of a call;
// rollback and cleanup follow by themselves.
func startsOperation(status string) bool {
	return slices.Contains([]string{
		"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS",
		"IMPORT_IN_PROGRESS",
	}, status)
}

// run shows events as they happen until the stack comes to rest, and returns
// the stack then. operation is for messages: "creating".
func (f *follower) run(ctx context.Context, operation string) (*types.Stack, error) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	checked, misses := time.Now(), 0
	for {
		st, err := f.poll(ctx, &checked)
		switch {
		case ctx.Err() != nil:
			return nil, f.left(operation, ctx.Err())
		case err == nil:
			misses = 0
		case misses < maxMisses && !isCredentials(err):
			misses++
		default:
			return nil, f.left(operation, err)
		}
		if st != nil && phaseOf(st) != busy {
			return st, nil
		}
		if !probe.Pause(ctx, pollInterval+rand.N(pollJitter)) {
			return nil, f.left(operation, ctx.Err())
		}
	}
}

// left says that we went away and the operation did not.
func (f *follower) left(operation string, err error) error {
	err = fmt.Errorf("%s stack %q goes on unwatched: %w", operation, f.stack.spec.StackName, err)
	if hinted, ok := errors.AsType[*probe.HintError](err); ok {
		return probe.WithHint(err, hinted.Hint()+"; then run the same command again to follow it")
	}
	advice := "run the same command again to follow it"
	if operation == "creating" {
		advice += "; streamwatch delete undoes it"
	}
	return probe.WithHint(err, advice)
}

// poll shows what is new, and returns the stack once it is at rest. Every minute
// it asks for the stack instead, in case that no event told its end.
func (f *follower) poll(ctx context.Context, checked *time.Time) (*types.Stack, error) {
	if time.Since(*checked) < checkInterval {
		if err := f.read(ctx); err != nil || !f.ended {
			return nil, err
		}
		f.ended = false
		return f.stack.describe(ctx, f.id)
	}
	*checked = time.Now()
	st, err := f.stack.describe(ctx, f.id)
	if err != nil || phaseOf(st) == busy {
		return nil, err
	}
	if err := f.read(ctx); err != nil {
		return nil, err
	}
	return st, nil
}

// read takes the events that are new.
func (f *follower) read(ctx context.Context) error {
	events, err := f.unseen(ctx)
	for _, e := range events {
		f.take(e)
	}
	return err
}

// unseen returns the events that were not taken yet, oldest first. Pages come
// newest first: they are read up to one with a known event in it.
func (f *follower) unseen(ctx context.Context) ([]types.StackEvent, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var fresh []types.StackEvent
	pages := cloudformation.NewDescribeStackEventsPaginator(f.stack.api,
		&cloudformation.DescribeStackEventsInput{StackName: &f.id})
	for known := false; pages.HasMorePages() && !known; {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, f.stack.explain("reading the stack's events", err)
		}
		for _, e := range page.StackEvents {
			if f.seen[aws.ToString(e.EventId)] {
				known = true
			} else {
				fresh = append(fresh, e)
			}
		}
	}
	slices.Reverse(fresh)
	return fresh, nil
}

// own says whether an event is the stack's and not a resource's.
func (f *follower) own(e types.StackEvent) bool {
	return aws.ToString(e.PhysicalResourceId) == f.id && aws.ToString(e.ResourceType) == stackType
}

// take shows one event and notes what it means for the whole.
func (f *follower) take(e types.StackEvent) {
	f.seen[aws.ToString(e.EventId)] = true
	ev := Event{
		At: aws.ToTime(e.Timestamp), Resource: aws.ToString(e.LogicalResourceId),
		Physical: aws.ToString(e.PhysicalResourceId),
		Type:     aws.ToString(e.ResourceType), Status: string(e.ResourceStatus),
		Reason: f.stack.redact(aws.ToString(e.ResourceStatusReason)),
	}
	verb, _, _ := strings.Cut(ev.Status, "_")
	key := ev.Resource + " " + verb
	if _, known := f.began[key]; !known {
		f.began[key] = ev.At
	}
	ev.Elapsed = ev.At.Sub(f.began[key])
	if f.own(e) {
		f.ended = !strings.HasSuffix(ev.Status, "_IN_PROGRESS")
		if f.turn == nil && ev.Reason != "" && !startsOperation(ev.Status) {
			f.turn = &ev
		}
	}
	// Resources that are given up because another failed are no cause.
	if f.cause == nil && strings.HasSuffix(ev.Status, "_FAILED") && !f.own(e) &&
		!strings.Contains(ev.Reason, "cancelled") {
		f.cause = &ev
	}
	f.show.show(ev)
}

// findCause asks for the errors behind a failure that no resource's event told,
// such as a template that did not pass validation.
func (f *follower) findCause(ctx context.Context) *Event {
	if f.cause != nil {
		return f.cause
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := f.stack.api.DescribeEvents(ctx, &cloudformation.DescribeEventsInput{
		StackName: &f.id, Filters: &types.EventFilter{FailedEvents: new(true)},
	})
	if err != nil { // the failure itself is known; this would only have explained it
		return f.turn
	}
	for _, e := range slices.Backward(out.OperationEvents) {
		if reason := aws.ToString(e.ValidationStatusReason); reason != "" {
			if path := aws.ToString(e.ValidationPath); path != "" {
				reason += " at " + path
			}
			return &Event{
				At: aws.ToTime(e.Timestamp), Resource: aws.ToString(e.LogicalResourceId), Type: aws.ToString(e.ResourceType),
				Status: string(e.EventType), Reason: f.stack.redact(reason),
			}
		}
	}
	return f.turn
}
