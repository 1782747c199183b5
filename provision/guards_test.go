package provision_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// readOnly is what a monitor's credential may do with stacks.
const readOnly = `{"Statement":[{"Effect":"Allow","Action":["cloudformation:DescribeStacks","cloudformation:GetTemplate","cloudformation:GetStackPolicy"],"Resource":"*"}]}`

const byHand = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":"Update:*","Resource":"LogicalResourceId/Metrics"},{"Effect":"Allow","Principal":"*","Action":"Update:*","Resource":"*"}]}`

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
		if !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") && !strings.HasPrefix(c.Action, "List") {
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
		if err != nil || plan.Operation != "update" || plan.Unread == "" || !slices.ContainsFunc(plan.Changes, func(c provision.Change) bool { return c.Resource == "ManifestCachePolicy" }) {
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

// The printed policies are enough for the whole life of a stack, and the
// monitor's changes nothing.
func TestPoliciesAreEnough(t *testing.T) {
	for _, name := range []string{"smallest", "everything", "cors", "logs", "key", "extra"} {
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
			"AWS::CloudFront::CachePolicy LiveHTTPStreaming-eu-west-1-manifest": true, "AWS::CloudFront::CachePolicy LiveHTTPStreaming-manifest": true,
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
		cloud.Certificates = map[string]awstest.Certificate{certificate: {Names: []string{"*.example.org"}, Status: "PENDING_VALIDATION"}}
		s.Aliases = []string{"live.example.org", "www.example.com"}
		cloud.Aliases = map[string]string{"live.example.org": "EOTHER"}
		cloud.Taken = map[string]bool{"AWS::CloudFront::CachePolicy LiveHTTPStreaming-us-east-1-segment": true}
		for i := range 18 {
			cloud.Taken["AWS::CloudFront::CachePolicy other-"+string(rune('a'+i))] = true
		}
		found, unread, err := stackOn(t, cloud, s).Preflight(t.Context(), []string{"arn:aws:sns:us-east-1:123456789012:nobody"})
		var out strings.Builder
		for _, p := range found {
			out.WriteString(p.String() + "\n  hint: " + p.Hint + "\n")
		}
		golden(t, "preflight.txt", []byte(out.String()))
		if len(unread) > 0 || err != nil {
			t.Errorf("not read: %v, %v", unread, err)
		}
		cloud.Policies = [][]byte{[]byte(readOnly)}
		found, unread, err = stackOn(t, cloud, s).Preflight(t.Context(), []string{"arn:aws:sns:us-east-1:123456789012:nobody"})
		if len(found) > 0 || len(unread) != 4 || err != nil {
			t.Errorf("without rights: %v, not read: %v", found, unread)
		}
	})
}

// A pipeline gets the same stacks as Terraform and as parameters, without a
// secret in them.
func TestPipeline(t *testing.T) {
	s := variants(t)["beside"]
	s.Origin.Headers = map[string]string{"X-Origin-Verify": secret}
	s.Tags = map[string]string{"team": "events ${x} %{y}"}
	text, err := provision.Terraform(s)
	if err != nil {
		t.Fatal(err)
	}
	parameters, left, err := provision.Parameters(s)
	if err != nil || !slices.Equal(left, []string{"OriginHeaderXOriginVerify"}) {
		t.Errorf("left out %v, %v", left, err)
	}
	if bytes.Contains(text, []byte(secret)) || bytes.Contains(parameters, []byte(secret)) {
		t.Error("a secret is printed")
	}
	golden(t, "pipeline.tf", text)
	golden(t, "parameters.json", parameters)
}

// The function answers preflights for the pages that may play, and lets all else
// pass to the check of signatures and the cache.
func TestPreflightFunction(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		skip(t, "node is not installed (Debian's package nodejs)")
	}
	s := variants(t)["preflight"]
	body, err := provision.Template(s)
	if err != nil {
		t.Fatal(err)
	}
	code, _ := at(t, body, "Resources", "Preflight", "Properties", "FunctionCode").(string)
	ask := `
const ask = (method, origin) => { const r = handler({request: {method, uri: '/a.m3u8', headers: origin ? {origin: {value: origin}} : {}}});
  return r.statusCode ? r.statusCode + ' ' + (r.headers ? r.headers['access-control-allow-origin'].value : '-') : 'passes'; };
console.log([ask('GET', 'https://www.example.com'), ask('OPTIONS', 'https://www.example.com'), ask('OPTIONS', 'https://a.example.org'),
  ask('OPTIONS', 'https://example.org.evil.com'), ask('OPTIONS', 'https://.example.org.evil'), ask('OPTIONS', '')].join(', '));`
	cmd := exec.CommandContext(t.Context(), node, "-")
	cmd.Stdin = strings.NewReader(code + ask)
	out, err := cmd.CombinedOutput()
	const want = "passes, 204 https://www.example.com, 204 https://a.example.org, 403 -, 403 -, 403 -"
	if got := strings.TrimSpace(string(out)); err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// Channels that only a query string tells apart have objects of their own, and a
// warning says so where segments may not.
func TestQueriesOfManifests(t *testing.T) {
	s := spec()
	s.Manifests = []string{"/live/playlist.m3u8?channel=1&" + "sig=" + secret, "/live/playlist.m3u8?channel=2"}
	body, err := provision.Template(s)
	if err != nil {
		t.Fatal(err)
	}
	const policy = "ParametersInCacheKeyAndForwardedToOrigin"
	got := at(t, body, "Resources", "ManifestCachePolicy", "Properties", "CachePolicyConfig", policy, "QueryStringsConfig", "QueryStrings")
	if want := "[_HLS_msn _HLS_part _HLS_skip channel sig]"; fmt.Sprint(got) != want {
		t.Errorf("in the cache key: %v, want %s", got, want)
	}
	warnings := s.Warnings()
	if len(warnings) != 1 || strings.Contains(fmt.Sprint(warnings), secret) || !strings.Contains(warnings[0].Hint, "segment_query_strings") {
		t.Errorf("warnings %v", warnings)
	}
	s.SegmentQueries = []string{"channel"}
	if body, err = provision.Template(s); err != nil || len(s.Warnings()) > 0 {
		t.Errorf("warnings %v, %v", s.Warnings(), err)
	}
	got = at(t, body, "Resources", "SegmentCachePolicy", "Properties", "CachePolicyConfig", policy, "QueryStringsConfig", "QueryStrings")
	if fmt.Sprint(got) != "[channel]" {
		t.Errorf("segments: %v", got)
	}
}
