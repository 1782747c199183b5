package fetch_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// counted serves h and counts the connections that were opened and that are open.
func counted(t *testing.T, h http.HandlerFunc) (u string, opened, open *atomic.Int64) {
	t.Helper()
	opened, open = new(atomic.Int64), new(atomic.Int64)
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			opened.Add(1)
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		default:
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL, opened, open
}

func TestOneConnectionServesAllPolls(t *testing.T) {
	page := strings.Repeat("<p>not found</p>", 1000) // larger than what is kept of an error page
	small := string(zipped(t, []byte(playlist)))
	for _, c := range []struct {
		name    string
		answer  http.HandlerFunc
		request fetch.Request
	}{
		{"playlist", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(playlist)) }, fetch.Request{}},
		{
			"not modified", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
			fetch.Request{IfNoneMatch: `"a"`},
		},
		{"error page", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(page))
		}, fetch.Request{}},
		{"error page of known length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "16000")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(page))
		}, fetch.Request{}},
		{
			"head", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(page)) },
			fetch.Request{Method: http.MethodHead},
		},
		{"range", func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "a.ts", time.Time{}, strings.NewReader(page))
		}, fetch.Request{First: 100}},
		{"range that was ignored", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "16000")
			_, _ = w.Write([]byte(page))
		}, fetch.Request{First: 100}},
		{"gzip", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte(small))
		}, fetch.Request{AcceptGzip: true}},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				http.Redirect(w, r, "/b", http.StatusFound)
			}
		}, fetch.Request{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, opened, _ := counted(t, c.answer)
			cl := fetch.New(fetch.Options{})
			defer cl.Close()
			c.request.URL = u + "/"
			for i := range 5 {
				_, ex := cl.Do(t.Context(), c.request)
				if ex.Failure != "" {
					t.Fatal(ex.Failure, ex.Error)
				}
				if i > 0 && (!ex.Reused || ex.Connect != 0 || ex.DNS != 0) {
					t.Errorf("fetch %d: reused %v, connect %v", i, ex.Reused, ex.Connect)
				}
			}
			if n := opened.Load(); n != 1 {
				t.Errorf("%d connections, want 1", n)
			}
		})
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	u, _, open := counted(t, func(http.ResponseWriter, *http.Request) { time.Sleep(20 * time.Millisecond) })
	cl := fetch.New(fetch.Options{ConnsPerHost: 3})
	defer cl.Close()
	var most atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, ex := cl.Do(t.Context(), fetch.Request{URL: u}); !ex.OK() {
				t.Error(ex.Error)
			}
			for n := open.Load(); n > most.Load(); {
				most.Store(n)
			}
		})
	}
	wg.Wait()
	if n := most.Load(); n < 2 || n > 3 {
		t.Errorf("at most %d connections at once, want 3", n)
	}
}

// A request that waits because there are so many is not the server's delay. One that
// waits because the server gives nothing back is.
func TestWaitingForAConnectionIsOurOwn(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers time.Duration // what the server takes for each
		crowded bool
	}{
		{"many at once", 20 * time.Millisecond, true},
		{"a server that hangs", time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, _, _ := counted(t, func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(c.answers):
				case <-r.Context().Done():
				}
			})
			var crowded atomic.Int64
			cl := fetch.New(fetch.Options{ConnsPerHost: 2, Crowded: func(time.Time) { crowded.Add(1) }})
			defer cl.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var wg sync.WaitGroup
			for range 60 {
				wg.Go(func() {
					if _, ex := cl.Do(ctx, fetch.Request{URL: u}); ex.OK() && ex.Duration() > 250*time.Millisecond {
						t.Errorf("an answer took %s", ex.Duration())
					}
				})
			}
			wg.Wait()
			if got := crowded.Load() > 0; got != c.crowded {
				t.Errorf("told of a crowd %d times", crowded.Load())
			}
		})
	}
}

// Connections that are added while others wait are used at once.
func TestWidenWakesWhoWaits(t *testing.T) {
	var at atomic.Int64
	all := make(chan struct{})
	u, _, _ := counted(t, func(http.ResponseWriter, *http.Request) {
		if at.Add(1) == 6 {
			close(all)
		}
		<-all
	})
	cl := fetch.New(fetch.Options{ConnsPerHost: 2})
	defer cl.Close()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, ex := cl.Do(t.Context(), fetch.Request{URL: u, Timeout: 10 * time.Second}); !ex.OK() {
				t.Error(ex.Error)
			}
		})
	}
	for at.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	cl.Widen(6)
	wg.Wait()
}

// Answers that a server holds back take no connection away from other requests,
// which are bounded as before.
func TestHeldRequestsDoNotCount(t *testing.T) {
	const most, blocked = 2, 10
	for name, start := range map[string]func(http.Handler) *httptest.Server{
		"plain": httptest.NewServer, "TLS": httptest.NewTLSServer,
	} {
		t.Run(name, func(t *testing.T) {
			var held, busy, worst atomic.Int64
			all, release := make(chan struct{}), make(chan struct{})
			srv := start(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/held" {
					if held.Add(1) == blocked {
						close(all)
					}
					<-release
					return
				}
				for n := busy.Add(1); n > worst.Load(); {
					worst.Store(n)
				}
				time.Sleep(time.Millisecond)
				busy.Add(-1)
			}))
			t.Cleanup(srv.Close)
			cl := fetch.New(fetch.Options{ConnsPerHost: most})
			if name == "TLS" {
				cl = fetch.New(fetch.Options{Transport: fetch.Bounded(most, srv.Client().Transport)})
			}
			defer cl.Close()
			for range 2 { // the connections of the first round are used again in the second
				var holding, others sync.WaitGroup
				for range blocked {
					holding.Go(func() {
						if _, ex := cl.Do(t.Context(), fetch.Request{URL: srv.URL + "/held", Held: true}); !ex.OK() {
							t.Errorf("held: %s", ex.Error)
						}
					})
				}
				select {
				case <-all:
				case <-time.After(10 * time.Second):
					close(release)
					t.Fatalf("%d requests are held at once, want %d", held.Load(), blocked)
				}
				for range 20 {
					others.Go(func() {
						if _, ex := cl.Do(t.Context(), fetch.Request{URL: srv.URL, Timeout: 5 * time.Second}); !ex.OK() {
							t.Errorf("beside held ones: %s", ex.Error)
						}
					})
				}
				others.Wait()
				close(release)
				holding.Wait()
				held.Store(0)
				all, release = make(chan struct{}), make(chan struct{})
			}
			if n := worst.Load(); n > most {
				t.Errorf("%d requests beside the held ones at once, want %d at most", n, most)
			}
		})
	}
}

func TestNothingIsLeftRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	func() {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(playlist))
			_ = http.NewResponseController(w).Flush()
			if r.URL.Path == "/slow" {
				<-r.Context().Done()
			}
		}))
		defer srv.Close()
		cl := fetch.New(fetch.Options{})
		defer cl.Close()
		for _, path := range []string{"/", "/slow", "/", "/slow"} {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			cl.Do(ctx, fetch.Request{URL: srv.URL + path})
			cancel()
		}
	}()
	for deadline := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

func TestServerClosesIdleConnection(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(playlist))
	}))
	t.Cleanup(srv.Close)
	cl := fetch.New(fetch.Options{})
	defer cl.Close()
	for range 3 {
		if _, ex := cl.Do(t.Context(), fetch.Request{URL: srv.URL}); !ex.OK() || ex.Reused {
			t.Errorf("failure %q (%s), reused %v", ex.Failure, ex.Error, ex.Reused)
		}
		srv.CloseClientConnections()
	}
}

func TestHTTP2(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cut" {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(playlist))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(playlist))
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	cl := fetch.New(fetch.Options{
		Transport: fetch.Trusting(&tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}),
	})
	defer cl.Close()
	var reused []bool
	for range 3 {
		body, ex := cl.Do(t.Context(), fetch.Request{URL: srv.URL})
		if !ex.OK() || string(body) != playlist || ex.Proto != "HTTP/2.0" {
			t.Fatalf("%q %s %s", body, ex.Proto, ex.Error)
		}
		if !ex.Reused && (ex.TLS <= 0 || ex.Connect <= 0) || ex.Reused && ex.TLS != 0 {
			t.Errorf("reused %v, connect %v, TLS %v", ex.Reused, ex.Connect, ex.TLS)
		}
		if ex.FirstByte <= 0 || ex.FirstByte > ex.Duration() {
			t.Errorf("first byte after %v of %v", ex.FirstByte, ex.Duration())
		}
		if own := srv.Certificate(); !ex.CertExpires.Equal(own.NotAfter) ||
			ex.CertLifetime != own.NotAfter.Sub(own.NotBefore) {
			t.Errorf("certificate until %v, for %v", ex.CertExpires, ex.CertLifetime)
		}
		reused = append(reused, ex.Reused)
	}
	if !slices.Equal(reused, []bool{false, true, true}) {
		t.Errorf("reused %v", reused)
	}
	if _, ex := cl.Do(t.Context(), fetch.Request{URL: srv.URL + "/cut"}); ex.Failure != "truncated" {
		t.Errorf("a stream that was reset: %q (%s), want truncated", ex.Failure, ex.Error)
	}
}

// A host that falls silent while connections to it are idle: the second request
// has to make one of its own, for only that tells a hung host from a lost path.
func TestSilenceOnAKeptConnection(t *testing.T) {
	release := make(chan struct{})
	var both sync.WaitGroup
	both.Add(2)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/silent" {
			<-release
			return
		}
		both.Done()
		both.Wait()
		_, _ = w.Write([]byte(playlist))
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(func() { close(release) })
	cl := fetch.New(fetch.Options{})
	defer cl.Close()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, ex := cl.Do(t.Context(), fetch.Request{URL: srv.URL}); !ex.OK() {
				t.Errorf("failure %q (%s)", ex.Failure, ex.Error)
			}
		})
	}
	wg.Wait()
	for i, kept := range []bool{true, false} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, ex := cl.Do(ctx, fetch.Request{URL: srv.URL + "/silent"})
		cancel()
		if ex.Failure != probe.FailTimeout || ex.Connected == kept {
			t.Errorf("request %d: failure %q, connected %v", i, ex.Failure, ex.Connected)
		}
	}
}
