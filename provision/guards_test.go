package provision_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// readOnly is what a monitor's credential may do with stacks.
const readOnly = `{"Statement":[{"Effect":"Allow","Resource":"*","Action":` +
	`["cloudformation:DescribeStacks","cloudformation:GetTemplate","cloudformation:GetStackPolicy"]}]}`

const byHand = `{"Statement":[` +
	`{"Effect":"Deny","Principal":"*","Action":"Update:*","Resource":"LogicalResourceId/Metrics"},` +
	`{"Effect":"Allow","Principal":"*","Action":"Update:*","Resource":"*"}]}`

// quiet runs f in fake time without a transcript.
func quiet(t *testing.T, f func(t *testing.T, cloud *awstest.Cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cloud := &awstest.Cloud{}
		f(t, cloud)
		if n := cloud.ChangeSets(); n > 0 {
			t.Errorf("%d change sets are left", n)
		}
	})
}

// writes are the actions that were called and change something.
func writes(cloud *awstest.Cloud, since int) []string {
	var list []string
	for _, c := range cloud.Calls()[since:] {
		if !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") &&
			!strings.HasPrefix(c.Action, "List") {
			list = append(list, c.Action)
		}
	}
	return list
}

// What an administrator set and the file does not mention stays, whatever is
// called; what reads needs no more than to read.
func TestGuardsStay(t *testing.T) {
	quiet(t, func(t *testing.T, cloud *awstest.Cloud) {
		s := spec()
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		cloud.Protect("LiveHTTPStreaming", true, byHand)
		for name, call := range map[string]func(*provision.Stack) error{
			"provision": func(st *provision.Stack) error { _, err := st.Provision(t.Context(), nil); return err },
			"update": func(*provision.Stack) error {
				changed := s
				changed.PriceClass = "PriceClass_100"
				_, err := stackOn(t, cloud, changed).Provision(t.Context(), nil)
				return err
			},
			"delete": func(st *provision.Stack) error {
				if err := st.Delete(t.Context(), nil); err == nil {
					return errors.New("a protected stack was deleted")
				}
				return nil
			},
		} {
			if err := call(stackOn(t, cloud, s)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if on, policy := cloud.Guards("LiveHTTPStreaming"); !on || policy != byHand {
				t.Errorf("after %s: protected %v, policy %s", name, on, policy)
			}
		}
		cloud.Policies = [][]byte{[]byte(readOnly)}
		since := len(cloud.Calls())
		st := stackOn(t, cloud, s)
		if d, err := st.Find(t.Context()); err != nil || d.EdgeURL == "" {
			t.Errorf("find: %v, %v", d, err)
		}
		s.PriceClass = "PriceClass_All"
		s.TargetDuration = 10 * time.Second
		plan, err := stackOn(t, cloud, s).Differences(t.Context())
		if err != nil || !plan.Differs() || len(plan.Changes) == 0 {
			t.Errorf("differences: %+v, %v", plan, err)
		}
		if got := writes(cloud, since); len(got) > 0 {
			t.Errorf("what reads called %v", got)
		}
		// A dry run without the right to make a change set compares by itself, and says so.
		plan, err = stackOn(t, cloud, s).Plan(t.Context())
		if err != nil || plan.Operation != "update" || plan.Unread == "" ||
			!slices.ContainsFunc(plan.Changes, func(c provision.Change) bool { return c.Resource == "ManifestCachePolicy" }) {
			t.Errorf("plan: %+v, %v", plan, err)
		}
	})
}

// Every option that an update changes is in the plan, and nothing else is.
func TestPlanListsOptions(t *testing.T) {
	quiet(t, func(t *testing.T, cloud *awstest.Cloud) {
		s := spec()
		s.NotificationARNs = []string{"arn:aws:sns:us-east-1:123456789012:ops"}
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		s.TerminationProtection, s.StackPolicy = new(true), []byte(byHand)
		s.NotificationARNs, s.Tags, s.Comment = []string{}, map[string]string{"team": "events"}, "Autumn"
		plan, err := stackOn(t, cloud, s).Plan(t.Context())
		if err != nil || plan.Operation != "update" {
			t.Fatalf("plan %q, %v", plan.Operation, err)
		}
		var names []string
		for _, o := range plan.Options {
			names = append(names, o.Name)
		}
		want := []string{"termination_protection", "stack_policy", "notification_arns", "tags", "DistributionComment"}
		if !slices.Equal(names, want) {
			t.Errorf("options %v, want %v", names, want)
		}
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if plan, err := stackOn(t, cloud, s).Plan(t.Context()); err != nil || plan.Differs() {
			t.Errorf("after the update: %+v, %v", plan, err)
		}
	})
}

// oldNames makes templates name policies as earlier releases did.
type oldNames struct{ to http.RoundTripper }

func (o oldNames) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	body = bytes.ReplaceAll(body, []byte(url.QueryEscape("-${AWS::Region}-")), []byte("-"))
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return o.to.RoundTrip(req)
}

// A stack that exists keeps the names that it has; a second one in another region
// has names of its own.
func TestNames(t *testing.T) {
	quiet(t, func(t *testing.T, cloud *awstest.Cloud) {
		s := spec()
		s.CORSOrigins = []string{"https://www.example.com"}
		if _, err := stackOn(t, oldNames{cloud}, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		plan, err := stackOn(t, cloud, s).Plan(t.Context())
		if err != nil || plan.Differs() {
			t.Errorf("a release that names policies otherwise changes the stack: %+v, %v", plan, err)
		}
		s.TargetDuration = 10 * time.Second
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	})
	quiet(t, func(t *testing.T, cloud *awstest.Cloud) {
		// What a stack of the same name in eu-west-1 has, in this release and before.
		cloud.Taken = map[string]bool{
			"AWS::CloudFront::CachePolicy LiveHTTPStreaming-eu-west-1-manifest": true,
			"AWS::CloudFront::CachePolicy LiveHTTPStreaming-manifest":           true,
		}
		if _, err := stackOn(t, cloud, spec()).Provision(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// The access log outlives its stack, and the next stack of the name does not
// stumble over it.
func TestAccessLogIsRetained(t *testing.T) {
	quiet(t, func(t *testing.T, cloud *awstest.Cloud) {
		s := spec()
		s.AccessLogs = true
		for range 2 {
			st := stackOn(t, cloud, s)
			skipped := false
			if _, err := st.Provision(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if err := st.Delete(t.Context(), func(e provision.Event) {
				skipped = skipped || e.Resource == "AccessLogs" && e.Status == "DELETE_SKIPPED"
			}); err != nil || !skipped {
				t.Fatalf("log group kept %v, %v", skipped, err)
			}
		}
	})
}

// An adopted stack is read and never written to, whoever made it.
func TestAdopt(t *testing.T) {
	quiet(t, func(t *testing.T, cloud *awstest.Cloud) {
		s := spec()
		s.Event = "by-a-pipeline"
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		since := len(cloud.Calls())
		cloud.Policies = [][]byte{[]byte(readOnly)}
		s.Event, s.Adopt, s.PriceClass = "autumn-concert", true, "PriceClass_100"
		st := stackOn(t, cloud, s)
		if d, err := st.Provision(t.Context(), nil); err != nil || !strings.HasSuffix(d.EdgeURL, ".cloudfront.net") {
			t.Errorf("%v, %v", d, err)
		}
		if _, err := st.Plan(t.Context()); err != nil {
			t.Error(err)
		}
		if err := st.Delete(t.Context(), nil); err == nil {
			t.Error("an adopted stack was deleted")
		}
		if got := writes(cloud, since); len(got) > 0 {
			t.Errorf("called %v", got)
		}
		s.StackName = "Nowhere"
		if _, err := stackOn(t, cloud, s).Provision(t.Context(), nil); !errors.Is(err, provision.ErrAbsent) {
			t.Errorf("a stack that is not there: %v", err)
		}
	})
}

// What would fail after minutes is found before anything is made, by its place.
func TestPreflight(t *testing.T) {
	quiet(t, func(t *testing.T, cloud *awstest.Cloud) {
		s := variants(t)["aliases"]
		cloud.Certificates = map[string]awstest.Certificate{certificate: {
			Names:  []string{"*.example.org"},
			Status: "PENDING_VALIDATION",
		}}
		s.Aliases = []string{"live.example.org", "www.example.com"}
		cloud.Aliases = map[string]string{"live.example.org": "EOTHER"}
		cloud.Taken = map[string]bool{"AWS::CloudFront::CachePolicy LiveHTTPStreaming-us-east-1-segment": true}
		for i := range 18 {
			cloud.Taken["AWS::CloudFront::CachePolicy other-"+string(rune('a'+i))] = true
		}
		found, unread, err := stackOn(t, cloud, s).Preflight(t.Context(),
			[]string{"arn:aws:sns:us-east-1:123456789012:nobody"})
		var out strings.Builder
		for _, p := range found {
			out.WriteString(p.String() + "\n  hint: " + p.Hint + "\n")
		}
		golden(t, "preflight.txt", []byte(out.String()))
		if len(unread) > 0 || err != nil {
			t.Errorf("not read: %v, %v", unread, err)
		}
		cloud.Policies = [][]byte{[]byte(readOnly)}
		found, unread, err = stackOn(t, cloud, s).Preflight(t.Context(),
			[]string{"arn:aws:sns:us-east-1:123456789012:nobody"})
		if len(found) > 0 || len(unread) != 4 || err != nil {
			t.Errorf("without rights: %v, not read: %v", found, unread)
		}
	})
}
