package fetch_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// talker is a server that answers each request on a connection by its own words,
// and counts the connections. What settled gives comes when it is done with one.
func talker(
	t *testing.T, answer func(n int, c net.Conn) (more bool),
) (u string, opened *atomic.Int64, settled chan struct{}) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	opened, settled = new(atomic.Int64), make(chan struct{}, 100)
	var asked atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			opened.Add(1)
			go func() {
				defer func() { _ = c.Close() }()
				for r := bufio.NewReader(c); ; {
					if _, err := http.ReadRequest(r); err != nil {
						return
					}
					more := answer(int(asked.Add(1)), c)
					if !more {
						_ = c.Close()
					}
					settled <- struct{}{}
					if !more {
						return
					}
				}
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/", opened, settled
}

func answerOf(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// What a server does between two answers on one connection spoils none of them.
func TestBetweenAnswers(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(n int, c net.Conn) bool
		opened int64 // connections for four requests
		waits  bool  // until the server is done
	}{
		{"keeps it", func(_ int, c net.Conn) bool { _, _ = io.WriteString(c, answerOf("a")); return true }, 1, false},
		{"closes it after a while", func(_ int, c net.Conn) bool {
			_, _ = io.WriteString(c, answerOf("a"))
			time.Sleep(time.Millisecond)
			return false
		}, 4, true},
		{"closes it when it is asked again", func(n int, c net.Conn) bool {
			if n%2 == 1 {
				_, _ = io.WriteString(c, answerOf("a"))
			}
			return n%2 == 1
		}, 4, false},
		{"says more than its answer at once", func(_ int, c net.Conn) bool {
			_, _ = io.WriteString(c, answerOf("a")+"xyz")
			return true
		}, 4, false},
		{"says more than its answer later", func(_ int, c net.Conn) bool {
			_, _ = io.WriteString(c, answerOf("a"))
			time.Sleep(time.Millisecond)
			_, _ = io.WriteString(c, answerOf("not asked for"))
			return true
		}, 4, true},
		{"says that it closes", func(_ int, c net.Conn) bool {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na")
			return true
		}, 4, false},
		{"interim answers", func(_ int, c net.Conn) bool {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"+answerOf("a"))
			return true
		}, 1, false},
		{"chunks", func(_ int, c net.Conn) bool {
			_, _ = io.WriteString(c,
				"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n1\r\na\r\n0\r\nX-A: b\r\n\r\n")
			return true
		}, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, opened, settled := talker(t, c.answer)
			cl := fetch.New(fetch.Options{})
			defer cl.Close()
			for i := range 4 {
				if body, ex := cl.Do(t.Context(), fetch.Request{URL: u}); !ex.OK() || string(body) != "a" {
					t.Errorf("request %d: %q, %q (%s)", i, body, ex.Failure, ex.Error)
				}
				if c.waits {
					<-settled
				}
			}
			if n := opened.Load(); n != c.opened {
				t.Errorf("%d connections, want %d", n, c.opened)
			}
		})
	}
}

// A server that closes each connection without a word is not asked for ever.
func TestEveryConnectionCloses(t *testing.T) {
	u, opened, _ := talker(t, func(n int, c net.Conn) bool {
		if n == 1 {
			_, _ = io.WriteString(c, answerOf("a"))
		}
		return n == 1
	})
	cl := fetch.New(fetch.Options{})
	defer cl.Close()
	cl.Do(t.Context(), fetch.Request{URL: u})
	if _, ex := cl.Do(t.Context(), fetch.Request{URL: u}); ex.Failure != probe.FailReset || !ex.Connected ||
		ex.Connect == 0 {
		t.Errorf("%q (%s), connected %v in %s", ex.Failure, ex.Error, ex.Connected, ex.Connect)
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// Interim answers without end are no way around the limit on heads.
func TestEndlessInterimAnswers(t *testing.T) {
	u, _, _ := talker(t, func(_ int, c net.Conn) bool {
		for {
			if _, err := io.WriteString(c, strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 100)); err != nil {
				return false
			}
		}
	})
	if _, ex := get(t, fetch.Options{}, fetch.Request{URL: u}); ex.Failure != probe.FailLimit {
		t.Errorf("%q (%s), want limit", ex.Failure, ex.Error)
	}
}

// However requests end, each connection is given back, and one at most is used
// by two of them at a time.
func TestConnectionsAreGivenBack(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.URL.RawQuery + strings.Repeat(" ", rand.IntN(20_000))))
		_ = http.NewResponseController(w).Flush()
		time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
		_, _ = w.Write([]byte(r.URL.RawQuery))
	}))
	t.Cleanup(srv.Close)
	const most = 4
	cl := fetch.New(fetch.Options{ConnsPerHost: most})
	defer cl.Close()
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			for n := range 10 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				if (i+n)%3 == 0 {
					time.AfterFunc(time.Duration(rand.IntN(4))*time.Millisecond, cancel)
				}
				id := fmt.Sprint(i*100 + n)
				body, ex := cl.Do(ctx, fetch.Request{URL: srv.URL + "/?" + id, First: int64(n%2) * 2})
				if ex.OK() && !strings.HasPrefix(id, string(body[:min(len(id), len(body))])) {
					t.Errorf("asked for %s, got %.20q", id, body)
				}
				cancel()
			}
		})
	}
	all.Wait()
	var both, ready sync.WaitGroup // as many at once as there may be
	ready.Add(most)
	for range most {
		both.Go(func() {
			ready.Done()
			ready.Wait()
			if _, ex := cl.Do(t.Context(), fetch.Request{URL: srv.URL}); !ex.OK() {
				t.Errorf("no connection is left: %q (%s)", ex.Failure, ex.Error)
			}
		})
	}
	both.Wait()
	if n := cl.Conns(); n > most {
		t.Errorf("%d connections are counted, want at most %d", n, most)
	}
	cl.Close()
	if n := cl.Conns(); n != 0 {
		t.Errorf("%d connections are counted after all were closed", n)
	}
}

// A proxy of the environment is asked as net/http does; the request is whole.
func TestProxy(t *testing.T) {
	asked := ""
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.RequestURI }))
	t.Cleanup(srv.Close)
	cl := fetch.New(fetch.Options{Transport: fetch.Proxied(srv.URL)})
	defer cl.Close()
	if _, ex := cl.Do(t.Context(), fetch.Request{URL: "http://live.example/a"}); !ex.OK() ||
		asked != "http://live.example/a" {
		t.Errorf("%q (%s), the proxy was asked for %q", ex.Failure, ex.Error, asked)
	}
}

// A proxy that does not let us through is our own path, not the edge's: no server
// saw the request, and no connection to one was made.
func TestProxyThatRefuses(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(srv.Close)
	cl := fetch.New(fetch.Options{Transport: fetch.Proxied(srv.URL)})
	defer cl.Close()
	for _, url := range []string{"http://live.example/a", "https://live.example/a"} {
		_, ex := cl.Do(t.Context(), fetch.Request{URL: url})
		if ex.Failure != probe.FailConnect || ex.Status != 0 || ex.Connected ||
			!strings.Contains(ex.Error, "the proxy answers 407") {
			t.Errorf("%s: %q (%s), status %d, connected %v", url, ex.Failure, ex.Error, ex.Status, ex.Connected)
		}
	}
}
