package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/streamwatch/streamwatch/probe"
)

// Delete deletes the stack with all that is in it, then the stacks beside it,
// and follows that to the end. A deletion that runs already is followed. The
// error is ErrAbsent where there is nothing; one for what could not be deleted
// names it. Asking the user first is the caller's.
func (s *Stack) Delete(ctx context.Context, p Progress) error {
	if s.spec.Adopt {
		return probe.WithHint(fmt.Errorf("stack %q is adopted: streamwatch never changes it", s.spec.StackName),
			"whoever deployed it deletes it")
	}
	st, err := s.find(ctx)
	if err != nil {
		return err
	}
	known := max(besideCount(st), len(s.spec.Beside))
	if err := s.deleteOne(ctx, p); err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	found, err := s.deleteBeside(ctx, p, 1, known)
	if err == nil && !found && phaseOf(st) == absent {
		return fmt.Errorf("deleting stack %q: %w", s.spec.StackName, ErrAbsent)
	}
	return err
}

// deleteOne is Delete for this stack alone.
func (s *Stack) deleteOne(ctx context.Context, p Progress) error {
	st, err := s.find(ctx)
	if err != nil {
		return err
	}
	// CloudFormation takes no deletion while an update or a rollback runs.
	if phaseOf(st) == busy && !deletable(string(st.StackStatus)) {
		f := s.follower(aws.ToString(st.StackId), p)
		if err := f.skip(ctx, true); err != nil {
			return err
		}
		if st, err = f.run(ctx, "updating"); err != nil {
			return err
		}
	}
	if phaseOf(st) == absent {
		return fmt.Errorf("deleting stack %q: %w", s.spec.StackName, ErrAbsent)
	}
	return s.remove(ctx, p, st)
}

// deletable says whether a deletion may begin, or goes on, in a busy status.
func deletable(status string) bool {
	return status == "CREATE_IN_PROGRESS" || status == "DELETE_IN_PROGRESS"
}

// remove deletes a stack that is there, and follows it to DELETE_COMPLETE.
func (s *Stack) remove(ctx context.Context, p Progress, st *types.Stack) error {
	f := s.follower(aws.ToString(st.StackId), p)
	running := st.StackStatus == types.StackStatusDeleteInProgress
	if err := f.skip(ctx, running); err != nil {
		return err
	}
	if !running {
		if err := s.callDelete(ctx, st); err != nil {
			return err
		}
	}
	end, err := f.run(ctx, "deleting")
	if err != nil {
		return err
	}
	if end.StackStatus == types.StackStatusDeleteComplete {
		return nil
	}
	err = s.failed("deleting", end, f.cause)
	if left := s.leftovers(ctx, end); left != "" {
		return probe.WithHint(fmt.Errorf("%w; left: %s", err, left), "fix the cause and delete again")
	}
	return err
}

func (s *Stack) callDelete(ctx context.Context, st *types.Stack) error {
	if aws.ToBool(st.EnableTerminationProtection) {
		if !s.Unprotect {
			return probe.WithHint(fmt.Errorf("stack %q is protected against deletion", s.spec.StackName),
				"streamwatch delete EVENT.yaml --force-unprotect lifts the protection and deletes the stack")
		}
		if err := s.protect(ctx, st, false); err != nil {
			return err
		}
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	_, err := s.api.DeleteStack(ctx, &cloudformation.DeleteStackInput{
		StackName: st.StackId, RoleARN: optional(s.spec.RoleARN),
		ClientRequestToken: new("streamwatch-delete-" + digest(aws.ToString(st.StackId))[:32]),
	})
	if err != nil {
		return s.explain(fmt.Sprintf("deleting stack %q", s.spec.StackName), err)
	}
	return nil
}

// leftovers names what is still there and costs, after a deletion that failed.
func (s *Stack) leftovers(ctx context.Context, st *types.Stack) string {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var left []string
	pages := cloudformation.NewListStackResourcesPaginator(s.api,
		&cloudformation.ListStackResourcesInput{StackName: st.StackId})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil { // the failure itself is known; this would only have explained it
			break
		}
		for _, r := range page.StackResourceSummaries {
			if r.ResourceStatus != types.ResourceStatusDeleteComplete {
				left = append(left, fmt.Sprintf("%s (%s %s)", aws.ToString(r.LogicalResourceId), aws.ToString(r.ResourceType),
					aws.ToString(r.PhysicalResourceId)))
			}
		}
	}
	return strings.Join(left, ", ")
}
