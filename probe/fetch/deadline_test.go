package fetch_test

import (
	"context"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

func TestDeadlines(t *testing.T) {
	hang := handler(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for _, c := range []struct {
		name  string
		limit time.Duration
		want  time.Duration
	}{{"the context's", 2 * time.Second, 2 * time.Second}, {"none given", 0, fetch.NoDeadline}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.limit)
					defer cancel()
				}
				_, ex := fetch.New(fetch.Options{Transport: hang}).Do(ctx, fetch.Request{URL: "http://a/"})
				if ex.Failure != probe.FailTimeout || ex.Duration() != c.want {
					t.Errorf("got %q after %v, want timeout after %v", ex.Failure, ex.Duration(), c.want)
				}
			})
		})
	}
}

func TestDeadlineWhileConnecting(t *testing.T) {
	blackhole := &net.Dialer{ControlContext: func(ctx context.Context, _, _ string, _ syscall.RawConn) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	deaf := &net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}}
	for _, c := range []struct {
		name, url string
		dialer    *net.Dialer
		want      probe.Failure
	}{
		{"packets vanish", "http://127.0.0.1:9/", blackhole, probe.FailConnect},
		{"resolver is silent", "http://host.example/", deaf, probe.FailDNS},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl := fetch.New(fetch.Options{Transport: fetch.Dialing(c.dialer)})
			defer cl.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if _, ex := cl.Do(ctx, fetch.Request{URL: c.url}); ex.Failure != c.want {
				t.Errorf("got %q (%s), want %q", ex.Failure, ex.Error, c.want)
			}
		})
	}
}
