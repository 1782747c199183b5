package deploy

import (
	"context"
	"errors"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/provision"
)

// Reached is an event's distribution as a monitor asks it.
type Reached struct {
	Monitor monitor.Options
	Stale   error // why the distribution is as it was last known; nil where that is right

	end    context.CancelFunc // of a local edge; nil where others serve
	served chan error
}

// Reach finds the distribution of an event for a look at it, and what signs the
// requests to its edges. flags add headers and cookies. Nothing is made or changed;
// an edge of the event's own is served until Close.
func (a *Account) Reach(ctx context.Context, e *configs.Event, flags *eventfile.Flags) (r *Reached, err error) {
	if err := flags.Give(e); err != nil {
		return nil, err
	}
	eventfile.Know(a.Secrets, e)
	r = &Reached{}
	dist, err := r.find(ctx, a, e)
	if err != nil {
		return nil, err
	}
	if err = r.options(ctx, a, e, dist); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// find returns the distribution, and serves a local one.
func (r *Reached) find(ctx context.Context, a *Account, e *configs.Event) (dist provision.Distribution, err error) {
	if e.Distribution.Local == nil {
		dist, r.Stale, err = a.Find(ctx, e)
		return dist, err
	}
	local, err := Local(e, nil)
	if err != nil {
		return dist, err
	}
	if dist, err = local.Provision(ctx, nil); err != nil {
		return dist, err
	}
	ctx, r.end = context.WithCancel(ctx)
	r.served = make(chan error, 1)
	go func() { r.served <- local.Run(ctx) }()
	return dist, nil
}

// options are those of a monitor of the event.
func (r *Reached) options(ctx context.Context, a *Account, e *configs.Event, dist provision.Distribution) error {
	signer, err := a.Signer(ctx, e, dist)
	if err != nil {
		return err
	}
	r.Monitor = eventfile.MonitorOptions(e, dist.EdgeURL, signer)
	r.Monitor.Secrets = a.Secrets
	r.Monitor.Edges, err = a.Edges(ctx, e)
	return err
}

// Close ends a local edge.
func (r *Reached) Close() error {
	if r.end == nil {
		return nil
	}
	r.end()
	return <-r.served
}
