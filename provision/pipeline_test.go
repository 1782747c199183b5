package provision_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/provision"
)

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
const ask = (method, origin) => {
  const headers = origin ? {origin: {value: origin}} : {};
  const r = handler({request: {method, uri: '/a.m3u8', headers}});
  if (!r.statusCode) return 'passes';
  return r.statusCode + ' ' + (r.headers ? r.headers['access-control-allow-origin'].value : '-');
};
console.log([
  ask('GET', 'https://www.example.com'), ask('OPTIONS', 'https://www.example.com'),
  ask('OPTIONS', 'https://a.example.org'), ask('OPTIONS', 'https://example.org.evil.com'),
  ask('OPTIONS', 'https://.example.org.evil'), ask('OPTIONS', ''),
].join(', '));`
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
	got := at(t, body, "Resources", "ManifestCachePolicy", "Properties", "CachePolicyConfig", policy, "QueryStringsConfig",
		"QueryStrings")
	if want := "[_HLS_msn _HLS_part _HLS_skip channel sig]"; fmt.Sprint(got) != want {
		t.Errorf("in the cache key: %v, want %s", got, want)
	}
	warnings := s.Warnings()
	if len(warnings) != 1 || strings.Contains(fmt.Sprint(warnings), secret) ||
		!strings.Contains(warnings[0].Hint, "segment_query_strings") {
		t.Errorf("warnings %v", warnings)
	}
	s.SegmentQueries = []string{"channel"}
	if body, err = provision.Template(s); err != nil || len(s.Warnings()) > 0 {
		t.Errorf("warnings %v, %v", s.Warnings(), err)
	}
	got = at(t, body, "Resources", "SegmentCachePolicy", "Properties", "CachePolicyConfig", policy, "QueryStringsConfig",
		"QueryStrings")
	if fmt.Sprint(got) != "[channel]" {
		t.Errorf("segments: %v", got)
	}
}
