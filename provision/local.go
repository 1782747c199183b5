package provision

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Named limits of the server in front of a local edge.
const (
	localHeaderTimeout = 10 * time.Second // until a request's header has arrived
	localIdleTimeout   = 2 * time.Minute  // of a connection that is kept
	localHeaderBytes   = 64 << 10
	localDrain         = 2 * time.Second // for requests that run when Run is told to end
)

// Local is an edge inside this process: Provision takes the address, Run
// serves the handler on it. Viewers that come in between wait in the backlog.
type Local struct {
	listen  string
	handler http.Handler
	ln      net.Listener
}

// NewLocal returns a local edge that will listen on an address such as
// 127.0.0.1:8081 (port 0 takes any) and serve handler there.
func NewLocal(listen string, handler http.Handler) *Local {
	return &Local{listen: listen, handler: handler}
}

// Provision takes the address and returns it. Called again it returns the same.
func (l *Local) Provision(ctx context.Context, _ Progress) (Distribution, error) {
	if l.ln == nil {
		var lc net.ListenConfig
		ln, err := lc.Listen(ctx, "tcp", l.listen)
		if err != nil {
			return Distribution{}, explainListen(err, l.listen)
		}
		l.ln = ln
	}
	return Distribution{EdgeURL: "http://" + reachable(l.ln.Addr())}, nil
}

// Run serves until ctx ends, then lets running requests finish for a moment.
// It is called after Provision and once.
func (l *Local) Run(ctx context.Context) error {
	if l.ln == nil {
		return errors.New("serving the local edge: it has no address yet")
	}
	srv := &http.Server{
		Handler:           l.handler,
		ReadHeaderTimeout: localHeaderTimeout,
		IdleTimeout:       localIdleTimeout,
		MaxHeaderBytes:    localHeaderBytes,
	}
	drained := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), localDrain)
		defer cancel()
		defer close(drained)
		// A viewer that is still reading is cut off: that is no failure of ours.
		if srv.Shutdown(end) != nil {
			_ = srv.Close()
		}
	})
	err := srv.Serve(l.ln)
	if stop() {
		return fmt.Errorf("serving the local edge: %w", err)
	}
	<-drained
	return nil
}

// reachable turns the address of a listener into one that a client can use: a
// wildcard host becomes the loopback.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// explainListen says what to do about an address that cannot be had.
func explainListen(err error, listen string) error {
	err = fmt.Errorf("local edge: %w", err)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return probe.WithHint(err,
			fmt.Sprintf("another process has %s: end it, or choose another port in distribution.local.listen", listen))
	case errors.Is(err, syscall.EACCES):
		return probe.WithHint(err, "choose a port above 1023 in distribution.local.listen")
	}
	return probe.WithHint(err, "distribution.local.listen is an address of this machine such as 127.0.0.1:8081")
}
