package dashboards_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// specOf returns the stack of an event with n streams and alarms.
func specOf(t *testing.T, n int) provision.Spec {
	t.Helper()
	spec := provision.Defaults()
	spec.Event = "autumn-concert"
	spec.Origin = provision.Origin{Host: "live.example.com", Port: 8080}
	o := dashboards.Options{Event: spec.Event, Distribution: true, Additional: true, Email: []string{"ops@example.com"}}
	for i := range n {
		o.Streams = append(o.Streams, dashboards.Stream{Name: fmt.Sprintf("stage-%d", i+1), TargetDuration: 6 * time.Second})
	}
	main, err := dashboards.Resources(o)
	if err == nil {
		spec.Extra = provision.Extra(main)
		if _, err = provision.Template(spec); err == nil {
			return spec
		}
	}
	main, beside, err := dashboards.Split(o, provision.MaxTemplate)
	if err != nil {
		t.Fatal(err)
	}
	spec.Extra = provision.Extra(main)
	for _, part := range beside {
		spec.Beside = append(spec.Beside, provision.Extra(part))
	}
	return spec
}

// TestSizes makes events of several sizes, grows and shrinks them and deletes
// them again, against the double of AWS; testdata/sizes.txt has the bytes of
// each template. Whatever the size, the same three alarms wake people.
func TestSizes(t *testing.T) {
	var out strings.Builder
	t.Setenv("AWS_CA_BUNDLE", "") // the client here takes none
	sizes := []int{1, 3, 10, 50, 100, 5}
	cloud := &awstest.Cloud{Took: map[string]time.Duration{
		"AWS::CloudWatch::Alarm": time.Millisecond, "AWS::CloudFront::Distribution": time.Second,
	}}
	synctest.Test(t, func(t *testing.T) {
		for _, n := range sizes {
			spec := specOf(t, n)
			stacks := spec.Stacks()
			fmt.Fprintf(&out, "%3d streams: %2d stacks, ", n, len(stacks))
			for _, one := range stacks {
				body, err := provision.Template(one)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&out, " %d", len(body))
			}
			out.WriteString(" bytes\n")
			// 50 has nothing that 10 and 100 do not; the race detector takes minutes for 100.
			if n == 50 || n == 100 && proctest.Race {
				continue
			}
			stack, err := provision.NewStack(t.Context(), spec, config.WithHTTPClient(&http.Client{Transport: cloud}),
				config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "key-of-aws", "")),
				config.WithSharedConfigFiles([]string{}), config.WithSharedCredentialsFiles([]string{}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stack.Provision(t.Context(), nil); err != nil {
				t.Fatalf("%d streams: %v", n, err)
			}
			if plan, err := stack.Plan(t.Context()); err != nil || plan.Differs() {
				t.Errorf("%d streams, made and compared: %v %v", n, plan.Operation, err)
			}
			want := []string{
				"LiveHTTPStreaming-cloudfront-5xx", "LiveHTTPStreaming-heartbeat", "LiveHTTPStreaming-viewer-impact",
			}
			if got := slices.Sorted(maps.Keys(cloud.Armed())); !slices.Equal(got, want) {
				t.Errorf("%d streams: %v wake people, want %v", n, got, want)
			}
			left := map[string]bool{}
			for _, id := range cloud.Alive() {
				name, _, _ := strings.Cut(id, "/")
				left[name] = true
			}
			if len(left) != len(stacks) {
				t.Errorf("%d streams: stacks %v, want %d", n, slices.Sorted(maps.Keys(left)), len(stacks))
			}
			if n == sizes[len(sizes)-1] {
				if err := stack.Delete(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if left := cloud.Alive(); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
				if err := stack.Delete(t.Context(), nil); !errors.Is(err, provision.ErrAbsent) {
					t.Errorf("deleting again: %v", err)
				}
			}
		}
	})
	if update.Value.String() == "true" {
		if err := os.WriteFile("testdata/sizes.txt", []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile("testdata/sizes.txt"); err != nil || string(want) != out.String() {
		t.Errorf("testdata/sizes.txt differs, %v:\n%s", err, out.String())
	}
}

// Every template of every size fits the schemas of AWS.
func TestTemplates(t *testing.T) {
	for _, n := range []int{1, 3, 100} {
		for _, one := range specOf(t, n).Stacks() {
			body, err := provision.Template(one)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range awstest.CheckTemplate(body) {
				t.Errorf("%d streams, %s: %s", n, one.StackName, problem)
			}
		}
	}
}

// cfn-lint knows rules that schemas do not say; it comes from PyPI. Its optional
// rules are on.
func TestTemplatesLint(t *testing.T) {
	t.Parallel()
	lint, err := exec.LookPath(cmp.Or(os.Getenv("CFN_LINT"), "cfn-lint"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("cfn-lint is missing, which CI must have")
		}
		t.Skip("cfn-lint is not installed (pip install cfn-lint, or CFN_LINT=path)")
	}
	many := specOf(t, 20).Stacks()
	only := func(change func(*dashboards.Options)) provision.Spec {
		o := dashboards.Options{
			Event: "autumn-concert", Email: []string{"ops@example.com"}, Streams: []dashboards.Stream{{Name: "main"}},
		}
		change(&o)
		parts, err := dashboards.Resources(o)
		if err != nil {
			t.Fatal(err)
		}
		s := provision.Defaults()
		s.Event, s.AlarmsOnly, s.StackName, s.Extra = o.Event, true, "streamwatch-autumn-concert", provision.Extra(parts)
		return s
	}
	args := []string{"--regions", "us-east-1", "--include-checks", "I", "--non-zero-exit-code", "informational", "--"}
	for i, s := range append(many,
		specOf(t, 1),
		only(func(*dashboards.Options) {}),
		only(func(o *dashboards.Options) { o.DistributionID = "E2EXAMPLE1234" }),
		only(func(o *dashboards.Options) { o.Period, o.KMSKey = 10*time.Second, "alias/alarms" }),
		only(func(o *dashboards.Options) {
			o.Email, o.Notify = nil, []string{"arn:aws:sns:us-east-1:123456789012:ops"}
		}),
	) {
		body, err := provision.Template(s)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), fmt.Sprintf("%d.json", i))
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	if out, err := exec.CommandContext(t.Context(), lint, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
