package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A hub that stands by is healthy; it is ready once it knows who leads, and then it
// answers with the leader's page, but not with the leader's metrics.
func TestStandBy(t *testing.T) {
	var asked *http.Request
	leader := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Clone(context.WithoutCancel(r.Context()))
		_, _ = io.WriteString(w, "the page")
	}))
	t.Cleanup(leader.Close)
	page, known := "", false
	h := (&StandBy{Leader: func() (string, bool) { return page, known }}).Handler()
	for _, c := range []struct {
		page   string
		known  bool
		target string
		status int
		body   string
	}{
		{"", false, "/healthz", 200, "true"},
		{"", false, "/readyz", 503, "no hub is known to lead"},
		{"", false, "/", 503, "stands by"},
		{"", true, "/readyz", 200, "standing_by"},
		{"", true, "/api/v1/status", 503, "stands by"},
		{leader.URL, true, "/api/v1/status?a=b", 200, "the page"},
		{leader.URL, true, "/metrics", 503, "has the metrics"},
		{"http://127.0.0.1:1", true, "/", 502, "cannot be reached"},
	} {
		page, known = c.page, c.known
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://hub.example"+c.target, nil)
		r.SetBasicAuth("ops", "secret")
		h.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
		if retry := w.Header().Get("Retry-After"); c.target == "/" && c.status >= 500 && retry == "" {
			t.Errorf("%+v: not told when to try again", c)
		}
	}
	name, password, _ := asked.BasicAuth()
	if asked.Host != "hub.example" || asked.URL.String() != "/api/v1/status?a=b" || name+password != "opssecret" {
		t.Errorf("the leader was asked %s at %s as %s", asked.URL, asked.Host, name)
	}
}

// Two hubs that take each other for the leader do not ask in circles.
func TestStandByInACircle(t *testing.T) {
	var page string
	h := (&StandBy{Leader: func() (string, bool) { return page, true }}).Handler()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	page = server.URL
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Server-sent events pass at once, and end with the stand-by.
func TestStandByStreams(t *testing.T) {
	leader := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(leader.Close)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- (&StandBy{Leader: func() (string, bool) { return leader.URL, true }}).Run(ctx, ln)
	}()
	res, err := http.Get("http://" + ln.Addr().String() + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	first := make([]byte, 9)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "data: 1\n\n" {
		t.Errorf("%q, %v", first, err)
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
}
