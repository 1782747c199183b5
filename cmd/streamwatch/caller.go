package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision/deploy"
)

// account is the caller of AWS.
func (c *cli) account() *deploy.Account {
	if c.aws == nil {
		c.aws = &deploy.Account{AskToken: c.askToken, Secrets: c.known()}
	}
	return c.aws
}

// goOn says that a distribution could not be asked for, where there is a reason.
func (c *cli) goOn(stale error, edge string) {
	if stale != nil {
		fmt.Fprintf(c.stderr, "streamwatch: %v\n  going on with %s, as it was last known\n", stale, edge)
	}
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
