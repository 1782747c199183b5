package web

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAuth(t *testing.T) {
	o := (&fake{snap: sick(start)}).options()
	o.Auth = Auth{"ops", "s3cret"}
	h := New(o).Handler()
	basic := func(user, password string) string {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.SetBasicAuth(user, password)
		return r.Header.Get("Authorization")
	}
	for _, target := range []string{
		"/", "/api/v1/status", "/api/v1/events", "/metrics", "/embed/main/hlsjs", "/assets/page.js", "/nope",
	} {
		for _, credentials := range []string{"", basic("ops", "wrong"), basic("", ""), basic("ops", "s3cret2"), "Bearer x"} {
			if w := ask(t, h, "GET", target, "", "Authorization", credentials); w.Code != 401 ||
				w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %q: %d", target, credentials, w.Code)
			}
		}
	}
	for _, target := range []string{"/", "/api/v1/status", "/metrics"} {
		w := ask(t, h, "GET", target, "", "Authorization", basic("ops", "s3cret"), "Host", "monitor.example")
		if w.Code != 200 {
			t.Errorf("%s with the password: %d", target, w.Code)
		}
	}
	for _, target := range []string{"/healthz", "/readyz"} {
		if w := ask(t, h, "GET", target, ""); w.Code != 200 {
			t.Errorf("%s without password: %d", target, w.Code)
		}
	}
}

func TestForeignNames(t *testing.T) {
	h := New((&fake{snap: sick(start)}).options()).Handler()
	srv := httptest.NewServer(h)
	defer srv.Close()
	for host, want := range map[string]int{
		"127.0.0.1:8090": 200, "localhost:9000": 200, "[::1]:8090": 200, "demo.localhost": 200, "10.0.0.7:8090": 200,
		"evil.example": 421, "evil.example:8090": 421, "localhost.evil.example": 421, "": 400,
	} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "GET /api/v1/status HTTP/1.1\r\nConnection: close\r\n")
		if host != "" {
			_, _ = io.WriteString(conn, "Host: "+host+"\r\n")
		}
		_, _ = io.WriteString(conn, "\r\n")
		answer, _ := io.ReadAll(conn)
		_ = conn.Close()
		got, status := string(answer), map[int]string{200: "200", 400: "400", 421: "421"}[want]
		if !strings.HasPrefix(got, "HTTP/1.1 "+status) {
			t.Errorf("Host %q: got %.40q, want %d", host, got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	h := New((&fake{snap: sick(start)}).options()).Handler()
	w := ask(t, h, "GET", "/", "")
	for name, want := range map[string]string{
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "SAMEORIGIN",
		"Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	got := ask(t, h, "GET", "/embed/main/hlsjs", "").Header().Get("Content-Security-Policy")
	if got != "default-src 'none'" {
		t.Errorf("the preview's policy became %q", got)
	}
	asset := ask(t, h, "GET", "/assets/page.js", "")
	again := ask(t, h, "GET", "/assets/page.js", "", "If-None-Match", asset.Header().Get("ETag"))
	if again.Code != http.StatusNotModified {
		t.Errorf("asset asked for again: %d, want 304", again.Code)
	}
}
