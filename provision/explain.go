package provision

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/smithy-go"

	"github.com/streamwatch/streamwatch/probe"
)

// Codes with which AWS services refuse a request, by what helps.
var (
	expiredCodes = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
	unknownCodes = []string{
		"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
		"MissingAuthenticationToken",
	}
	deniedCodes    = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
	clockCodes     = []string{"SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed"}
	throttledCodes = []string{"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
	limitCodes     = []string{"LimitExceeded", "LimitExceededException"}
	optInCodes     = []string{"OptInRequired", "SubscriptionRequiredException"}
	missingCodes   = []string{"NotFound", "NotFoundException", "ResourceNotFoundException", "ResourceNotFound"}
)

const (
	signInHint = "sign in with aws sso login or aws configure, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and " +
		"AWS_SECRET_ACCESS_KEY"
	signInAgainHint = "sign in again: aws sso login, or renew the keys of your profile"
)

// explain says what was attempted, and puts a hint beside the errors that a
// user can do something about. What AWS repeats of a request has no secret left.
func (s *Stack) explain(attempt string, err error) error {
	wrapped := fmt.Errorf("%s: %w", attempt, err)
	if explained := explainCredentials(attempt, err); explained != nil {
		return explained
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		short := fmt.Errorf("%s: %w", attempt, &refusal{
			code: api.ErrorCode(), message: s.redact(api.ErrorMessage()),
			err: err,
		})
		if advice := s.hintFor(api.ErrorCode()); advice != "" {
			return probe.WithHint(short, advice)
		}
		return short
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return probe.WithHint(wrapped, "check distribution.cloudformation.region, AWS_ENDPOINT_URL and the network")
	}
	return wrapped
}

// hintFor says what helps against a code, "" where nothing general does.
func (s *Stack) hintFor(code string) string {
	switch {
	case slices.Contains(expiredCodes, code):
		return signInAgainHint
	case slices.Contains(unknownCodes, code):
		return "these keys are unknown to AWS: check AWS_PROFILE and the environment, or " + signInHint
	case slices.Contains(deniedCodes, code):
		return "streamwatch provision --print policy shows the permissions that are needed, --print monitor-policy those " +
			"of run"
	case slices.Contains(clockCodes, code):
		return "check the secret key, and the clock of this machine"
	case slices.Contains(throttledCodes, code):
		return "other programs use up the account's rate: wait a minute and run the same command again"
	case slices.Contains(limitCodes, code):
		return "a quota of the account is used up: delete what nobody needs, or ask for more with Service Quotas"
	case slices.Contains(optInCodes, code):
		return "the account has not opted in to " + s.spec.Region +
			", or is not activated yet: see Account in the AWS console"
	}
	return ""
}

// explainCredentials names the real cause where the SDK found credentials and
// could not use them, or found none. It is nil for any other error.
func explainCredentials(attempt string, err error) error {
	text := err.Error()
	profile := cmp.Or(os.Getenv("AWS_PROFILE"), "default")
	if _, missing := errors.AsType[config.SharedConfigProfileNotExistError](err); missing {
		return probe.WithHint(fmt.Errorf("%s: %w", attempt, err),
			"AWS_PROFILE names a profile that ~/.aws/config does not have: aws configure list-profiles")
	}
	if _, ok := errors.AsType[config.AssumeRoleTokenProviderNotSetError](err); ok {
		return probe.WithHint(fmt.Errorf("%s: the profile %s asks for an MFA code", attempt, profile),
			"run the command in a terminal")
	}
	// What a service answered to a signed request is none of this.
	if !strings.Contains(text, "refresh cached credentials") && !strings.Contains(text, "get credentials") &&
		!strings.Contains(text, "no EC2 IMDS role") {
		return nil
	}
	asked, ok := errors.AsType[interface { // by whoever was asked for the code of a token
		error
		Hint() string
	}](err)
	if ok {
		return probe.WithHint(fmt.Errorf("%s: %w", attempt, asked), asked.Hint())
	}
	_, process := errors.AsType[*processcreds.ProviderError](err)
	switch {
	case process:
		return probe.WithHint(fmt.Errorf("%s: the credential_process of the profile %s failed", attempt, profile),
			"run the command that credential_process names in ~/.aws/config by hand, and see what it says")
	case strings.Contains(text, "SSO") && (strings.Contains(text, "expired") || strings.Contains(text, "invalid")):
		return probe.WithHint(fmt.Errorf("%s: the SSO session has expired", attempt),
			"sign in again: aws sso login --profile "+profile)
	case strings.Contains(text, "login session"), strings.Contains(text, "signin"):
		return probe.WithHint(fmt.Errorf("%s: the login session has expired", attempt),
			"sign in again: aws login --profile "+profile)
	}
	return explainChain(attempt, err)
}

// explainChain is for a chain of credentials that ends without any. A role that
// AWS refused is a cause by itself.
func explainChain(attempt string, err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		short := fmt.Errorf("%s: getting credentials: %w", attempt,
			&refusal{code: api.ErrorCode(), message: api.ErrorMessage(), err: err})
		if slices.Contains(deniedCodes, api.ErrorCode()) {
			return probe.WithHint(short,
				"the trust policy of the role, or an MFA condition in it, refuses this caller: aws sts get-caller-identity says "+
					"who that is")
		}
		return probe.WithHint(short, signInAgainHint)
	}
	return probe.WithHint(fmt.Errorf("%s: no AWS credentials were found", attempt), signInHint)
}

// refusal is an error of AWS without the noise of the SDK around it.
type refusal struct {
	code, message string
	err           error
}

// Error returns what AWS said.
func (r *refusal) Error() string { return r.message + " (" + r.code + ")" }

// Unwrap returns the SDK's error.
func (r *refusal) Unwrap() error { return r.err }

// isAbsent says whether AWS answered that there is no such stack.
func isAbsent(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "ValidationError" && strings.Contains(api.ErrorMessage(), "does not exist")
}

// isNotFound says whether AWS answered that what was asked for is not there.
func isNotFound(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && slices.Contains(missingCodes, api.ErrorCode())
}

// isCredentials says whether it is of no use to ask again as the same caller.
func isCredentials(err error) bool {
	if api, ok := errors.AsType[smithy.APIError](err); ok && slices.Contains(throttledCodes, api.ErrorCode()) {
		return false
	}
	_, hinted := errors.AsType[*probe.HintError](err)
	_, network := errors.AsType[*net.DNSError](err)
	return hinted && !network
}
