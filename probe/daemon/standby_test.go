package daemon

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"

	"go.uber.org/zap"
)

// A hub that waits answers at the address of its page, but not where only its own
// machine could ask: two hubs of one machine may have the same address there.
func TestStandBy(t *testing.T) {
	ln, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	_ = ln.Close()
	nobody := func() (string, bool) { return "", false }
	over := errors.New("over")
	for address, answers := range map[string]bool{"0.0.0.0:" + port: true, "127.0.0.1:" + port: false, "": false} {
		err := StandBy(t.Context(), address, nobody, zap.NewNop(), func(context.Context) error {
			res, err := http.Get("http://127.0.0.1:" + port + "/healthz")
			if err == nil {
				_ = res.Body.Close()
			}
			if (err == nil) != answers {
				t.Errorf("at %q: %v", address, err)
			}
			return over
		})
		if !errors.Is(err, over) {
			t.Errorf("%v", err)
		}
	}
}
