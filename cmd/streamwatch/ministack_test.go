package main

import (
	"cmp"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMiniStack takes the binary from nothing to a domain and back against an
// emulator of AWS that somebody else wrote, which reads the requests and the
// template in its own way. It has no resource for CloudFront's own metrics.
func TestMiniStack(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath(cmp.Or(os.Getenv("MINISTACK"), "ministack"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ministack is missing, which CI must have")
		}
		t.Skip("ministack is not installed (pip install ministack, or MINISTACK=path)")
	}
	a := newAccount(t)
	a.set("AWS_ENDPOINT_URL", "http://"+startMiniStack(t, program))
	a.event(", additional_metrics: false")
	a.want(0, "provision", "event.yaml")
	a.want(0, "provision", "event.yaml")
	a.event(", additional_metrics: false, price_class: PriceClass_100, cors_origins: [\"https://www.example.com\"]")
	a.want(0, "provision", "event.yaml", "--dry-run")
	a.want(0, "provision", "event.yaml")
	a.want(0, "delete", "event.yaml", "--yes")
	a.want(0, "delete", "event.yaml", "--yes")
	seen := a.seen.String()
	for _, want := range []string{
		"Distribution            CREATE_COMPLETE", "edge https://", "stack LiveHTTPStreaming: update", "LiveHTTPStreaming       UPDATE_COMPLETE",
		"LiveHTTPStreaming       DELETE_COMPLETE", "there is no stack",
	} {
		if !strings.Contains(seen, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Count(seen, "LiveHTTPStreaming       CREATE_IN_PROGRESS") != 1 || t.Failed() {
		t.Errorf("seen:\n%s", seen)
	}
}

// startMiniStack returns the address of an emulator that ends with the test.
func startMiniStack(t *testing.T, program string) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "TMPDIR=" + cmd.Dir, "GATEWAY_PORT=" + port, "BIND_HOST=127.0.0.1", "IOT_MTLS_ENABLED=0",
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the context is over by then
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var d net.Dialer
		if conn, err := d.DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			return address
		}
	}
	t.Fatal("ministack does not listen")
	return ""
}
