package sim

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// misbehaviour is served by a real server and by Transport; both clients must
// see the same.
func misbehaviour(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/short":
		_, _ = io.WriteString(w, "hello")
	case "/long":
		for range 1000 {
			_, _ = io.WriteString(w, "0123456789")
		}
	case "/declared":
		w.Header().Set("Content-Length", "5")
		_, _ = io.WriteString(w, "hello")
	case "/cut":
		w.Header().Set("Content-Length", "5000")
		_, _ = io.WriteString(w, strings.Repeat("x", 3000))
	case "/cut-chunked":
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case "/abort":
		panic(http.ErrAbortHandler)
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
	case "/unchanged":
		w.Header().Set("ETag", `"a"`)
		w.WriteHeader(http.StatusNotModified)
	case "/echo":
		_, _ = io.WriteString(w, r.Method+" "+r.RequestURI+" "+r.URL.String()+" "+r.Header.Get("X-Test"))
	}
}

func TestTransportLikeARealServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(misbehaviour))
	defer server.Close()
	real := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	mine := &http.Client{Transport: Transport(http.HandlerFunc(misbehaviour))}
	type outcome struct {
		failed        bool
		unexpected    bool
		status        int
		length        int64
		body, ctype   string
		bodyLen       int
		etag, status2 string
	}
	see := func(c *http.Client, method, u string) outcome {
		req, err := http.NewRequestWithContext(t.Context(), method, u, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Test", "yes")
		resp, err := c.Do(req)
		if err != nil {
			return outcome{failed: true, unexpected: errors.Is(err, io.EOF)}
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		return outcome{
			false, errors.Is(err, io.ErrUnexpectedEOF), resp.StatusCode, resp.ContentLength,
			string(body[:min(len(body), 80)]), resp.Header.Get("Content-Type"), len(body), resp.Header.Get("Etag"), resp.Status,
		}
	}
	for _, path := range []string{
		"/short", "/long", "/declared", "/cut", "/cut-chunked", "/abort", "/empty", "/unchanged", "/echo?a=b", "/nothing",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if method == http.MethodHead && (strings.HasPrefix(path, "/cut") || path == "/long") {
				continue
			}
			want, have := see(real, method, server.URL+path), see(mine, method, "http://mine.test"+path)
			if want != have {
				t.Errorf("%s %s\n a server: %+v\nTransport: %+v", method, path, want, have)
			}
		}
	}
}

func TestTransportCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan time.Duration, 1)
		began := time.Now()
		rt := Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/drip" {
				_, _ = io.WriteString(w, "a")
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
			ended <- time.Since(began)
		}))
		for _, path := range []string{"/hang", "/drip"} {
			began = time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://x.test"+path, nil)
			resp, err := rt.RoundTrip(req)
			if path == "/drip" {
				_, err = io.ReadAll(resp.Body)
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v, want the deadline", path, err)
			}
			if d := <-ended; d != 5*time.Second {
				t.Errorf("%s: the handler ended after %v", path, d)
			}
			cancel()
		}
		began = time.Now()
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x.test/drip", nil)
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		<-ended // closing the body ends the handler's request
	})
}

func TestHostsRefuse(t *testing.T) {
	hosts := Hosts{"here.test": http.HandlerFunc(misbehaviour)}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://gone.test/", nil)
	_, err := hosts.RoundTrip(req)
	if _, ok := errors.AsType[*net.OpError](err); !ok || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("an absent host gives %v", err)
	}
	req, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, "http://here.test:8080/short", nil)
	resp, err := hosts.RoundTrip(req)
	if err != nil {
		t.Fatalf("a host with a port: %v", err)
	}
	_ = resp.Body.Close()
}
