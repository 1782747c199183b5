package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/streamwatch/streamwatch/probe"
)

// Change is what an update does to one resource.
type Change struct {
	Action      string // "Add", "Modify" or "Remove"
	Resource    string
	Type        string
	Replacement string // "True", "False", "Conditional" or empty where it is not known
}

// fatal says whether a change takes the distribution's domain name away.
func (c Change) fatal() bool {
	return c.Resource == distributionID && (c.Action == "Remove" || c.Replacement == "True")
}

// update brings a stack at rest to the Spec and returns it as it is then.
func (s *Stack) update(ctx context.Context, p Progress, st *types.Stack, body []byte) (*types.Stack, error) {
	body, err := s.named(ctx, st, body)
	if err != nil {
		return st, err
	}
	set, changes, err := s.changeSet(ctx, st, body)
	if err != nil {
		return st, err
	}
	for _, c := range changes {
		if c.fatal() {
			err := fmt.Errorf("updating stack %q would give the distribution another domain name", s.spec.StackName)
			const hint = "every published embed would break: delete the stack and create it again if that is what you want"
			return st, errors.Join(probe.WithHint(err, hint), s.dropChangeSet(ctx))
		}
	}
	if err := s.syncOptions(ctx, st); err != nil || set == "" {
		if set != "" {
			err = errors.Join(err, s.dropChangeSet(ctx))
		}
		return st, err
	}
	f := s.follower(aws.ToString(st.StackId), p)
	if err := f.skip(ctx, false); err != nil {
		return st, errors.Join(err, s.dropChangeSet(ctx))
	}
	if err := s.execute(ctx, set); err != nil {
		return st, errors.Join(err, s.dropChangeSet(ctx))
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

// named gives what exists in the stack the names that it has there.
func (s *Stack) named(ctx context.Context, st *types.Stack, body []byte) ([]byte, error) {
	standing, err := s.standing(ctx, st)
	if err != nil {
		return nil, err
	}
	return keepNames(body, standing)
}

// standing returns the template that the stack was made from.
func (s *Stack) standing(ctx context.Context, st *types.Stack) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := s.api.GetTemplate(ctx, &cloudformation.GetTemplateInput{
		StackName:     st.StackId,
		TemplateStage: types.TemplateStageOriginal,
	})
	if err != nil {
		return nil, s.explain("reading the stack's template", err)
	}
	return []byte(aws.ToString(out.TemplateBody)), nil
}

// execute starts the update. The token is of the change set's id, so that a
// retry of the request is no second update.
func (s *Stack) execute(ctx context.Context, id string) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err := s.api.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{
		ChangeSetName: new(changeSetName), StackName: &s.spec.StackName,
		ClientRequestToken: new("streamwatch-update-" + digest(id)[:32]),
	})
	if err != nil {
		return s.explain(fmt.Sprintf("updating stack %q", s.spec.StackName), err)
	}
	return nil
}

// syncOptions brings to the Spec what a change set does not carry: termination
// protection and the stack policy. What the Spec does not mention stays as
// somebody set it.
func (s *Stack) syncOptions(ctx context.Context, st *types.Stack) error {
	if on := s.spec.TerminationProtection; on != nil && *on != aws.ToBool(st.EnableTerminationProtection) {
		if err := s.protect(ctx, st, *on); err != nil {
			return err
		}
	}
	if s.spec.StackPolicy == nil {
		return nil
	}
	now, err := s.standingPolicy(ctx, st)
	if err != nil || sameJSON(now, string(s.spec.StackPolicy)) {
		return err
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err = s.api.SetStackPolicy(ctx, &cloudformation.SetStackPolicyInput{
		StackName:       st.StackId,
		StackPolicyBody: s.policy(),
	})
	if err != nil {
		return s.explain("setting the stack policy", err)
	}
	return nil
}

// standingPolicy returns the policy that the stack has, "" for none.
func (s *Stack) standingPolicy(ctx context.Context, st *types.Stack) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	now, err := s.api.GetStackPolicy(ctx, &cloudformation.GetStackPolicyInput{StackName: st.StackId})
	if err != nil {
		return "", s.explain("reading the stack policy", err)
	}
	return aws.ToString(now.StackPolicyBody), nil
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
