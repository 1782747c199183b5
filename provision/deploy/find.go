package deploy

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/provision"
)

// Deadlines at the start of a run. Whoever restarts in the middle of an event
// wants to watch it, not to wait for an API.
const (
	findDeadline    = 10 * time.Second // of looking for the stack, where its domain is known
	compareDeadline = 20 * time.Second
)

// Find returns the distribution of an event without making or changing anything:
// of a stack it needs no more than to read it. Where AWS cannot be asked it is
// the one that the last run knew, and stale says why it may not be right.
func (a *Account) Find(ctx context.Context, e *configs.Event) (dist provision.Distribution, stale, err error) {
	switch d := &e.Distribution; {
	case d.Existing != nil:
		return provision.Distribution{EdgeURL: strings.TrimRight(d.Existing.URL.Reveal(), "/")}, nil, nil
	case d.Local != nil:
		return provision.Distribution{EdgeURL: "http://" + d.Local.Listen}, nil, nil
	}
	spec, err := eventfile.DistributionSpec(e)
	if err != nil {
		return provision.Distribution{}, nil, err
	}
	stack, err := a.Stack(ctx, spec)
	if err != nil {
		return provision.Distribution{}, nil, err
	}
	before := remembered(filepath.Join(e.Output, e.Event), e.Distribution.CloudFormation)
	if before.Edge != "" {
		look, cancel := context.WithTimeout(ctx, findDeadline)
		defer cancel()
		ctx = look
	}
	dist, err = stack.Find(ctx)
	if err != nil && before.Edge != "" && !errors.Is(err, provision.ErrAbsent) {
		return provision.Distribution{EdgeURL: before.Edge, Outputs: before.Outputs}, err, nil
	}
	return dist, nil, err
}
