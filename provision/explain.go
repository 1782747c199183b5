package provision

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
)

// Codes with which AWS services refuse a request because of who asks.
var (
	expiredCodes = []string{"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
	unknownCodes = []string{"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "MissingAuthenticationToken"}
	deniedCodes  = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
	clockCodes   = []string{"SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed"}
)

const (
	mendMissing = "sign in with aws sso login or aws configure, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	mendExpired = "sign in again: aws sso login, or renew the keys of your profile"
)

// explain says what was attempted, and puts a mend beside the errors that a
// user can do something about. What AWS repeats of a request has no secret left.
func (s *Stack) explain(attempt string, err error) error {
	wrapped := fmt.Errorf("%s: %w", attempt, err)
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		code := api.ErrorCode()
		short := fmt.Errorf("%s: %w", attempt, &refusal{code: code, message: s.redact(api.ErrorMessage()), err: err})
		switch {
		case slices.Contains(expiredCodes, code):
			return hint(short, mendExpired)
		case slices.Contains(unknownCodes, code):
			return hint(short, "these keys are unknown to AWS: check AWS_PROFILE and the environment, or "+mendMissing)
		case slices.Contains(deniedCodes, code):
			return hint(short, "streamwatch provision --print policy shows the permissions that are needed")
		case slices.Contains(clockCodes, code):
			return hint(short, "check the secret key, and the clock of this machine")
		}
		return short
	}
	text := err.Error()
	_, noProfile := errors.AsType[config.SharedConfigProfileNotExistError](err)
	switch {
	case noProfile:
		return hint(wrapped, "AWS_PROFILE names a profile that ~/.aws/config does not have: aws configure list-profiles")
	case strings.Contains(text, "SSO") && (strings.Contains(text, "expired") || strings.Contains(text, "invalid")):
		return hint(fmt.Errorf("%s: the SSO session has expired", attempt), mendExpired)
	case strings.Contains(text, "refresh cached credentials"), strings.Contains(text, "get credentials"), strings.Contains(text, "no EC2 IMDS role"):
		return hint(fmt.Errorf("%s: no AWS credentials were found", attempt), mendMissing)
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return hint(wrapped, "check distribution.cloudformation.region, AWS_ENDPOINT_URL and the network")
	}
	return wrapped
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

// isCredentials says whether it is of no use to ask again as the same caller.
func isCredentials(err error) bool {
	_, hinted := errors.AsType[*HintError](err)
	_, network := errors.AsType[*net.DNSError](err)
	return hinted && !network
}
