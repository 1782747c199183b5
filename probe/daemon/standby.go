package daemon

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/web"
)

// StandBy serves what a hub shows that does not lead, at the address of its page,
// while wait lasts, and returns wait's error. leader is that of fleet.Hub. A loopback
// address serves nothing: there is no other machine to answer, and two hubs of one
// machine may have the same.
func StandBy(
	ctx context.Context, address string, leader func() (page string, known bool), log *zap.Logger,
	wait func(context.Context) error,
) error {
	if address == "" || configs.Loopback(address) {
		return wait(ctx)
	}
	ln, err := listener(ctx, nil, address)
	if err != nil {
		log.Warn("a hub that stands by cannot say so", zap.Error(err))
		return wait(ctx)
	}
	serving, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := (&web.StandBy{Leader: leader, Log: log}).Run(serving, ln); err != nil {
			log.Error("serving the page of a hub that stands by", zap.Error(err))
		}
	})
	defer wg.Wait()
	defer stop()
	return wait(ctx)
}
