package provision

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// BesideName is the name of the nth stack beside a stack, counted from 1.
func BesideName(stack string, n int) string { return stack + "-alarms-" + strconv.Itoa(n) }

// Stacks returns the Spec of every stack that s needs, in the order in which
// they are made: those beside it, then s itself. Composite alarms of s are over
// alarms in the others, so CloudWatch wants those first, and last when deleting.
func (s Spec) Stacks() []Spec {
	var out []Spec
	for i, extra := range s.Beside {
		b := s
		b.StackName, b.AlarmsOnly, b.Extra, b.Beside, b.beside = BesideName(s.StackName, i+1), true, extra, nil, true
		b.StackPolicy, b.TerminationProtection = nil, nil // which guard the distribution
		out = append(out, b)
	}
	return append(out, s)
}

// beside returns the stacks beside this one.
func (s *Stack) beside() []*Stack {
	specs := s.spec.Stacks()
	out := make([]*Stack, 0, len(specs)-1)
	for _, spec := range specs[:len(specs)-1] {
		b := *s
		b.spec = spec
		out = append(out, &b)
	}
	return out
}

// numbered returns the nth stack beside this one, whether the Spec has it or not.
func (s *Stack) numbered(n int) *Stack {
	b := *s
	b.spec.StackName, b.spec.AlarmsOnly, b.spec.Beside, b.spec.beside = BesideName(s.spec.StackName, n), true, nil, true
	b.spec.StackPolicy, b.spec.TerminationProtection = nil, nil
	return &b
}

// besideCount reads from a stack how many are beside it.
func besideCount(st *types.Stack) int {
	if st == nil {
		return 0
	}
	for _, o := range st.Outputs {
		if aws.ToString(o.OutputKey) == outputBeside {
			n, _ := strconv.Atoi(aws.ToString(o.OutputValue)) // another text is not ours
			return n
		}
	}
	return 0
}

// deleteBeside deletes the stacks beside this one from the nth on: as many as
// were known, and any that an interrupted run left after them. It reports
// whether there was one.
func (s *Stack) deleteBeside(ctx context.Context, p Progress, from, known int) (bool, error) {
	found := false
	for n := from; ; n++ {
		b := s.numbered(n)
		st, err := b.find(ctx)
		if err != nil {
			return found, err
		}
		if st == nil && n > known {
			return found, nil
		}
		if st == nil {
			continue
		}
		found = true
		if err := b.deleteOne(ctx, p); err != nil && !errors.Is(err, ErrAbsent) {
			return found, fmt.Errorf("beside stack %q: %w", s.spec.StackName, err)
		}
	}
}
