package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
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
		return s.explain(fmt.Sprintf("updating stack %q", s.spec.StackName), err)
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
		return s.explain("reading the stack policy", err)
	}
	if sameJSON(aws.ToString(now.StackPolicyBody), s.policy()) {
		return nil
	}
	_, err = s.api.SetStackPolicy(ctx, &cloudformation.SetStackPolicyInput{StackName: st.StackId, StackPolicyBody: new(s.policy())})
	if err != nil {
		return s.explain("setting the stack policy", err)
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
		return s.explain("setting termination protection", err)
	}
	return nil
}

// sameJSON compares two texts without their blanks.
func sameJSON(a, b string) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, []byte(a)) == nil && json.Compact(&y, []byte(b)) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
