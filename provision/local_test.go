package provision_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/provision"
)

func TestExisting(t *testing.T) {
	for raw, want := range map[string]string{
		"https://d111111abcdef8.cloudfront.net":      "https://d111111abcdef8.cloudfront.net",
		"https://cdn.example.com/":                   "https://cdn.example.com",
		"http://127.0.0.1:8081/live/":                "http://127.0.0.1:8081/live",
		"d111111abcdef8.cloudfront.net":              "must begin with http",
		"ftp://example.com":                          "must begin with http",
		"https://":                                   "has no host name",
		"https://example.com?token=hunter2":          "must not have a query",
		"https://user:hunter2@example.com":           "must not hold a user name",
		"https://exa mple.com/hunter2":               "is not a URL",
		"https://d111111abcdef8.cloudfront.net/#top": "fragment",
	} {
		dist, err := provision.Existing{URL: raw}.Provision(t.Context(), nil)
		got := dist.EdgeURL
		if err != nil {
			got = err.Error()
			if advice := hintOf(t, err); !strings.Contains(advice, "https://") {
				t.Errorf("%s: hint %q does not show an address", raw, advice)
			}
		}
		if !strings.Contains(got, want) || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
		if dist.Fresh {
			t.Errorf("%s: somebody else's distribution is not fresh", raw)
		}
	}
}

func TestLocal(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	edge := provision.NewLocal("127.0.0.1:0", hello)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := edge.Run(ctx); err == nil {
		t.Fatal("Run before Provision must say that there is no address")
	}
	dist, err := edge.Provision(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := edge.Provision(ctx, nil); err != nil || again.EdgeURL != dist.EdgeURL {
		t.Errorf("again: %v, %v, want the same address", again, err)
	}
	done := make(chan error, 1)
	go func() { done <- edge.Run(ctx) }()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, dist.EdgeURL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if resp.Body.Close(); err != nil || string(body) != "hello" {
		t.Errorf("got %q, %v", body, err)
	}

	taken := provision.NewLocal(strings.TrimPrefix(dist.EdgeURL, "http://"), hello)
	_, err = taken.Provision(ctx, nil)
	if advice := hintOf(t, err); !strings.Contains(advice, "choose another port") {
		t.Errorf("port in use: hint %q", advice)
	}

	cancel()
	if err := <-done; err != nil {
		t.Errorf("ending: %v", err)
	}
}

func TestLocalWildcard(t *testing.T) {
	edge := provision.NewLocal(":0", http.NotFoundHandler())
	dist, err := edge.Provision(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(dist.EdgeURL, "http://127.0.0.1:") {
		t.Errorf("edge url %s cannot be opened by a viewer", dist.EdgeURL)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := edge.Run(ctx); err != nil {
		t.Error(err)
	}
}
