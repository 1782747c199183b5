package provision_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

func TestCost(t *testing.T) {
	s := variants(t)["everything"]
	var out strings.Builder
	total, event := 0.0, 0.0
	for _, l := range provision.Cost(s) {
		fmt.Fprintf(&out, "%-30s %10.0f x %.5f = %6.2f a month, %6.2f for 8 h  %s\n", l.Item, l.Quantity, l.Price, l.Month(),
			l.Event(8*time.Hour), l.Note)
		total, event = total+l.Month(), event+l.Event(8*time.Hour)
	}
	fmt.Fprintf(&out, "%.2f a month, %.2f for 8 h\n", total, event)
	golden(t, "cost.txt", []byte(out.String()))

	// The small profile that the prices were researched with: 22 metrics at 60 s.
	s = spec()
	s.Metrics = provision.MetricUse{Count: 22, Period: time.Minute}
	total = 0
	for _, l := range provision.Cost(s) {
		total += l.Month()
	}
	if want := 6.60 + 0.438 + 2.40; math.Abs(total-want) > 0.001 {
		t.Errorf("%.3f a month, want %.3f", total, want)
	}
}

func TestPolicy(t *testing.T) {
	withRole := spec()
	withRole.RoleARN = "arn:aws:iam::123456789012:role/cloudformation"
	all := variants(t)
	for name, c := range map[string]struct {
		spec provision.Spec
		of   func(provision.Spec) ([]byte, error)
	}{
		"smallest":           {all["smallest"], provision.ProvisionPolicy},
		"everything":         {all["everything"], provision.ProvisionPolicy},
		"with-role":          {withRole, provision.ProvisionPolicy},
		"role":               {withRole, provision.RolePolicy},
		"monitor-smallest":   {all["smallest"], provision.MonitorPolicy},
		"monitor-everything": {all["everything"], provision.MonitorPolicy},
	} {
		body, err := c.of(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(body, []byte(secret)) {
			t.Error("a secret is in the policy")
		}
		golden(t, "policy-"+name+".json", body)
	}
}

// Whatever the life of a stack calls, the policy allows, and nothing that is
// never called.
func TestPolicyCovers(t *testing.T) {
	body, err := provision.ProvisionPolicy(spec())
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Statement []struct {
			Sid    string
			Action []string
		}
	}
	if err := json.Unmarshal(body, &policy); err != nil {
		t.Fatal(err)
	}
	allowed := policy.Statement[0].Action
	// CloudFormation itself asks for these
	called := []string{"cloudformation:TagResource", "cloudformation:UntagResource"}
	for _, action := range awstest.Actions() {
		called = append(called, "cloudformation:"+action)
	}
	slices.Sort(called)
	if !slices.Equal(allowed, called) {
		t.Errorf("allowed %v\ncalled  %v", allowed, called)
	}
}

// A bitrate is written as people do.
func TestParseBitrate(t *testing.T) {
	for text, want := range map[string]float64{
		"4M": 4e6, "800k": 8e5, "1.5m": 1.5e6, "96000": 96000, "": -1, "4G": -1, "-4M": -1,
	} {
		if got, ok := provision.ParseBitrate(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}
