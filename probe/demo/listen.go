package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/streamwatch/streamwatch/probe"
)

// Listen takes an address, or one of the next ports when it is taken.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, probe.Usage(fmt.Sprintf("--listen: %v", err), "such as 127.0.0.1:8090")
	}
	first, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return nil, probe.Usage(fmt.Sprintf("--listen: %v", err), "such as 127.0.0.1:8090")
	}
	const tries = 20
	for i := range tries {
		ln, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, fmt.Sprint(first+i)))
		if err == nil {
			return ln, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, probe.WithHint(
				fmt.Errorf("opening the page: %w", err),
				"--listen takes an address of this machine",
			)
		}
	}
	return nil, probe.WithHint(
		fmt.Errorf("opening the page: ports %d to %d are taken", first, first+tries-1),
		"choose another with --listen",
	)
}
