package provision_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// Each implementation is a Provider.
var (
	_ provision.Provider = provision.Existing{}
	_ provision.Provider = (*provision.Local)(nil)
	_ provision.Provider = (*provision.Stack)(nil)
)

// TestMain forgets what the environment says about AWS.
func TestMain(m *testing.M) {
	flag.Parse()
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(m.Run())
}

// hintOf returns the hint beside an error and fails where there is none.
func hintOf(t *testing.T, err error) string {
	t.Helper()
	hint := probe.HintOf(err)
	if hint == "" {
		t.Fatalf("error %v comes without a hint", err)
	}
	return hint
}

// stackOn returns a stack whose CloudFormation is the double.
func stackOn(t *testing.T, cloud http.RoundTripper, s provision.Spec) *provision.Stack {
	t.Helper()
	st, err := provision.NewStack(t.Context(), s,
		config.WithHTTPClient(&http.Client{Transport: cloud}),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "key-of-aws", "")),
		config.WithSharedConfigFiles([]string{}), config.WithSharedCredentialsFiles([]string{}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// transcript writes down what a user would see, without the clock: when a poll
// sees something is left to chance.
type transcript struct {
	strings.Builder
	events []provision.Event
}

// event is a Progress.
func (tr *transcript) event(e provision.Event) {
	tr.events = append(tr.events, e)
	tr.line("%-22s %-22s %6s  %s", e.Resource, e.Status, e.Elapsed.Round(time.Second), e.Reason)
}

func (tr *transcript) line(format string, args ...any) {
	tr.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// result writes down how an operation ended.
func (tr *transcript) result(d provision.Distribution, err error) {
	if d.EdgeURL != "" {
		tr.line("=> %s fresh=%v", d.EdgeURL, d.Fresh)
	}
	if err != nil {
		tr.line("error: %s", err)
		if hinted, ok := errors.AsType[*probe.HintError](err); ok {
			tr.line("hint: %s", hinted.Hint())
		}
	}
}

// provisioned runs Provision and writes it down.
func (tr *transcript) provisioned(ctx context.Context, st *provision.Stack) error {
	d, err := st.Provision(ctx, tr.event)
	tr.result(d, err)
	return err
}

// deleted runs Delete and writes it down.
func (tr *transcript) deleted(ctx context.Context, st *provision.Stack) error {
	err := st.Delete(ctx, tr.event)
	tr.result(provision.Distribution{}, err)
	return err
}

// scenario runs f in fake time and compares its transcript with a golden file;
// a secret in it is a failure, and so is a change set that was left.
func scenario(t *testing.T, name string, f func(t *testing.T, cloud *awstest.Cloud, tr *transcript)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		var text string
		synctest.Test(t, func(t *testing.T) {
			cloud, tr := &awstest.Cloud{}, &transcript{}
			f(t, cloud, tr)
			text = tr.String()
			if n := cloud.ChangeSets(); n > 0 {
				t.Errorf("%d change sets are left", n)
			}
		})
		if strings.Contains(text, secret) {
			t.Error("a secret is shown")
		}
		golden(t, "lifecycle/"+name+".txt", []byte(text))
	})
}

// count returns how many requests for an action arrived.
func count(cloud *awstest.Cloud, action string) int {
	n := 0
	for _, c := range cloud.Calls() {
		if c.Action == action {
			n++
		}
	}
	return n
}

// refuse is a transport that always fails.
type refuse struct{ err error }

// RoundTrip fails.
func (r refuse) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

// ours are the tags of a stack of the event in spec.
func ours() map[string]string { return map[string]string{"streamwatch:event": "autumn-concert"} }
