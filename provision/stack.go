package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/logging"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/probe"
)

// ownerTag on a stack names the event that made it. A stack without it, or with
// another event in it, is never touched.
const ownerTag = "streamwatch:event"

// Named limits of the conversation with CloudFormation.
const (
	maxAttempts  = 8                // of one call, with backoff in between
	callTimeout  = 2 * time.Minute  // of one call with all its attempts
	settleLimit  = 90 * time.Minute // that an operation is watched; CloudFormation's own limit is 60
	creationTime = 10 * time.Minute // that a distribution mostly takes
	maxRounds    = 5                // of looking and acting, before somebody else must be at work too
)

// ErrAbsent says that there is no stack to delete.
var ErrAbsent = errors.New("there is no such stack")

// errRaced says that somebody else created the stack between look and create.
var errRaced = errors.New("the stack came into being meanwhile")

// Stack provisions by a stack of AWS CloudFormation. Each method first looks at
// what is there: an operation that runs already is followed, not repeated. When
// ctx ends the method returns and the operation goes on.
type Stack struct {
	// Recreate deletes a stack whose creation or deletion failed, such as one in
	// ROLLBACK_COMPLETE, and creates it again. After a failed update it does
	// nothing: the distribution in that stack may have viewers.
	Recreate bool
	// Keep leaves a stack that exists as it is. One that is missing is created.
	Keep bool
	// Unprotect lifts termination protection before Delete, whoever set it.
	Unprotect bool

	spec   Spec
	config aws.Config
	api    *cloudformation.Client
	topics *sns.Client
	creds  aws.CredentialsProvider
}

// NewStack returns the stack of a Spec. Credentials and endpoint are found the
// AWS way (environment, profile, SSO, instance role, AWS_ENDPOINT_URL); options
// come on top. Nothing is asked of AWS yet.
func NewStack(ctx context.Context, s Spec, options ...func(*config.LoadOptions) error) (*Stack, error) {
	options = append([]func(*config.LoadOptions) error{
		config.WithRegion(s.Region), config.WithRetryMaxAttempts(maxAttempts),
		config.WithLogger(logging.Nop{}), // what it has to say stands in the errors
	}, options...)
	st := &Stack{spec: s}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, st.explain("loading the AWS configuration", err)
	}
	st.config, st.creds = cfg, cfg.Credentials
	st.api, st.topics = cloudformation.NewFromConfig(cfg), sns.NewFromConfig(cfg)
	return st, nil
}

// Provision creates the stack, or updates it where it differs from the Spec, or
// leaves it as it is, and returns the distribution in it. An update that would
// replace or remove the distribution is refused. After a failed update that was
// rolled back, the distribution that still stands comes with the error. Stacks
// beside it are made first.
func (s *Stack) Provision(ctx context.Context, p Progress) (Distribution, error) {
	if s.spec.Adopt {
		return s.Find(ctx)
	}
	if _, err := s.template(); err != nil {
		return Distribution{}, err
	}
	before, err := s.find(ctx)
	if err != nil {
		return Distribution{}, err
	}
	if s.Keep && phaseOf(before) == usable {
		return s.distribution(before, nil)
	}
	for _, b := range s.beside() {
		if _, err := b.provision(ctx, p); err != nil {
			return s.distribution(before, err)
		}
	}
	d, err := s.provision(ctx, p)
	if err == nil && !s.Keep && besideCount(before) > len(s.spec.Beside) {
		_, err = s.deleteBeside(ctx, p, len(s.spec.Beside)+1, besideCount(before))
	}
	return d, err
}

// provision is Provision for this stack alone.
func (s *Stack) provision(ctx context.Context, p Progress) (Distribution, error) {
	body, err := s.template()
	if err != nil {
		return Distribution{}, err
	}
	for range maxRounds {
		st, err := s.find(ctx)
		if err != nil {
			return Distribution{}, err
		}
		switch phaseOf(st) {
		case absent:
			st, err = s.create(ctx, p, body)
			if errors.Is(err, errRaced) {
				continue
			}
			return s.distribution(st, err)
		case busy:
			if err := s.adopt(ctx, p, st); err != nil {
				return Distribution{}, err
			}
		case usable:
			if !s.Keep {
				st, err = s.update(ctx, p, st, body)
			}
			return s.distribution(st, err)
		case stuck:
			if !s.Recreate || !worthless(string(st.StackStatus)) {
				return s.distribution(st, s.stuckError(st))
			}
			if err := s.remove(ctx, p, st); err != nil {
				return Distribution{}, err
			}
		}
	}
	return Distribution{}, fmt.Errorf("stack %q does not come to rest: somebody else is changing it", s.spec.StackName)
}

// Find returns the distribution of the stack as it stands. It reads only:
// cloudformation:DescribeStacks is all that it needs. The error is ErrAbsent
// where there is no stack.
func (s *Stack) Find(ctx context.Context) (Distribution, error) {
	st, err := s.find(ctx)
	if err != nil {
		return Distribution{}, err
	}
	if phaseOf(st) == absent {
		return Distribution{}, probe.WithHint(fmt.Errorf("stack %q: %w", s.spec.StackName, ErrAbsent), s.absentHint())
	}
	return s.distribution(st, nil)
}

func (s *Stack) absentHint() string {
	if s.spec.Adopt {
		return "deploy it first, or check stack_name, region and the account: adopt only reads a stack"
	}
	return "run streamwatch provision EVENT.yaml first"
}

// template checks the Spec and renders it.
func (s *Stack) template() ([]byte, error) {
	if problems := s.spec.Problems(); len(problems) > 0 {
		return nil, rule.Problems(problems)
	}
	return Template(s.spec)
}

// find returns the stack by its name, nil where there is none, and an error
// where it belongs to somebody else.
func (s *Stack) find(ctx context.Context) (*types.Stack, error) {
	st, err := s.describe(ctx, s.spec.StackName)
	if err != nil || st == nil {
		return nil, err
	}
	if s.spec.Adopt { // whoever deployed it: it is only read
		return st, nil
	}
	owner, marked := "", false
	for _, tag := range st.Tags {
		if aws.ToString(tag.Key) == ownerTag {
			owner, marked = aws.ToString(tag.Value), true
		}
	}
	choose := "choose another " + s.spec.key("stack_name")
	if !s.spec.AlarmsOnly {
		choose += ", or set adopt: true to use the stack as it is, without ever changing it"
	}
	switch {
	case !marked:
		return nil, probe.WithHint(fmt.Errorf("stack %q exists and was not made by streamwatch", s.spec.StackName), choose)
	case owner != s.spec.Event:
		return nil, probe.WithHint(fmt.Errorf("stack %q belongs to the event %q", s.spec.StackName, owner), choose)
	}
	return st, nil
}

// describe returns a stack by name or id, nil where there is none. By id it
// also returns one that was deleted.
func (s *Stack) describe(ctx context.Context, name string) (*types.Stack, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := s.api.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if isAbsent(err) {
		return nil, nil //nolint:nilnil // no stack is an answer like any other
	}
	if err != nil {
		return nil, s.explain(fmt.Sprintf("looking for stack %q", s.spec.StackName), err)
	}
	if len(out.Stacks) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	return &out.Stacks[0], nil
}

// distribution reads the outputs of a stack. An error of the operation goes on
// beside what could be read.
func (s *Stack) distribution(st *types.Stack, failed error) (Distribution, error) {
	if st == nil {
		return Distribution{}, failed
	}
	d := Distribution{Outputs: map[string]string{}}
	for _, o := range st.Outputs {
		d.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	if s.spec.AlarmsOnly {
		return d, failed
	}
	host, err := s.host(d.Outputs)
	if err != nil {
		return d, cmp.Or(failed, err)
	}
	d.EdgeURL = "https://" + host
	d.Fresh = time.Since(aws.ToTime(st.CreationTime)) < creationTime+s.spec.Grace
	return d, failed
}

// host is the name under which viewers reach the distribution: the first alias
// that is one, else the output DomainName. A stack of somebody else's hand may
// name its output otherwise.
func (s *Stack) host(outputs map[string]string) (string, error) {
	if alias := s.spec.alias(); alias != "" {
		return alias, nil
	}
	if host := outputs["DomainName"]; host != "" {
		return host, nil
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		value := strings.TrimSuffix(strings.TrimPrefix(outputs[name], "https://"), "/")
		if s.spec.Adopt && strings.HasSuffix(value, ".cloudfront.net") && !slices.Contains(found, value) {
			found = append(found, value)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	err := fmt.Errorf("stack %q has no output DomainName", s.spec.StackName)
	if !s.spec.Adopt {
		return "", err
	}
	return "", probe.WithHint(err,
		"add an output DomainName with the distribution's domain to the template; its outputs are: "+
			strings.Join(slices.Sorted(maps.Keys(outputs)), ", "))
}

// detached returns a context for a call that changes something: once it is on
// its way it is not cut off, or nobody would know whether it arrived.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
}
