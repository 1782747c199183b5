package provision_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file below testdata, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run go test -update and review the diff\n%s", path, firstDifference(got, want))
	}
}

func firstDifference(got, want []byte) string {
	w := strings.Split(string(want), "\n")
	for i, line := range strings.Split(string(got), "\n") {
		if i >= len(w) || line != w[i] {
			return "got  " + line + "\nwant " + cmp.Or(strings.Join(w[min(i, len(w)):min(i+1, len(w))], ""), "(end)")
		}
	}
	return "want has more lines"
}

func TestTemplate(t *testing.T) {
	for name, s := range variants(t) {
		t.Run(name, func(t *testing.T) {
			if problems := s.Problems(); len(problems) > 0 {
				t.Fatalf("spec: %v", problems)
			}
			body, err := provision.Template(s)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := provision.Template(s); err != nil || !bytes.Equal(again, body) {
				t.Errorf("the template is not the same twice, %v", err)
			}
			for _, problem := range awstest.CheckTemplate(body) {
				t.Error(problem)
			}
			if bytes.Contains(body, []byte(secret)) {
				t.Error("a secret is in the template")
			}
			var readable bytes.Buffer
			if err := json.Indent(&readable, body, "", " "); err != nil {
				t.Fatal(err)
			}
			golden(t, "template/"+name+".json", append(readable.Bytes(), '\n'))
		})
	}
}

// cfn-lint knows rules that schemas do not say; it comes from PyPI.
func TestTemplateLint(t *testing.T) {
	t.Parallel()
	lint, err := exec.LookPath(cmp.Or(os.Getenv("CFN_LINT"), "cfn-lint"))
	if err != nil {
		skip(t, "cfn-lint is not installed (pip install cfn-lint, or CFN_LINT=path)")
	}
	files, err := filepath.Glob("testdata/template/*.json")
	if err != nil || len(files) < 29 {
		t.Fatalf("%d golden templates, %v", len(files), err)
	}
	args := append([]string{
		"--regions", "us-east-1", "--include-checks", "I", "--non-zero-exit-code", "informational",
		"--",
	}, files...)
	if out, err := exec.CommandContext(t.Context(), lint, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// skip ends a test for want of a tool; the pipeline must have them all.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// at returns the value below keys and indexes of a JSON text.
func at(t *testing.T, body []byte, path ...any) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

func TestManifestLifetimes(t *testing.T) {
	for _, tt := range []struct {
		target     time.Duration
		lowLatency bool
		want       float64
	}{
		{0, false, 1},
		{time.Second, false, 1},
		{2 * time.Second, false, 1},
		{4 * time.Second, false, 2},
		{5 * time.Second, false, 2},
		{6 * time.Second, false, 3},
		{10 * time.Second, false, 5},
		{6 * time.Second, true, 1},
	} {
		s := spec()
		s.TargetDuration, s.LowLatency = tt.target, tt.lowLatency
		body, err := provision.Template(s)
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]float64{"MinTTL": 1, "DefaultTTL": tt.want, "MaxTTL": tt.want} {
			if got := at(t, body, "Resources", "ManifestCachePolicy", "Properties", "CachePolicyConfig", key); got != want {
				t.Errorf("target %s, low latency %v: %s %v, want %v", tt.target, tt.lowLatency, key, got, want)
			}
		}
	}
}

// A blocking reload is held for up to three target durations: the origin must
// be given that time.
func TestLowLatencyTimeouts(t *testing.T) {
	s := spec()
	s.LowLatency, s.TargetDuration, s.Timeouts.Completion = true, 12*time.Second, 30*time.Second
	body, err := provision.Template(s)
	if err != nil {
		t.Fatal(err)
	}
	origin := []any{"Resources", "Distribution", "Properties", "DistributionConfig", "Origins", 0}
	if got := at(t, body, append(slices.Clone(origin), "CustomOriginConfig", "OriginReadTimeout")...); got != 38.0 {
		t.Errorf("read timeout %v, want 38", got)
	}
	if got := at(t, body, append(slices.Clone(origin), "ResponseCompletionTimeout")...); got != 38.0 {
		t.Errorf("completion timeout %v, want 38, as a read must fit in it", got)
	}
}

func TestTemplateRefuses(t *testing.T) {
	s := spec()
	for name, extra := range map[string]provision.Extra{
		"the id is taken": {Resources: map[string]json.RawMessage{"Distribution": json.RawMessage("{}")}},
		"not JSON":        {Outputs: map[string]json.RawMessage{"Broken": json.RawMessage("{")}},
		"takes 51200": {Resources: map[string]json.RawMessage{"Big": json.RawMessage(`"` + strings.Repeat("x", 51_200) +
			`"`)}},
	} {
		s.Extra = extra
		if _, err := provision.Template(s); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one with %q", err, name)
		}
	}
}

func TestProblems(t *testing.T) {
	s := spec()
	s.StackName, s.Comment = "1st_stack", strings.Repeat("x", 129)
	s.NotificationARNs = []string{"ops@example.com", "", "", "", "", ""}
	s.Tags = map[string]string{"aws:name": "x", "streamwatch:event": "mine"}
	s.StackPolicy, s.CreateTimeout, s.OnFailure = []byte("{"), time.Second, "PANIC"
	s.Region, s.AccessLogs = "eu-west-1", true
	s.Origin = provision.Origin{Host: "10.0.0.1", Port: 81, Headers: map[string]string{
		"Host": secret, "X-Empty": "", "X-Key": secret, "XKey": secret, "X Y": secret,
	}}
	s.Failover = &provision.Origin{Host: "my_origin.localhost", Port: 0}
	s.Aliases, s.CertificateARN = []string{"live.example.org"}, "arn:aws:acm:eu-west-1:123456789012:certificate/1"
	s.GeoAllow, s.GeoBlock = []string{"Germany"}, []string{"US"}
	s.WAFARN, s.QueryStrings = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/x/1", make([]string, 8)
	s.Signed = provision.Signed{PublicKey: "-----BEGIN", KeyGroup: "x"}
	var out strings.Builder
	for _, p := range s.Problems() {
		out.WriteString(p.String() + "\n  hint: " + p.Hint + "\n")
	}
	if strings.Contains(out.String(), secret) {
		t.Error("a problem shows a secret")
	}
	golden(t, "problems.txt", []byte(out.String()))
}

func TestParseOrigin(t *testing.T) {
	for raw, want := range map[string]provision.Origin{
		"http://Live.example.com:8080":           {Host: "live.example.com", Port: 8080},
		"https://live.example.com/a%20b/":        {Host: "live.example.com", Port: 443, TLS: true, Path: "/a%20b"},
		"http://live.example.com":                {Host: "live.example.com", Port: 80},
		"live.example.com:8080":                  {},
		"http://live.example.com/?key=" + secret: {},
	} {
		got, err := provision.ParseOrigin(raw, nil)
		if !maps.Equal(got.Headers, want.Headers) || got.Host != want.Host || got.Port != want.Port || got.TLS != want.TLS ||
			got.Path != want.Path {
			t.Errorf("%s: got %+v, want %+v", raw, got, want)
		}
		if (err != nil) != (want.Host == "") || err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error %v", raw, err)
		}
	}
}
