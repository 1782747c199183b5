package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// TestMiniStack takes the binary from nothing to a domain and back against an
// emulator of AWS that somebody else wrote, which reads the requests and the
// template in its own way. It has no resource for CloudFront's own metrics.
func TestMiniStack(t *testing.T) {
	t.Parallel()
	program := proctest.Find(t, "ministack", "MINISTACK")
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
		"Distribution            CREATE_COMPLETE", "edge https://", "stack LiveHTTPStreaming: update",
		"LiveHTTPStreaming       UPDATE_COMPLETE",
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

// TestMiniStackPolicies lets the emulator evaluate the printed policies for a user
// who has no other: they do for the stack's life, a set of changes by name
// included, and the monitor's reads only. The emulator does not evaluate what
// CloudFormation does for the caller; the double in package awstest does.
func TestMiniStackPolicies(t *testing.T) {
	t.Parallel()
	program := proctest.Find(t, "ministack", "MINISTACK")
	a := newAccount(t)
	endpoint := "http://" + startMiniStack(t, program, "AUTH=true")
	a.set("AWS_ENDPOINT_URL", endpoint)
	a.event(", additional_metrics: false")
	for user, part := range map[string]string{"provisioner": "policy", "monitor": "monitor-policy"} {
		cmd, _ := a.command(t.Context(), "provision", "event.yaml", "--print", part)
		cmd.Stdout = nil
		policy, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		iam(t, endpoint, "CreateUser", "UserName", user)
		iam(t, endpoint, "PutUserPolicy", "UserName", user, "PolicyName", "streamwatch", "PolicyDocument", string(policy))
		key := iam(t, endpoint, "CreateAccessKey", "UserName", user)
		a.write(user, between(key, "<AccessKeyId>", "<")+" "+between(key, "<SecretAccessKey>", "<"))
	}
	as := func(user string) {
		text, err := os.ReadFile(filepath.Join(a.dir, user))
		if err != nil {
			t.Fatal(err)
		}
		id, secret, _ := strings.Cut(string(text), " ")
		a.set("AWS_ACCESS_KEY_ID", id)
		a.set("AWS_SECRET_ACCESS_KEY", secret)
	}
	as("provisioner")
	a.want(0, "provision", "event.yaml")
	a.event(", additional_metrics: false, price_class: PriceClass_100")
	a.want(0, "provision", "event.yaml", "--dry-run")
	a.want(0, "provision", "event.yaml")
	as("monitor")
	a.want(0, "embed", "event.yaml")
	a.want(1, "delete", "event.yaml", "--yes")
	as("provisioner")
	a.want(0, "delete", "event.yaml", "--yes")
	if seen := a.seen.String(); t.Failed() || !strings.Contains(seen, "AccessDenied") ||
		!strings.Contains(seen, "UPDATE_COMPLETE") {
		t.Errorf("seen:\n%s", seen)
	}
}

// iam asks the emulator's IAM as the root of the account.
func iam(t *testing.T, endpoint, action string, pairs ...string) string {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	body := form.Encode()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sum := sha256.Sum256([]byte(body))
	root := aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
	if err := v4.NewSigner().SignHTTP(t.Context(), root, req, hex.EncodeToString(sum[:]), "iam", "us-east-1",
		time.Now()); err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", action, res.StatusCode, text, err)
	}
	return string(text)
}

// between returns what stands behind one text and before the next other.
func between(text, after, before string) string {
	_, rest, _ := strings.Cut(text, after)
	found, _, _ := strings.Cut(rest, before)
	return found
}

// startMiniStack returns the address of an emulator that ends with the test.
func startMiniStack(t *testing.T, program string, env ...string) string {
	t.Helper()
	address := proctest.Address(t)
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.Command(program)
	cmd.Dir = t.TempDir()
	cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "HOME="+cmd.Dir, "TMPDIR="+cmd.Dir, "GATEWAY_PORT="+port,
		"BIND_HOST=127.0.0.1", "IOT_MTLS_ENABLED=0")
	proctest.Start(t, cmd, syscall.SIGKILL)
	for end := time.Now().Add(proctest.Patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var d net.Dialer
		if conn, err := d.DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			return address
		}
	}
	t.Fatal("ministack does not listen")
	return ""
}
