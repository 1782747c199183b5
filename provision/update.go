package provision

import (
	"bytes"
	"context"
	"encoding/json"
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

// Plan is what Provision would do.
type Plan struct {
	Operation string   // "create", "update" or "none"
	Template  []byte   // that it would send
	Changes   []Change // of an update
}

// Change is what an update does to one resource.
type Change struct {
	Action      string // "Add", "Modify" or "Remove"
	Resource    string
	Type        string
	Replacement string // "True", "False", "Conditional" or empty
}

// fatal says whether a change takes the distribution's domain name away.
func (c Change) fatal() bool {
	return c.Resource == distributionID && (c.Action == "Remove" || c.Replacement == "True")
}

// Plan says what Provision would do, and changes nothing: of an update it makes
// a change set, reads and deletes it.
func (s *Stack) Plan(ctx context.Context) (Plan, error) {
	body, err := s.template()
	if err != nil {
		return Plan{}, err
	}
	st, err := s.find(ctx)
	if err != nil {
		return Plan{}, err
	}
	switch phaseOf(st) {
	case busy:
		return Plan{}, hint(fmt.Errorf("stack %q is in %s", s.spec.StackName, st.StackStatus), "wait until that operation ends; provision follows it")
	case stuck:
		return Plan{}, s.stuckError(st)
	case usable:
		id, changes, err := s.changeSet(ctx, st, body)
		if err != nil {
			return Plan{}, err
		}
		if id == "" {
			return Plan{Operation: "none", Template: body}, nil
		}
		return Plan{Operation: "update", Template: body, Changes: changes}, s.dropChangeSet(ctx, id)
	case absent:
	}
	return Plan{Operation: "create", Template: body}, nil
}

// update brings a stack at rest to the Spec and returns it as it is then.
func (s *Stack) update(ctx context.Context, p Progress, st *types.Stack, body []byte) (*types.Stack, error) {
	if err := s.syncOptions(ctx, st); err != nil {
		return st, err
	}
	set, changes, err := s.changeSet(ctx, st, body)
	if err != nil || set == "" {
		return st, err
	}
	for _, c := range changes {
		if c.fatal() {
			err := fmt.Errorf("updating stack %q would give the distribution another domain name", s.spec.StackName)
			return st, errors.Join(hint(err, "every published embed would break: delete the stack and create it again if that is what you want"), s.dropChangeSet(ctx, set))
		}
	}
	f := s.follower(aws.ToString(st.StackId), p)
	if err := f.skip(ctx, false); err != nil {
		return st, errors.Join(err, s.dropChangeSet(ctx, set))
	}
	if err := s.execute(ctx, set); err != nil {
		return st, err
	}
	end, err := f.run(ctx, "updating")
	if err != nil {
		return nil, err
	}
	if end.StackStatus != types.StackStatusUpdateComplete {
		return end, s.failed("updating", end, f.findCause(ctx))
	}
	return end, nil
}

func (s *Stack) execute(ctx context.Context, set string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err := s.api.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{
		ChangeSetName: &set, ClientRequestToken: new("streamwatch-update-" + digest(set)[:32]),
	})
	if err != nil {
		return explain(fmt.Sprintf("updating stack %q", s.spec.StackName), err)
	}
	return nil
}

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
		return "", nil, explain(fmt.Sprintf("comparing stack %q", s.spec.StackName), err)
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
			return "", nil, explain(fmt.Sprintf("comparing stack %q", s.spec.StackName), err)
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
		return explain("deleting the change set", err)
	}
	return nil
}

// syncOptions brings to the Spec what a change set does not carry: termination
// protection and the stack policy.
func (s *Stack) syncOptions(ctx context.Context, st *types.Stack) error {
	if aws.ToBool(st.EnableTerminationProtection) != s.spec.TerminationProtection {
		if err := s.protect(ctx, st, s.spec.TerminationProtection); err != nil {
			return err
		}
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	now, err := s.api.GetStackPolicy(ctx, &cloudformation.GetStackPolicyInput{StackName: st.StackId})
	if err != nil {
		return explain("reading the stack policy", err)
	}
	if sameJSON(aws.ToString(now.StackPolicyBody), s.policy()) {
		return nil
	}
	_, err = s.api.SetStackPolicy(ctx, &cloudformation.SetStackPolicyInput{StackName: st.StackId, StackPolicyBody: new(s.policy())})
	if err != nil {
		return explain("setting the stack policy", err)
	}
	return nil
}

func (s *Stack) protect(ctx context.Context, st *types.Stack, on bool) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err := s.api.UpdateTerminationProtection(ctx, &cloudformation.UpdateTerminationProtectionInput{
		StackName: st.StackId, EnableTerminationProtection: &on,
	})
	if err != nil {
		return explain("setting termination protection", err)
	}
	return nil
}

// sameJSON compares two texts without their blanks.
func sameJSON(a, b string) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, []byte(a)) == nil && json.Compact(&y, []byte(b)) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
