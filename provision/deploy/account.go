// Package deploy brings the distribution of an event into being, or finds it: the
// stack that its file describes, what signs requests to it, and what a run must
// remember of it to start without AWS.
//
// The rule that keeps it simple: provision knows stacks and nothing of events;
// here an event meets its stack, and nothing is printed.
package deploy

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sign"
	"github.com/streamwatch/streamwatch/provision"
)

// Account is the caller of AWS. All clients share the credentials of the first, so
// that a code of a token is asked for once.
type Account struct {
	AskToken func() (string, error) // for the code that a profile with mfa_serial wants
	Secrets  *fetch.Secrets         // gets the private keys that are read

	// More are options of every client, on top of what the environment says.
	More []func(*config.LoadOptions) error

	creds aws.CredentialsProvider // of the first client; nil until then
}

// Options returns the options that every client of AWS gets.
func (a *Account) Options() []func(*config.LoadOptions) error {
	options := append([]func(*config.LoadOptions) error{provision.AskToken(a.AskToken)}, a.More...)
	if a.creds != nil {
		options = append(options, config.WithCredentialsProvider(a.creds))
	}
	return options
}

// Stack returns the stack that a spec describes. Nothing is asked of AWS yet.
func (a *Account) Stack(ctx context.Context, spec provision.Spec) (*provision.Stack, error) {
	stack, err := provision.NewStack(ctx, spec, a.Options()...)
	if err == nil {
		a.creds = stack.Credentials()
	}
	return stack, err
}

// Signer returns what signs the monitor's requests to an edge that lets only
// signed ones in, nil where the event asks for none. A key in a secret is read
// from AWS.
func (a *Account) Signer(ctx context.Context, e *configs.Event, dist provision.Distribution) (fetch.Signer, error) {
	key, err := a.PrivateKey(ctx, e)
	if err != nil {
		return nil, err
	}
	return eventfile.NewSigner(e, dist, key)
}

// PrivateKey reads the key that requests are signed with, nil where they are not.
// It is kept in memory only.
func (a *Account) PrivateKey(ctx context.Context, e *configs.Event) ([]byte, error) {
	s, at := eventfile.Signing(e)
	return a.keyOf(ctx, s, at)
}

// keyOf is PrivateKey of one part of the event.
func (a *Account) keyOf(ctx context.Context, s *configs.Sign, at string) (key []byte, err error) {
	if s == nil {
		return nil, nil
	}
	if s.PrivateKeySecret == "" {
		key, err = eventfile.SmallFile(s.PrivateKeyFile)
	} else {
		key, err = provision.PrivateKey(ctx, s.PrivateKeySecret, a.Options()...)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at, err)
	}
	eventfile.KnowKey(a.Secrets, key)
	return key, nil
}

// Edges returns the edges of an event beside the distribution's, with what signs
// the requests to them.
func (a *Account) Edges(ctx context.Context, e *configs.Event) ([]monitor.Edge, error) {
	var all []monitor.Edge
	for i := range e.Edges {
		edge, at := &e.Edges[i], fmt.Sprintf("edges[%d].sign", i)
		one := monitor.Edge{
			Name: edge.Name, URL: strings.TrimRight(edge.URL.Reveal(), "/"), Personalised: edge.Personalised,
			Headers: configs.Reveal(edge.Headers), Cookies: configs.Reveal(edge.Cookies),
		}
		key, err := a.keyOf(ctx, edge.Sign, at)
		if err != nil {
			return nil, err
		}
		if one.Sign, err = eventfile.SignerOf(edge.Sign, at, sign.Options{Key: key, Base: one.URL}); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
