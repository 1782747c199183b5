package provision_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// rewrite replaces a text in the answers of the double.
type rewrite struct {
	to       http.RoundTripper
	old, new string
}

// RoundTrip answers with the text replaced.
func (r rewrite) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.to.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	body = bytes.ReplaceAll(body, []byte(r.old), []byte(r.new))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// An update that would take the domain name away is not executed.
func TestReplacementRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"replaces-distribution": {"<Replacement>False</Replacement>", "<Replacement>True</Replacement>"},
		"removes-distribution":  {"<Action>Modify</Action>", "<Action>Remove</Action>"},
	} {
		scenario(t, name, func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
			s := spec()
			if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			s.PriceClass = "PriceClass_100"
			if tr.provisioned(t.Context(), stackOn(t, rewrite{cloud, change[0], change[1]}, s)) == nil {
				t.Error("want an error")
			}
			if n := count(cloud, "ExecuteChangeSet"); n > 0 {
				t.Error("the change set was executed")
			}
		})
	}
}

// Two processes that create the same stack at the same time make one.
func TestRace(t *testing.T) {
	scenario(t, "raced", func(t *testing.T, cloud *awstest.Cloud, _ *transcript) {
		done := make(chan error)
		for range 2 {
			go func() {
				_, err := stackOn(t, cloud, spec()).Provision(t.Context(), nil)
				done <- err
			}()
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if alive := cloud.Alive(); len(alive) != 4 {
			t.Errorf("alive: %v, want one of each", alive)
		}
	})
	scenario(t, "raced-differently", func(t *testing.T, cloud *awstest.Cloud, _ *transcript) {
		cloud.Refuse(1, "CreateStack", "AlreadyExistsException", "Stack [LiveHTTPStreaming] already exists")
		if _, err := stackOn(t, cloud, spec()).Provision(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
	// The first process was killed before it heard that its request had worked.
	scenario(t, "create-unheard", func(t *testing.T, cloud *awstest.Cloud, _ *transcript) {
		deaf := rewrite{cloud, "CreateStackResponse", "Gibberish<"}
		_, _ = stackOn(t, deaf, spec()).Provision(t.Context(), nil)
		if _, err := stackOn(t, cloud, spec()).Provision(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if alive := cloud.Alive(); len(alive) != 4 {
			t.Errorf("alive: %v, want one of each", alive)
		}
	})
}

// CloudFormation takes no deletion during a rollback: it is waited for.
func TestDeleteDuringRollback(t *testing.T) {
	scenario(t, "delete-while-rolling-back", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		cloud.Fail("CREATE", "Distribution", "no")
		ctx, stop := context.WithTimeout(t.Context(), 4*time.Minute)
		defer stop()
		if _, err := stackOn(t, cloud, spec()).Provision(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if err := tr.deleted(t.Context(), stackOn(t, cloud, spec())); err != nil {
			t.Fatal(err)
		}
		if left := cloud.Alive(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// The endpoint is found the AWS way, and the real SDK speaks to it over a socket.
func TestEndpoint(t *testing.T) {
	cloud := &awstest.Cloud{}
	server := httptest.NewServer(cloud)
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "key-of-aws")
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/config")
	st, err := provision.NewStack(t.Context(), spec())
	if err != nil {
		t.Fatal(err)
	}
	if plan, err := st.Plan(t.Context()); err != nil || plan.Operation != "create" {
		t.Errorf("plan %q, %v", plan.Operation, err)
	}
	cloud.Put("LiveHTTPStreaming", "REVIEW_IN_PROGRESS", ours())
	if _, err := st.Plan(t.Context()); err == nil || !strings.Contains(err.Error(), "REVIEW_IN_PROGRESS") {
		t.Errorf("got %v", err)
	}
}
