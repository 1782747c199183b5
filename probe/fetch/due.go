package fetch

import (
	"context"
	"time"
)

// limited returns the context of one request. For the client's own transport it is
// one without a timer: connections keep deadlines by themselves.
func (c *Client) limited(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	at, stated := ctx.Deadline()
	if timeout == 0 && !stated {
		timeout = NoDeadline
	}
	if own := time.Now().Add(timeout); timeout > 0 && (!stated || own.Before(at)) {
		at = own
	}
	if _, own := c.transport.(*transport); !own {
		return context.WithDeadline(ctx, at)
	}
	return &due{ctx, at}, func() {}
}

// due is a context that is over at a time. Nothing wakes who waits for its Done.
type due struct {
	context.Context

	at time.Time
}

// Deadline returns that time.
func (d *due) Deadline() (time.Time, bool) { return d.at, true }

// Err returns why the context is over.
func (d *due) Err() error {
	if err := d.Context.Err(); err != nil {
		return err
	}
	if !time.Now().Before(d.at) {
		return context.DeadlineExceeded
	}
	return nil
}
