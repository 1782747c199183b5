package main_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// narrow is a path that can be made narrow: proxies of TCP that then pass on so
// many bytes a second for each connection.
type narrow struct{ rate atomic.Int64 }

// to returns the address of a proxy to another one.
func (n *narrow) to(t *testing.T, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go n.join(from, address)
		}
	}()
	return l.Addr().String()
}

func (n *narrow) join(from net.Conn, address string) {
	defer from.Close()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, from); to.Close() }()
	piece := make([]byte, 2048)
	for {
		got, err := to.Read(piece)
		if rate := n.rate.Load(); rate > 0 {
			time.Sleep(time.Duration(got) * time.Second / time.Duration(rate))
		}
		if _, failed := from.Write(piece[:got]); err != nil || failed != nil {
			return
		}
	}
}

// control returns the address of a server that nothing is wrong with.
func (n *narrow) control(t *testing.T) string {
	t.Helper()
	body := strings.Repeat("well ", 10_000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// TestFieldSlow makes the monitors' own path narrow, so that segments come too
// late from both sides: that is nobody's fault.
func TestFieldSlow(t *testing.T) {
	if _, all := fieldSpan(t); !all {
		t.Skip("a measurement on a quiet machine, since real servers take their time: make field")
	}
	t.Parallel()
	path := &narrow{}
	caches := slices.DeleteFunc(fieldCaches(), func(c fieldCache) bool {
		return c.name == "trafficserver" // it maps requests by the port in Host, which is the proxy's here
	})
	f := newFieldBehind(t, path, pick(fieldEncoders(), fieldEncoder.String, "ts"), caches)
	time.Sleep(10 * time.Second) // a pace to compare with
	rows := newTable(faultColumns...)
	f.run(fieldFault{
		name:   "both sides throttled",
		harm:   func(*field) { path.rate.Store(11 << 10) },
		repair: func(*field) { path.rate.Store(0) },
		want: fieldWant{
			blames: []probe.Blame{probe.BlamePath}, least: probe.Warning, most: probe.Warning, within: 30 * time.Second,
			never: []probe.Blame{probe.BlameCDN, probe.BlameOrigin, probe.BlameEncoder, probe.BlameConfig},
		},
	}, rows)
	t.Logf("our own path\n%s", rows)
}
