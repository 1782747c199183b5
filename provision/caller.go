package provision

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
)

// AskToken is an option of NewStack: ask is called for the code of a token when
// the profile has mfa_serial. It may be called again once a session has expired.
func AskToken(ask func() (string, error)) func(*config.LoadOptions) error {
	return config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) { o.TokenProvider = ask })
}

// Credentials are those that the stack's calls are signed with.
func (s *Stack) Credentials() aws.CredentialsProvider { return s.creds }
