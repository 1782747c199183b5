package provision_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// The life cycle when all goes well.
func TestLifecycle(t *testing.T) {
	scenario(t, "create", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		s := spec()
		s.Tags = map[string]string{"team": "events"}
		s.NotificationARNs = []string{"arn:aws:sns:us-east-1:123456789012:ops"}
		s.TerminationProtection, s.OnFailure, s.CreateTimeout = new(true), "DELETE", 25*time.Minute
		s.Origin.Headers = map[string]string{"X-Origin-Verify": secret}
		if err := tr.provisioned(t.Context(), stackOn(t, cloud, s)); err != nil {
			t.Fatal(err)
		}
		for _, c := range cloud.Calls() {
			if c.Action != "CreateStack" {
				continue
			}
			for key, want := range map[string]string{
				"OnFailure": "DELETE", "TimeoutInMinutes": "25", "EnableTerminationProtection": "true",
				"NotificationARNs.member.1": s.NotificationARNs[0], "Tags.member.1.Key": "streamwatch:event",
				"Tags.member.2.Key": "team", "Tags.member.2.Value": "events", "StackName": "LiveHTTPStreaming",
			} {
				if got := c.Form.Get(key); got != want {
					t.Errorf("%s = %q, want %q", key, got, want)
				}
			}
			if policy := c.Form.Get("StackPolicyBody"); !strings.Contains(policy, "LogicalResourceId/Distribution") {
				t.Errorf("the default stack policy does not protect the distribution: %s", policy)
			}
			if token := c.Form.Get("ClientRequestToken"); !strings.HasPrefix(token, "streamwatch-create-") {
				t.Errorf("token %q", token)
			}
		}
	})
	scenario(t, "again", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		st := stackOn(t, cloud, spec())
		if _, err := st.Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := tr.provisioned(t.Context(), st); err != nil {
			t.Fatal(err)
		}
		if n := count(cloud, "ExecuteChangeSet"); n > 0 {
			t.Errorf("%d updates of a stack that is as it should be", n)
		}
	})
	scenario(t, "update", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		s := spec()
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s.TargetDuration, s.CORSOrigins, s.AdditionalMetrics = 10*time.Second, []string{"https://www.example.com"}, false
		s.TerminationProtection = new(true)
		s.StackPolicy = []byte(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"Update:*","Resource":"*"}]}`)
		st := stackOn(t, cloud, s)
		plan, err := st.Plan(t.Context())
		if err != nil || plan.Operation != "update" {
			t.Fatalf("plan %q, %v", plan.Operation, err)
		}
		for _, c := range plan.Changes {
			tr.line("plan: %s %s (%s) replacement=%s", c.Action, c.Resource, c.Type, c.Replacement)
		}
		for _, o := range plan.Options {
			tr.line("plan: %s", o)
		}
		if err := tr.provisioned(t.Context(), st); err != nil {
			t.Fatal(err)
		}
		for _, action := range []string{"SetStackPolicy", "UpdateTerminationProtection"} {
			if n := count(cloud, action); n != 1 {
				t.Errorf("%s: %d calls, want 1", action, n)
			}
		}
		if plan, err := st.Plan(t.Context()); err != nil || plan.Operation != "none" {
			t.Errorf("after the update: plan %q, %v", plan.Operation, err)
		}
	})
	scenario(t, "delete", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		st := stackOn(t, cloud, spec())
		if _, err := st.Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := tr.deleted(t.Context(), st); err != nil {
			t.Fatal(err)
		}
		if left := cloud.Alive(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		if err := tr.deleted(t.Context(), st); !errors.Is(err, provision.ErrAbsent) {
			t.Errorf("deleting what is gone: %v, want ErrAbsent", err)
		}
		// The same request a second time in the life of the account.
		if err := tr.provisioned(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	})
	scenario(t, "everything", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		s := variants(t)["everything"]
		cloud.PageSize = 7
		if err := tr.provisioned(t.Context(), stackOn(t, cloud, s)); err != nil {
			t.Fatal(err)
		}
	})
}

// Nothing exists: the plan is the template, and nothing is created.
func TestPlanCreates(t *testing.T) {
	scenario(t, "plan", func(t *testing.T, cloud *awstest.Cloud, _ *transcript) {
		plan, err := stackOn(t, cloud, spec()).Plan(t.Context())
		if err != nil || plan.Operation != "create" || len(plan.Template) == 0 {
			t.Errorf("plan %q, %d bytes, %v", plan.Operation, len(plan.Template), err)
		}
		if n := len(cloud.Calls()); n != 1 {
			t.Errorf("%d calls, want to look only", n)
		}
	})
}

// Waiting is cheap and sees the end at once.
func TestPace(t *testing.T) {
	scenario(t, "pace", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		if err := tr.provisioned(t.Context(), stackOn(t, cloud, spec())); err != nil {
			t.Fatal(err)
		}
		last := tr.events[len(tr.events)-1]
		if delay := time.Since(last.At); delay > 5*time.Second {
			t.Errorf("CREATE_COMPLETE was seen after %s", delay)
		}
		calls := cloud.Calls()
		for i, c := range calls {
			n := 0
			for _, d := range calls[i:] {
				if d.At.Sub(c.At) < time.Minute {
					n++
				}
			}
			if n > 15 && i > 1 { // the first two look and create
				t.Fatalf("%d calls within a minute from %s", n, c.At)
			}
		}
	})
}

// A stack of somebody else is never touched.
func TestOwner(t *testing.T) {
	for name, tags := range map[string]map[string]string{
		"owner-none": nil, "owner-other": {"streamwatch:event": "spring-concert"},
	} {
		scenario(t, name, func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
			cloud.Put("LiveHTTPStreaming", "CREATE_COMPLETE", tags)
			st := stackOn(t, cloud, spec())
			st.Recreate = true
			if tr.provisioned(t.Context(), st) == nil || tr.deleted(t.Context(), st) == nil {
				t.Error("a stack of somebody else was taken")
			}
			if _, err := st.Plan(t.Context()); err == nil {
				t.Error("a stack of somebody else was compared")
			}
			for _, c := range cloud.Calls() {
				if c.Action != "DescribeStacks" {
					t.Errorf("%s was called", c.Action)
				}
			}
		})
	}
}

// Whoever is killed, or stopped by ctrl-C, leaves the operation to AWS; the next
// run finds it. Nothing is orphaned, nothing doubled.
func TestResume(t *testing.T) {
	const inTheMiddle = 90 * time.Second
	scenario(t, "resume-create", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		ctx, stop := context.WithTimeout(t.Context(), inTheMiddle)
		defer stop()
		if err := tr.provisioned(ctx, stackOn(t, cloud, spec())); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stopped: %v", err)
		}
		if err := tr.provisioned(t.Context(), stackOn(t, cloud, spec())); err != nil {
			t.Fatal(err)
		}
		if n := count(cloud, "CreateStack"); n != 1 {
			t.Errorf("created %d times", n)
		}
		if n := count(cloud, "DeleteStack"); n != 0 {
			t.Error("deleted on interrupt")
		}
	})
	scenario(t, "resume-delete", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		st := stackOn(t, cloud, spec())
		if _, err := st.Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), inTheMiddle)
		defer stop()
		if err := tr.deleted(ctx, st); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stopped: %v", err)
		}
		if err := tr.deleted(t.Context(), stackOn(t, cloud, spec())); err != nil {
			t.Fatal(err)
		}
		if n := count(cloud, "DeleteStack"); n != 1 {
			t.Errorf("deleted %d times", n)
		}
		if left := cloud.Alive(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
	scenario(t, "run-while-deleting", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		st := stackOn(t, cloud, spec())
		if _, err := st.Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), inTheMiddle)
		defer stop()
		_ = st.Delete(ctx, nil)
		if err := tr.provisioned(t.Context(), st); err != nil {
			t.Fatal(err)
		}
	})
	scenario(t, "delete-while-creating", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		ctx, stop := context.WithTimeout(t.Context(), inTheMiddle)
		defer stop()
		st := stackOn(t, cloud, spec())
		_, _ = st.Provision(ctx, nil)
		if err := tr.deleted(t.Context(), st); err != nil {
			t.Fatal(err)
		}
		if left := cloud.Alive(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
	scenario(t, "resume-change-set", func(t *testing.T, cloud *awstest.Cloud, tr *transcript) {
		s := spec()
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s.TargetDuration = 10 * time.Second
		// Killed between making and executing a change set: nobody cleans up.
		for range 9 {
			cloud.Refuse(1, "ExecuteChangeSet", "InternalFailure", "killed")
			cloud.Refuse(1, "DeleteChangeSet", "InternalFailure", "killed")
		}
		if err := tr.provisioned(t.Context(), stackOn(t, cloud, s)); err == nil {
			t.Fatal("the change set was executed")
		}
		if n := cloud.ChangeSets(); n != 1 {
			t.Errorf("%d change sets are left, want one to stumble over", n)
		}
		cloud.Refuse(0, "", "", "")
		if err := tr.provisioned(t.Context(), stackOn(t, cloud, s)); err != nil {
			t.Fatal(err)
		}
	})
}
