package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// create creates the stack and follows it. It uses CreateStack and no change
// set: only that has the options of the wizard (timeout, failure, protection).
func (s *Stack) create(ctx context.Context, p Progress, body []byte) (*types.Stack, error) {
	in := &cloudformation.CreateStackInput{
		StackName:                   &s.spec.StackName,
		TemplateBody:                new(string(body)),
		Parameters:                  s.parameters(),
		Tags:                        s.tags(),
		NotificationARNs:            s.spec.NotificationARNs,
		TimeoutInMinutes:            new(int32((s.spec.CreateTimeout + time.Minute - 1) / time.Minute)),
		OnFailure:                   types.OnFailure(s.spec.OnFailure),
		StackPolicyBody:             s.policy(),
		EnableTerminationProtection: s.spec.TerminationProtection,
		RoleARN:                     optional(s.spec.RoleARN),
		ClientRequestToken:          new(s.createToken(body)),
	}
	out, err := s.callCreate(ctx, in)
	if _, used := errors.AsType[*types.TokenAlreadyExistsException](err); used {
		// An earlier life of this stack began with the same request.
		in.ClientRequestToken = new(*in.ClientRequestToken + time.Now().UTC().Format("-20060102T150405Z"))
		out, err = s.callCreate(ctx, in)
	}
	if _, exists := errors.AsType[*types.AlreadyExistsException](err); exists {
		return nil, errRaced
	}
	if err != nil {
		return nil, s.explain(fmt.Sprintf("creating stack %q", s.spec.StackName), err)
	}
	f := s.follower(aws.ToString(out.StackId), p)
	st, err := f.run(ctx, "creating")
	if err != nil {
		return nil, err
	}
	if st.StackStatus != types.StackStatusCreateComplete {
		return nil, s.failed("creating", st, f.findCause(ctx))
	}
	return st, nil
}

func (s *Stack) callCreate(
	ctx context.Context, in *cloudformation.CreateStackInput,
) (*cloudformation.CreateStackOutput, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	return s.api.CreateStack(ctx, in)
}

// createToken makes two processes that create the same stack at the same time
// one request. The secret values are not in it: it is shown with each event.
func (s *Stack) createToken(body []byte) string {
	var b strings.Builder
	b.Write(body)
	for _, p := range s.spec.parameters() {
		if !p.secret {
			b.WriteString("\n" + p.name + "=" + p.value)
		}
	}
	return "streamwatch-create-" + digest(b.String())[:32]
}

// parameters are the values beside the template, in the form of the SDK.
func (s *Stack) parameters() []types.Parameter {
	var out []types.Parameter
	for _, p := range s.spec.parameters() {
		out = append(out, types.Parameter{ParameterKey: new(p.name), ParameterValue: new(p.value)})
	}
	return out
}

// tags are the owner's and the user's, in order.
func (s *Stack) tags() []types.Tag {
	out := []types.Tag{{Key: new(ownerTag), Value: &s.spec.Event}}
	for _, key := range slices.Sorted(maps.Keys(s.spec.Tags)) {
		out = append(out, types.Tag{Key: new(key), Value: new(s.spec.Tags[key])})
	}
	return out
}

// defaultPolicy lets everything change but the distribution's identity: its
// domain name is in every embed that was published.
const defaultPolicy = `{"Statement":[` +
	`{"Effect":"Allow","Principal":"*","Action":"Update:*","Resource":"*"},` +
	`{"Effect":"Deny","Principal":"*","Action":["Update:Replace","Update:Delete"],"Resource":"LogicalResourceId/` +
	distributionID + `"}]}`

// policy is the stack policy of a new stack: the user's or the default, which is
// about the distribution.
func (s *Stack) policy() *string {
	switch {
	case s.spec.StackPolicy != nil:
		return new(string(s.spec.StackPolicy))
	case s.spec.AlarmsOnly:
		return nil
	}
	return new(defaultPolicy)
}

// optional is nil for an empty text, which the SDK would send as such.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// adopt follows an operation that runs already, whoever began it. That it ends
// badly is an error only for a creation: the rest is looked at again.
func (s *Stack) adopt(ctx context.Context, p Progress, st *types.Stack) error {
	f := s.follower(aws.ToString(st.StackId), p)
	if err := f.skip(ctx, true); err != nil {
		return err
	}
	status := string(st.StackStatus)
	operation := "updating"
	switch {
	case strings.HasPrefix(status, "DELETE"):
		operation = "deleting"
	case strings.HasPrefix(status, "CREATE"), strings.HasPrefix(status, "ROLLBACK"):
		operation = "creating"
	}
	end, err := f.run(ctx, operation)
	if err != nil {
		return err
	}
	if operation != "deleting" && phaseOf(end) != usable {
		return s.failed(operation, end, f.findCause(ctx))
	}
	return nil
}
