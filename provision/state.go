package provision

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/streamwatch/streamwatch/probe"
)

// phase is what a stack's status means for us.
type phase uint8

const (
	absent phase = iota // create it
	busy                // an operation runs: follow it
	usable              // compare and update it
	stuck               // only a person, or Recreate, helps
)

// phaseOf reads the status of a stack; nil is absent.
func phaseOf(st *types.Stack) phase {
	if st == nil {
		return absent
	}
	switch status := string(st.StackStatus); status {
	case "DELETE_COMPLETE":
		return absent
	case "REVIEW_IN_PROGRESS": // nothing runs: a change set waits for somebody
		return stuck
	case "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE":
		return usable
	default:
		if strings.HasSuffix(status, "_IN_PROGRESS") {
			return busy
		}
		return stuck
	}
}

// worthless says whether a stuck stack never became, or no longer is, what
// viewers use.
func worthless(status string) bool {
	return slices.Contains([]string{
		"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED",
		"REVIEW_IN_PROGRESS",
	}, status)
}

// statusHint says what to do about a stack at rest in a status that is no success.
func (s *Stack) statusHint(status string) string {
	cli := fmt.Sprintf("aws cloudformation %%s --stack-name %s --region %s", s.spec.StackName, s.spec.Region)
	switch status {
	case "ROLLBACK_COMPLETE":
		return "fix the cause, then provision with --recreate; nothing is left of the failed creation but its events"
	case "CREATE_FAILED":
		return "what was made is still there (on_failure: DO_NOTHING): look at it, then streamwatch delete, or provision " +
			"with --recreate"
	case "ROLLBACK_FAILED", "DELETE_FAILED":
		return "streamwatch delete tries again and names what is left"
	case "DELETE_COMPLETE":
		return "fix the cause and run again; the failed stack was deleted (on_failure: DELETE)"
	case "REVIEW_IN_PROGRESS":
		return "somebody left a change set without executing it and nothing exists yet: streamwatch delete, or provision " +
			"with --recreate"
	case "UPDATE_ROLLBACK_COMPLETE":
		return "the distribution is as it was before: fix the cause and run again"
	case "UPDATE_ROLLBACK_FAILED":
		return "fix what the events name, then: " + fmt.Sprintf(cli, "continue-update-rollback")
	case "UPDATE_FAILED":
		return "go back to the last good state with: " + fmt.Sprintf(cli, "rollback-stack")
	}
	return "look at its events: " + fmt.Sprintf(cli, "describe-stack-events")
}

// stuckError says in which state a stack was found, and what to do.
func (s *Stack) stuckError(st *types.Stack) error {
	err := fmt.Errorf("stack %q is in %s", s.spec.StackName, st.StackStatus)
	if reason := aws.ToString(st.StackStatusReason); reason != "" {
		err = fmt.Errorf("%w: %s", err, s.redact(reason))
	}
	return probe.WithHint(err, s.statusHint(string(st.StackStatus)))
}

// failed says how an operation ended and names the first real cause.
func (s *Stack) failed(operation string, st *types.Stack, cause *Event) error {
	status := string(st.StackStatus)
	why := cmp.Or(s.redact(aws.ToString(st.StackStatusReason)), "no reason given")
	if cause != nil {
		why = fmt.Sprintf("%s (%s) %s: %s", cause.Resource, cause.Type, cause.Status, cause.Reason)
	}
	return probe.WithHint(fmt.Errorf("%s stack %q ended in %s: %s", operation, s.spec.StackName, status, why),
		s.statusHint(status))
}

// redact takes the secrets of the Spec out of a text that AWS wrote.
func (s *Stack) redact(text string) string {
	for _, p := range s.spec.parameters() {
		if p.secret && p.value != "" {
			text = strings.ReplaceAll(text, p.value, "REDACTED")
		}
	}
	return text
}
