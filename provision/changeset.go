package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/streamwatch/streamwatch/probe"
)

// changeSetName is the same each time: what a killed process left is replaced
// by the next one and does not pile up.
const changeSetName = "streamwatch"

// Pace of waiting for a change set, which takes some seconds.
const (
	changeSetInterval = 2 * time.Second
	changeSetLimit    = 5 * time.Minute
)

// changeSet makes a change set and returns what it changes and its id, which is
// empty when the stack is as the Spec says. Its calls name the stack and the
// change set: an id alone is authorised against another resource.
func (s *Stack) changeSet(ctx context.Context, st *types.Stack, body []byte) (id string, changes []Change, err error) {
	in := &cloudformation.CreateChangeSetInput{
		StackName: &s.spec.StackName, ChangeSetName: new(changeSetName), ChangeSetType: types.ChangeSetTypeUpdate,
		TemplateBody: new(string(body)), Parameters: s.parameters(), Tags: s.tagsOver(st), RoleARN: optional(s.spec.RoleARN),
		NotificationARNs: st.NotificationARNs,
	}
	if s.spec.NotificationARNs != nil {
		// An empty list, unlike none, takes the topics away that are no longer in the Spec.
		in.NotificationARNs = append([]string{}, s.spec.NotificationARNs...)
	}
	out, err := s.callChangeSet(ctx, in)
	if _, left := errors.AsType[*types.AlreadyExistsException](err); left {
		if err := s.dropChangeSet(ctx); err != nil {
			return "", nil, err
		}
		out, err = s.callChangeSet(ctx, in)
	}
	if err != nil {
		return "", nil, s.explain(fmt.Sprintf("comparing stack %q", s.spec.StackName), err)
	}
	changes, found, err := s.readChangeSet(ctx)
	if err != nil || !found {
		return "", nil, err
	}
	return aws.ToString(out.Id), changes, nil
}

func (s *Stack) callChangeSet(
	ctx context.Context, in *cloudformation.CreateChangeSetInput,
) (*cloudformation.CreateChangeSetOutput, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	return s.api.CreateChangeSet(ctx, in)
}

// readChangeSet waits until the change set is ready and reads it. One that
// changes nothing, or failed, is dropped.
func (s *Stack) readChangeSet(ctx context.Context) (changes []Change, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, changeSetLimit)
	defer cancel()
	for {
		if !probe.Pause(ctx, changeSetInterval) {
			return nil, false, errors.Join(fmt.Errorf("comparing stack %q: %w", s.spec.StackName, ctx.Err()),
				s.dropChangeSet(ctx))
		}
		changes, out, err := s.describeChangeSet(ctx)
		switch {
		case err != nil:
			return nil, false, errors.Join(s.explain(fmt.Sprintf("comparing stack %q", s.spec.StackName), err),
				s.dropChangeSet(ctx))
		case out.Status == types.ChangeSetStatusCreateComplete:
			return changes, true, nil
		case out.Status == types.ChangeSetStatusFailed:
			err := s.dropChangeSet(ctx)
			if reason := aws.ToString(out.StatusReason); !isUnchanged(reason) {
				err = errors.Join(fmt.Errorf("comparing stack %q: %s", s.spec.StackName, s.redact(reason)), err)
			}
			return nil, false, err
		}
	}
}

// isUnchanged knows the two ways in which CloudFormation says: nothing to do.
func isUnchanged(reason string) bool {
	return strings.Contains(reason, "didn't contain changes") || strings.Contains(reason, "No updates are to be performed")
}

// describeChangeSet reads all pages. Values of properties are not asked for.
func (s *Stack) describeChangeSet(ctx context.Context) ([]Change, *cloudformation.DescribeChangeSetOutput, error) {
	var changes []Change
	in := &cloudformation.DescribeChangeSetInput{StackName: &s.spec.StackName, ChangeSetName: new(changeSetName)}
	for {
		out, err := s.api.DescribeChangeSet(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range out.Changes {
			if r := c.ResourceChange; r != nil {
				changes = append(changes, Change{
					Action: string(r.Action), Resource: aws.ToString(r.LogicalResourceId),
					Type: aws.ToString(r.ResourceType), Replacement: string(r.Replacement),
				})
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return changes, out, nil
		}
		in.NextToken = out.NextToken
	}
}

// dropChangeSet deletes the change set.
func (s *Stack) dropChangeSet(ctx context.Context) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err := s.api.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{
		ChangeSetName: new(changeSetName),
		StackName:     &s.spec.StackName,
	})
	if err != nil {
		return s.explain("deleting the change set", err)
	}
	return nil
}

// tagsOver are the tags of the Spec over those that the stack has: what somebody
// else put there stays.
func (s *Stack) tagsOver(st *types.Stack) []types.Tag {
	out := s.tags()
	for _, tag := range st.Tags {
		named := func(t types.Tag) bool { return aws.ToString(t.Key) == aws.ToString(tag.Key) }
		if !slices.ContainsFunc(out, named) && !strings.HasPrefix(aws.ToString(tag.Key), "aws:") {
			out = append(out, tag)
		}
	}
	return out
}
