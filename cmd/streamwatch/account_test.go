package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// stackEvent is the event of the tests with an account: %s are more keys of
// distribution.cloudformation, each with a comma before it.
const stackEvent = `event: autumn-concert
origin: {url: "http://live.example.com:8080", headers: {X-Origin-Verify: "${ORIGIN_SECRET}"}}
distribution: {cloudformation: {target_duration: 6s%s}}
streams: [{name: main, manifest: /main/playlist.m3u8}]
`

// secrets are what nobody may see.
var secrets = []string{"hunter2", "key-of-aws"}

// account is a double of AWS over HTTP with the binary before it, and what a
// user sees of both.
type account struct {
	t     *testing.T
	cloud *awstest.Cloud
	dir   string
	env   []string
	seen  strings.Builder
	gate  func(http.Handler) http.Handler // before the edge of broadcast; nil lets everybody in
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{t: t, dir: t.TempDir(), cloud: &awstest.Cloud{Took: map[string]time.Duration{
		"AWS::CloudFront::Distribution": 3 * time.Second,
		"AWS::CloudFront::CachePolicy":  time.Second, "AWS::CloudFront::MonitoringSubscription": time.Second,
	}}}
	a.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + a.dir, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=key-of-aws",
		"AWS_EC2_METADATA_DISABLED=true", "ORIGIN_SECRET=hunter2",
	}
	a.serve(a.cloud)
	a.event("")
	return a
}

// serve makes h the endpoint of AWS.
func (a *account) serve(h http.Handler) {
	server := httptest.NewServer(h)
	a.t.Cleanup(server.Close)
	a.set("AWS_ENDPOINT_URL", server.URL)
}

// set changes a variable of the environment; "" takes it away.
func (a *account) set(name, value string) {
	a.env = slices.DeleteFunc(a.env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	if value != "" {
		a.env = append(a.env, name+"="+value)
	}
}

// event writes event.yaml with more keys.
func (a *account) event(keys string) { a.write("event.yaml", fmt.Sprintf(stackEvent, keys)) }

func (a *account) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// command returns the binary with arguments, and what it will have said.
func (a *account) command(ctx context.Context, args ...string) (*exec.Cmd, *safe) {
	cmd := exec.CommandContext(ctx, "streamwatch", args...)
	var out safe
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = a.dir, a.env, &out, &out
	proctest.Bind(cmd, syscall.SIGKILL)
	return cmd, &out
}

// run runs the binary and writes down what a user sees.
func (a *account) run(args ...string) int {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 2*proctest.Patience)
	defer cancel()
	cmd, out := a.command(ctx, args...)
	return a.note(cmd, out, cmd.Run())
}

// note writes down a command that ended with err, and returns its exit code.
func (a *account) note(cmd *exec.Cmd, out *safe, err error) int {
	a.t.Helper()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		a.t.Fatal(err)
	}
	code := cmd.ProcessState.ExitCode()
	fmt.Fprintf(&a.seen, "$ %s\n%s[exit %d]\n\n", strings.Join(cmd.Args, " "),
		clock.ReplaceAllString(out.String(), "HH:MM:SS"), code)
	return code
}

var clock = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\b`)

// count returns how many requests for an action arrived.
func (a *account) count(action string) int {
	n := 0
	for _, c := range a.cloud.Calls() {
		if c.Action == action {
			n++
		}
	}
	return n
}

// golden compares what was seen with a file of testdata.
func (a *account) golden(name string) {
	a.t.Helper()
	compare(a.t, filepath.Join("testdata", "stack", name+".txt"), a.seen.String())
}

// compare compares a text with a golden file. A secret in it is a failure.
func compare(t *testing.T, file, text string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%s: a secret is shown:\n%s", file, text)
		}
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // a folder that everyone reads
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // a file that everyone reads
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs (make golden rewrites it); got\n%s", file, text)
	}
}
