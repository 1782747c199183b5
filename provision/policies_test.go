package provision_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// The printed policies are enough for the whole life of a stack, and the
// monitor's changes nothing.
func TestPoliciesAreEnough(t *testing.T) {
	for _, name := range []string{"smallest", "everything", "logs", "extra"} {
		t.Run(name, func(t *testing.T) {
			quiet(t, func(t *testing.T, cloud *awstest.Cloud) {
				s := variants(t)[name]
				cloud.Certificates = map[string]awstest.Certificate{certificate: {Names: s.Aliases, Status: "ISSUED"}}
				policy, err := provision.ProvisionPolicy(s)
				if err != nil {
					t.Fatal(err)
				}
				cloud.Policies = [][]byte{policy}
				st := stackOn(t, cloud, s)
				if found, unread, err := st.Preflight(t.Context(), nil); len(found)+len(unread) > 0 || err != nil {
					t.Errorf("preflight: %v, %v, %v", found, unread, err)
				}
				if _, err := st.Provision(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				changed := s
				changed.TargetDuration, changed.PriceClass = 12*time.Second, "PriceClass_100"
				if _, err := stackOn(t, cloud, changed).Plan(t.Context()); err != nil {
					t.Fatal(err)
				}
				if _, err := stackOn(t, cloud, changed).Provision(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				monitor, err := provision.MonitorPolicy(s)
				if err != nil {
					t.Fatal(err)
				}
				cloud.Policies = [][]byte{monitor}
				if _, err := st.Find(t.Context()); err != nil {
					t.Errorf("the monitor cannot find its stack: %v", err)
				}
				if _, err := st.Differences(t.Context()); err != nil {
					t.Errorf("the monitor cannot compare its stack: %v", err)
				}
				if err := st.Delete(t.Context(), nil); err == nil {
					t.Error("the monitor's policy deletes")
				}
				cloud.Policies = [][]byte{policy}
				if err := st.Delete(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// With a service role the caller needs no right on any resource.
func TestServiceRole(t *testing.T) {
	quiet(t, func(t *testing.T, cloud *awstest.Cloud) {
		s := spec()
		s.RoleARN = "arn:aws:iam::123456789012:role/cloudformation"
		policy, err := provision.ProvisionPolicy(s)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(policy, []byte("CreateDistribution")) {
			t.Error("the caller may make a distribution beside the role")
		}
		cloud.Policies = [][]byte{policy}
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s.RoleARN = "" // without it the caller's own rights count
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err == nil {
			s.PriceClass = "PriceClass_100"
			if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err == nil {
				t.Error("the distribution was changed without the right to")
			}
		}
	})
}
