package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision"
)

// caller returns the options that every client of AWS gets: all share the
// credentials of the first, so that a code of a token is asked for once.
func (c *cli) caller() []func(*config.LoadOptions) error {
	options := []func(*config.LoadOptions) error{provision.AskToken(c.askToken)}
	if c.creds != nil {
		options = append(options, config.WithCredentialsProvider(c.creds))
	}
	return options
}

func (c *cli) newStack(ctx context.Context, spec provision.Spec) (*provision.Stack, error) {
	stack, err := provision.NewStack(ctx, spec, c.caller()...)
	if err == nil {
		c.creds = stack.Credentials()
	}
	return stack, err
}

// askToken asks on the terminal for the code that a profile with mfa_serial wants.
func (c *cli) askToken() (string, error) {
	if in, ok := c.stdin.(*os.File); !ok || !terminal(in) {
		return "", probe.WithHint(
			errors.New("the AWS profile asks for an MFA code, and there is no terminal to type it"),
			"run the command in a terminal, or give a session: aws sts get-session-token --serial-number ARN --token-code CODE",
		)
	}
	fmt.Fprint(c.stderr, "MFA code: ")
	line, err := bufio.NewReader(io.LimitReader(c.stdin, 64)).ReadString('\n')
	if code := strings.TrimSpace(line); code != "" {
		return code, nil
	}
	return "", fmt.Errorf("reading the MFA code: %w", err)
}
