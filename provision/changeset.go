package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// changeSetName is the same each time: what a killed process left is replaced
// by the next one and does not pile up.
const changeSetName = "streamwatch"

// Pace of waiting for a change set, which takes some seconds.
const (
	changeSetInterval = 2 * time.Second
	changeSetLimit    = 5 * time.Minute
)

// changeSet makes a change set and returns its id and what it changes; the id
// is empty when the stack is as the Spec says.
func (s *Stack) changeSet(ctx context.Context, st *types.Stack, body []byte) (string, []Change, error) {
	in := &cloudformation.CreateChangeSetInput{
		StackName: st.StackId, ChangeSetName: new(changeSetName), ChangeSetType: types.ChangeSetTypeUpdate,
		TemplateBody: new(string(body)), Parameters: s.parameters(), Tags: s.tags(),
		// An empty list, unlike none, takes the topics away that are no longer in the Spec.
		NotificationARNs: append([]string{}, s.spec.NotificationARNs...),
	}
	out, err := s.callChangeSet(ctx, in)
	if _, left := errors.AsType[*types.AlreadyExistsException](err); left {
		if err := s.dropChangeSet(ctx, changeSetName); err != nil {
			return "", nil, err
		}
		out, err = s.callChangeSet(ctx, in)
	}
	if err != nil {
		return "", nil, s.explain(fmt.Sprintf("comparing stack %q", s.spec.StackName), err)
	}
	return s.readChangeSet(ctx, aws.ToString(out.Id))
}

func (s *Stack) callChangeSet(ctx context.Context, in *cloudformation.CreateChangeSetInput) (*cloudformation.CreateChangeSetOutput, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	return s.api.CreateChangeSet(ctx, in)
}

// readChangeSet waits until the change set is ready and reads it.
func (s *Stack) readChangeSet(ctx context.Context, id string) (string, []Change, error) {
	ctx, cancel := context.WithTimeout(ctx, changeSetLimit)
	defer cancel()
	for {
		timer := time.NewTimer(changeSetInterval)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return "", nil, errors.Join(fmt.Errorf("comparing stack %q: %w", s.spec.StackName, ctx.Err()), s.dropChangeSet(ctx, id))
		}
		changes, out, err := s.describeChangeSet(ctx, id)
		switch {
		case err != nil:
			return "", nil, s.explain(fmt.Sprintf("comparing stack %q", s.spec.StackName), err)
		case out.Status == types.ChangeSetStatusCreateComplete:
			return id, changes, nil
		case out.Status == types.ChangeSetStatusFailed:
			err := s.dropChangeSet(ctx, id)
			if reason := aws.ToString(out.StatusReason); !isUnchanged(reason) {
				err = errors.Join(fmt.Errorf("comparing stack %q: %s", s.spec.StackName, s.redact(reason)), err)
			}
			return "", nil, err
		}
	}
}

// isUnchanged knows the two ways in which CloudFormation says: nothing to do.
func isUnchanged(reason string) bool {
	return strings.Contains(reason, "didn't contain changes") || strings.Contains(reason, "No updates are to be performed")
}

// describeChangeSet reads all pages. Values of properties are not asked for.
func (s *Stack) describeChangeSet(ctx context.Context, id string) ([]Change, *cloudformation.DescribeChangeSetOutput, error) {
	var changes []Change
	in := &cloudformation.DescribeChangeSetInput{ChangeSetName: &id}
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

// dropChangeSet deletes a change set by id, or the one of our name.
func (s *Stack) dropChangeSet(ctx context.Context, id string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err := s.api.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{ChangeSetName: &id, StackName: &s.spec.StackName})
	if err != nil {
		return s.explain("deleting the change set", err)
	}
	return nil
}
