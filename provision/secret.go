package provision

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/streamwatch/streamwatch/probe"
)

// secretDeadline bounds reading a secret, with all attempts.
const secretDeadline = 30 * time.Second

// PrivateKey reads the PEM of a private key from a secret of AWS Secrets Manager,
// which holds it as text or as bytes. arn is that of the secret, which also says
// the region. It only reads (secretsmanager:GetSecretValue), and no error holds
// anything of the secret. Options are those of NewStack.
func PrivateKey(ctx context.Context, arn string, options ...func(*config.LoadOptions) error) ([]byte, error) {
	region := strings.Split(arn+":::", ":")[3]
	attempt := "reading the secret " + arn
	asker := &Stack{spec: Spec{Region: region}}
	options = append([]func(*config.LoadOptions) error{
		config.WithRegion(region), config.WithRetryMaxAttempts(maxAttempts), config.WithLogger(logging.Nop{}),
	}, options...)
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, asker.explain("loading the AWS configuration", err)
	}
	ctx, cancel := context.WithTimeout(ctx, secretDeadline)
	defer cancel()
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
	if err != nil {
		return nil, asker.explainSecret(attempt, err)
	}
	text := out.SecretBinary
	if out.SecretString != nil {
		text = []byte(aws.ToString(out.SecretString))
	}
	if block, _ := pem.Decode(text); block == nil {
		advice := "store the PEM itself: aws secretsmanager put-secret-value --secret-id ARN --secret-string " +
			"file://viewers-key.pem"
		if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
			advice = "it holds key/value pairs; " + advice
		}
		return nil, probe.WithHint(fmt.Errorf("%s: it holds no private key in PEM", attempt), advice)
	}
	return text, nil
}

// explainSecret is explain with the hints that are special to secrets.
func (s *Stack) explainSecret(attempt string, err error) error {
	explained := s.explain(attempt, err)
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || explainCredentials(attempt, err) != nil {
		return explained
	}
	advice := ""
	switch code := api.ErrorCode(); {
	case slices.Contains(missingCodes, code):
		advice = "check private_key_secret, and the account of these credentials: aws secretsmanager describe-secret"
	case slices.Contains(deniedCodes, code), code == "DecryptionFailure":
		advice = "the caller needs secretsmanager:GetSecretValue on it (streamwatch provision --print monitor-policy), " +
			"and kms:Decrypt on its key where that is one of your own"
	case code == "InvalidRequestException":
		advice = "a secret that is marked for deletion cannot be read: aws secretsmanager restore-secret"
	default:
		return explained
	}
	return probe.WithHint(fmt.Errorf("%s: %w", attempt,
		&refusal{code: api.ErrorCode(), message: api.ErrorMessage(), err: err}), advice)
}
