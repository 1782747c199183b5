package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// The world of a run: names that only our proxy knows.
const (
	originHost = "live.example.com:8080"
	edgeHost   = "d111111abcdef8.cloudfront.net"
)

const runEvent = `event: autumn-concert
origin: {url: "http://live.example.com:8080", headers: {X-Origin-Verify: "${ORIGIN_SECRET}"}}
distribution: {cloudformation: {%s}}
streams: [{name: main, manifest: /main/playlist.m3u8}]
monitor: {listen: "%s"}
`

// broadcast puts a live origin behind originHost, and the embedded edge behind
// the domain of the stack's distribution, with TLS. It returns the page's address.
func (a *account) broadcast(keys string) string {
	a.t.Helper()
	origin := httptest.NewServer(sim.NewOrigin(sim.Config{}))
	a.t.Cleanup(origin.Close)
	base, err := url.Parse(origin.URL)
	if err != nil {
		a.t.Fatal(err)
	}
	var viewed http.Handler = edge.New(edge.Config{Origin: base})
	if a.gate != nil {
		viewed = a.gate(viewed)
	}
	edge := httptest.NewUnstartedServer(viewed)
	edge.TLS = &tls.Config{Certificates: []tls.Certificate{a.certificate()}, MinVersion: tls.VersionTLS12}
	edge.StartTLS()
	a.t.Cleanup(edge.Close)
	proxy := httptest.NewServer(forward(map[string]string{
		originHost: base.Host, edgeHost + ":443": edge.Listener.Addr().String(),
	}))
	a.t.Cleanup(proxy.Close)
	a.set("HTTP_PROXY", proxy.URL)
	a.set("HTTPS_PROXY", proxy.URL)
	a.cloud.Domain = edgeHost
	// A poll comes soon after: their pace is TestPace's in package provision.
	a.cloud.Took["AWS::CloudFront::Distribution"] = 2 * time.Second
	page := proctest.Address(a.t)
	a.write("event.yaml", fmt.Sprintf(runEvent, keys, page))
	return page
}

// certificate makes one for the edge that the binary trusts.
func (a *account) certificate() tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{edgeHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	a.set("SSL_CERT_FILE", filepath.Join(a.dir, "ca.pem"))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// forward is a proxy that knows where hosts are, and no others.
func forward(hosts map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to, known := hosts[r.Host]
		var d net.Dialer
		there, err := d.DialContext(r.Context(), "tcp", to)
		if !known || err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		if r.Method == http.MethodConnect {
			_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		} else {
			r.Close = true
			_ = r.Write(there)
		}
		go func() { _, _ = io.Copy(there, here) }()
		_, _ = io.Copy(here, there)
	})
}

// await waits until something is so.
func (a *account) await(what string, so func() bool) {
	a.t.Helper()
	for end := time.Now().Add(proctest.Patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			a.t.Fatalf("no %s within %s; seen so far:\n%s", what, proctest.Patience, a.seen.String())
		}
	}
}

func (a *account) exists(name string) bool {
	_, err := os.Stat(filepath.Join(a.dir, name))
	return err == nil
}

// embed is written once the domain is known.
const embed = "streamwatch-out/autumn-concert/embeds/main/hlsjs.html"

var (
	ages   = regexp.MustCompile(`\d+\.\ds`)
	moment = regexp.MustCompile(`since \d\d:\d\d:\d\d`)
	// leftBehind is said in the end where a busy machine still writes embeds.
	leftBehind = regexp.MustCompile(`(?m)^.*WARN  a part was left behind  .*writing embeds.*\n`)
	created    = regexp.MustCompile(`(?m) (\d+)s  LiveHTTPStreaming +CREATE_COMPLETE`)
)

// TestRunFromNothing goes from event.yaml to the first healthy round in one
// command, and back. What a user sees is docs/run.md.
// It does not run beside the others of the package: that page is of a machine which
// has time.
func TestRunFromNothing(t *testing.T) {
	a, pulse, started := newAccount(t), proctest.NewPulse(t), time.Now()
	page := a.broadcast("")
	cmd, out := a.command(t.Context(), "run", "event.yaml")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.await("embed", func() bool { return a.exists(embed) })
	written := time.Now()
	healthy := func() bool {
		body, err := getOnce(t.Context(), "http://"+page+"/api/v1/status")
		return err == nil && strings.Contains(string(body), `"verdict":"ok"`) &&
			!strings.Contains(string(body), `"propagating"`)
	}
	a.await("healthy round", healthy)
	a.await("second look", func() bool {
		_, err := getOnce(t.Context(), "http://"+page+"/readyz")
		return err == nil && healthy()
	})
	time.Sleep(3 * time.Second) // every rendition was seen more than once
	a.want(0, "status", "http://"+page)
	status := a.seen.String()
	a.seen.Reset()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := a.note(cmd, out, cmd.Wait()); code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, a.seen.String())
	}
	first := a.seen.String() + status
	a.seen.Reset()
	again := a.runAgain(page)
	answers, logged := a.runChanging(page)
	a.seen.Reset()
	a.seen.WriteString(first)
	a.want(0, "delete", "event.yaml", "--yes")
	if m := created.FindStringSubmatch(a.seen.String()); m == nil {
		t.Error("no creation was shown")
	} else {
		seconds, _ := strconv.Atoi(m[1])
		var began time.Time
		for _, c := range a.cloud.Calls() {
			if c.Action == "CreateStack" {
				began = c.At
			}
		}
		complete := began.Add(time.Duration(seconds) * time.Second)
		t.Logf("embeds written %s after CREATE_COMPLETE", written.Sub(complete).Round(time.Millisecond))
		// A busy machine is slow, but asks no more often: the embeds wait for the
		// look that finds the stack complete (and one in the second that the clock
		// above leaves open), whose pace is TestPace's in package provision.
		looks := 0
		for _, c := range a.cloud.Calls() {
			if (c.Action == "DescribeEvents" || c.Action == "DescribeStackEvents") && c.At.After(complete) &&
				c.At.Before(written) {
				looks++
			}
		}
		if looks > 2 {
			t.Errorf("CloudFormation was asked %d times between CREATE_COMPLETE and the embeds, want 2 at most", looks)
		}
	}
	tidy := func(text string) string {
		text = strings.ReplaceAll(text, page, "127.0.0.1:8090")
		text = leftBehind.ReplaceAllString(text, "")
		return strings.TrimSpace(moment.ReplaceAllString(ages.ReplaceAllString(text, "N.Ns"), "since HH:MM:SS"))
	}
	if pulse.Excuse(t, started, "docs/run.md is of a machine that has time") {
		return
	}
	compare(t, "../../docs/run.md", runDoc(tidy(a.seen.String()), tidy(again[0]), tidy(again[1]), tidy(again[2]))+
		changingDoc(tidy(answers)+"\n", tidy(logged)+"\n"))
}

// TestDeleteWhenDone requires that the stack goes when the time is up, after the
// report, and stays after a signal and a crash.
func TestDeleteWhenDone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signal os.Signal
		args   []string
		gone   bool
	}{
		"time is up": {nil, []string{"run", "event.yaml", "--for", "25s"}, true},
		"signal":     {syscall.SIGTERM, []string{"run", "event.yaml"}, false},
		"crash":      {syscall.SIGKILL, []string{"run", "event.yaml"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.broadcast("delete_when_done: true")
			cmd, out := a.command(t.Context(), c.args...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			a.await("embed", func() bool { return a.exists(embed) })
			if c.signal != nil {
				if err := cmd.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
			}
			code := a.note(cmd, out, cmd.Wait())
			if (code == 0) != (c.signal != syscall.SIGKILL) {
				t.Errorf("exit code %d:\n%s", code, a.seen.String())
			}
			if gone := len(a.cloud.Alive()) == 0; gone != c.gone || c.gone != (a.count("DeleteStack") == 1) {
				t.Errorf("gone %v after %d deletions, want %v:\n%s", gone, a.count("DeleteStack"), c.gone, a.seen.String())
			}
			if c.signal == syscall.SIGTERM && !strings.Contains(a.seen.String(), "kept     stack LiveHTTPStreaming") {
				t.Errorf("nobody says that the stack was kept:\n%s", a.seen.String())
			}
			report, err := os.Stat(filepath.Join(a.dir, "streamwatch-out/autumn-concert/report.html"))
			if (err == nil) != (c.signal != syscall.SIGKILL) {
				t.Errorf("report: %v", err)
			}
			for _, call := range a.cloud.Calls() {
				if call.Action == "DeleteStack" && err == nil && report.ModTime().After(call.At) {
					t.Error("deleted before the report was written")
				}
			}
		})
	}
}
