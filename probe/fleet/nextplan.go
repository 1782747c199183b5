package fleet

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
)

// followAnew is for how long a watcher of the plan is believed: a server that was
// started again may have lost the bucket, and a watcher of the old one hears
// nothing of the next.
const followAnew = 10 * time.Second

// nextPlan waits for a plan that is not the one before; nil when ctx is done
// first. Another hub that leads publishes the same again.
func (a *Agent) nextPlan(ctx context.Context, before *Plan) (*Plan, error) {
	for told := false; ctx.Err() == nil; {
		p, err := a.planWithin(ctx, followAnew, before)
		switch {
		case ctx.Err() != nil:
		case err == nil && p != nil:
			return p, a.accept(p)
		case err == nil:
			told = false
		case isFailure(err):
			return nil, err
		default:
			if !told && a.room.conn.IsConnected() { // else the log has that NATS is lost
				told = true
				a.log.Warn("the event cannot be read: trying again", zap.Error(err))
			}
			probe.Pause(ctx, retryConnect)
		}
	}
	return nil, nil //nolint:nilnil // no plan, and nothing wrong
}

// accept says whether the agent can work by a plan.
func (a *Agent) accept(p *Plan) error {
	if p.Version != a.o.Version {
		a.log.Warn("the hub is of another version", zap.String("hub", p.Version), zap.String("agent", a.o.Version))
	}
	return p.allows(a.o.Vantage)
}

// planWithin waits for a plan that is not the one before, nil when there is none in
// time.
func (a *Agent) planWithin(ctx context.Context, limit time.Duration, before *Plan) (*Plan, error) {
	plans, err := a.room.plan.Watch(ctx, planKey)
	if err != nil {
		return nil, err
	}
	defer func() { _ = plans.Stop() }()
	over := time.NewTimer(limit)
	defer over.Stop()
	for {
		select {
		case e, open := <-plans.Updates():
			if !open {
				return nil, jetstream.ErrConsumerDeleted
			}
			if e == nil || e.Operation() != jetstream.KeyValuePut {
				continue
			}
			p, err := a.readPlan(ctx, e.Value())
			if err != nil || p.Hash != before.Hash || p.Shards != before.Shards {
				return p, err
			}
		case <-over.C:
			return nil, nil //nolint:nilnil // as the comment says
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// readPlan reads a plan with its pieces. It fails where they are not to be had, as
// when a server does not have its copy yet.
func (a *Agent) readPlan(ctx context.Context, text []byte) (*Plan, error) {
	reading, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return readPlan(reading, a.room.plan, text)
}
