package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
)

// part is one thing that runs for as long as the event is watched.
type part struct {
	name  string
	run   func(context.Context) error // until ctx is done; nil is a clean end
	vital bool                        // an error of it ends all
	limit time.Duration               // for its end, once its ctx is done; zero is endLimit
}

const (
	endLimit = 7 * time.Second  // for a part that states none: a request in flight may end
	allLimit = 20 * time.Second // for all ends together: the report, and a service manager that kills, come after
)

// running is a part that was started.
type running struct {
	part
	stop context.CancelFunc
	done chan error
}

// runParts starts parts in their order, and waits until ctx is done or a vital
// part fails. Then it ends them in the opposite order, one after the other: a
// part may rely on those before it until its own end. What does not end in time
// is left behind, and named: a vital part in the error, another one in the log.
func runParts(ctx context.Context, log *zap.Logger, parts []part) error {
	failed := make(chan struct{}, len(parts))
	base := context.WithoutCancel(ctx)
	started := make([]*running, 0, len(parts))
	for _, p := range parts {
		own, stop := context.WithCancel(base)
		r := &running{part: p, stop: stop, done: make(chan error, 1)}
		started = append(started, r)
		go func() {
			err := p.run(own)
			r.done <- err
			switch {
			case err == nil:
			case p.vital:
				failed <- struct{}{}
			default:
				log.Error("a part ended", zap.String("part", p.name), zap.Error(err))
			}
		}()
	}
	select {
	case <-ctx.Done():
	case <-failed:
	}
	return endParts(log, started)
}

// endParts ends what was started, last in, first out.
func endParts(log *zap.Logger, started []*running) error {
	var errs []error
	end := time.Now().Add(allLimit)
	for _, r := range slices.Backward(started) {
		r.stop()
		limit := r.limit
		if limit == 0 {
			limit = endLimit
		}
		timer := time.NewTimer(max(min(limit, time.Until(end)), 0))
		select {
		case err := <-r.done:
			if err != nil && r.vital {
				errs = append(errs, fmt.Errorf("%s: %w", r.name, err))
			}
		case <-timer.C:
			err := fmt.Errorf("%s: did not end within %s", r.name, limit)
			if r.vital {
				errs = append(errs, err)
			} else {
				log.Warn("a part was left behind", zap.String("part", r.name), zap.Error(err))
			}
		}
		timer.Stop()
	}
	return errors.Join(errs...)
}
