package configs

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/provision"
)

// whole is an event in which a value can be put at any key that has a limit.
const whole = `
event: a
origin: {url: "http://live.example.com"}
distribution:
  cloudformation:
    aliases: [www.example.com]
    certificate_arn: arn:aws:acm:us-east-1:123456789012:certificate/1
    geo_restriction: {allow: [DE]}
    origin_timeouts: {read: 1s}
streams: [{name: main, manifest: /m.m3u8}]
`

// edge is a value at the edge of a limit, in the file and in what its owner takes.
type edge struct {
	path string
	in   bool
	yaml any
	spec func(*provision.Spec)
	page func(*player.Options)
}

// inFile says what Parse finds wrong when the value stands in the file.
func (e edge) inFile(t *testing.T) []rule.Problem {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal([]byte(whole), &doc); err != nil {
		t.Fatal(err)
	}
	at, keys := doc, strings.Split(e.path, ".")
	for _, key := range keys[:len(keys)-1] {
		next, ok := at[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[key] = next
		}
		at = next
	}
	at[keys[len(keys)-1]] = e.yaml
	text, err := json.Marshal(doc) // which is YAML
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse("event.yaml", text, noEnv)
	problems, _ := errors.AsType[*Problems](err)
	if problems == nil {
		return nil
	}
	return problems.List
}

// atOwner says what the owner of the value finds wrong with it.
func (e edge) atOwner(t *testing.T) []rule.Problem {
	t.Helper()
	event, err := Parse("event.yaml", []byte(whole), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if e.page != nil {
		o := event.PlayerOptions()
		e.page(&o)
		return o.Problems()
	}
	s := event.Spec()
	e.spec(&s)
	return s.Problems()
}

// ofStack are values of a field of provision.Spec, just inside and just outside
// of what it may be.
func ofStack[T any](key string, field func(*provision.Spec) *T, in, out []T) (list []edge) {
	for i, v := range slices.Concat(in, out) {
		set := func(s *provision.Spec) { *field(s) = v }
		list = append(list, edge{path: "distribution.cloudformation." + key, in: i < len(in), yaml: inYAML(v), spec: set})
	}
	return list
}

// ofPage is ofStack for a field of player.Options.
func ofPage[T any](key string, field func(*player.Options) *T, in, out []T) (list []edge) {
	for i, v := range slices.Concat(in, out) {
		set := func(o *player.Options) { *field(o) = v }
		list = append(list, edge{path: "player." + key, in: i < len(in), yaml: inYAML(v), page: set})
	}
	return list
}

func inYAML(v any) any {
	if d, ok := v.(time.Duration); ok {
		return rule.Written(d)
	}
	return v
}

// many is a number of different names.
func many(n int) (names []string) {
	for i := range n {
		names = append(names, "n"+strconv.Itoa(i))
	}
	return names
}

func tags(n int) map[string]string {
	all := map[string]string{}
	for _, name := range many(n) {
		all[name] = name
	}
	return all
}

func topics(n int) (arns []string) {
	for _, name := range many(n) {
		arns = append(arns, "arn:aws:sns:us-east-1:123456789012:"+name)
	}
	return arns
}

func stackEdges() []edge {
	type spec = provision.Spec
	text, list := strings.Repeat, func(v ...string) []string { return v }
	const s, m = time.Second, time.Minute
	spans := func(d ...time.Duration) []time.Duration { return d }
	return slices.Concat(
		ofStack("stack_name", func(s *spec) *string { return &s.StackName }, list("a", text("a", 100)),
			list("", "1a", "a_b", text("a", 101))),
		ofStack("region", func(s *spec) *string { return &s.Region }, list("eu-west-1", "ap-southeast-2"),
			list("", "us", "us-east", "cn-north-1")),
		ofStack("comment", func(s *spec) *string { return &s.Comment }, list("", text("ü", 128)), list(text("x", 129))),
		ofStack("tags", func(s *spec) *map[string]string { return &s.Tags },
			[]map[string]string{tags(49), {text("ü", 128): text("ü", 256)}},
			[]map[string]string{tags(50), {text("k", 129): ""}, {"k": text("v", 257)}, {"AWS:k": "v"}, {"k!": "v"}}),
		ofStack("notification_arns", func(s *spec) *[]string { return &s.NotificationARNs },
			[][]string{topics(5)},
			[][]string{topics(6), {"ops"}, {"arn:aws:sns:eu-west-1:123456789012:ops"}, {"arn:aws:iam::123456789012:role/ops"}}),
		ofStack("create_timeout", func(s *spec) *time.Duration { return &s.CreateTimeout }, spans(m, 12*time.Hour),
			spans(m-s, 12*time.Hour+s)),
		ofStack("on_failure", func(s *spec) *string { return &s.OnFailure }, list("DELETE"), list("", "delete")),
		ofStack("role_arn", func(s *spec) *string { return &s.RoleARN },
			list("", "arn:aws:iam::123456789012:role/cfn"), list("cfn", "arn:aws:iam::123456789012:user/cfn")),
		ofStack("price_class", func(s *spec) *string { return &s.PriceClass }, list("PriceClass_100"),
			list("", "PriceClass_300")),
		ofStack("viewer_protocol", func(s *spec) *string { return &s.ViewerProtocol }, list("https-only"),
			list("", "http-only")),
		ofStack("aliases", func(s *spec) *[]string { return &s.Aliases },
			[][]string{{"*.example.com"}, {"a.xn--p1ai"}},
			[][]string{{"localhost"}, {"a_b.example.com"}, {"a.com", "a.com"}, {"live.example.com"}, {}}),
		ofStack("certificate_arn", func(s *spec) *string { return &s.CertificateARN }, nil,
			list("", "mine", "arn:aws:acm:eu-west-1:123456789012:certificate/1")),
		ofStack("origin_shield_region", func(s *spec) *string { return &s.OriginShield }, list("", "eu-west-2"),
			list("eu-west-3")),
		ofStack("origin_timeouts.attempts", func(s *spec) *int { return &s.Timeouts.Attempts }, []int{1, 3}, []int{0, 4}),
		ofStack("origin_timeouts.connect", func(s *spec) *time.Duration { return &s.Timeouts.Connect }, spans(s, 10*s),
			spans(s-1, 11*s)),
		ofStack("origin_timeouts.read", func(s *spec) *time.Duration { return &s.Timeouts.Read }, spans(s, 30*s),
			spans(0, 31*s)),
		ofStack("origin_timeouts.keepalive", func(s *spec) *time.Duration { return &s.Timeouts.Keepalive }, spans(s, 2*m),
			spans(0, 2*m+s)),
		ofStack("origin_timeouts.completion", func(s *spec) *time.Duration { return &s.Timeouts.Completion },
			spans(s, time.Hour), spans(0, time.Hour+s)),
		ofStack("geo_restriction.allow", func(s *spec) *[]string { return &s.GeoAllow }, [][]string{{"AT", "CH"}},
			[][]string{{"at"}, {"AUT"}}),
		ofStack("geo_restriction.block", func(s *spec) *[]string { return &s.GeoBlock }, nil,
			[][]string{{"AT"}, {"Austria"}}),
		ofStack("waf_arn", func(s *spec) *string { return &s.WAFARN },
			list("", "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/1"),
			list("arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/1")),
		ofStack("target_duration", func(s *spec) *time.Duration { return &s.TargetDuration }, spans(0, m), spans(-s, m+s)),
		ofStack("query_strings", func(s *spec) *[]string { return &s.QueryStrings },
			[][]string{many(7)}, [][]string{many(8), many(11), {"a b"}, {"a", "a"}}),
		ofStack("segment_query_strings", func(s *spec) *[]string { return &s.SegmentQueries }, [][]string{many(10)},
			[][]string{many(11), {"a&b"}}),
		ofStack("propagation_grace", func(s *spec) *time.Duration { return &s.Grace }, spans(0, time.Hour),
			spans(-s, time.Hour+s)),
	)
}

func pageEdges() []edge {
	type page = player.Options
	text, list := strings.Repeat, func(v ...string) []string { return v }
	const s = time.Second
	return slices.Concat(
		ofPage("kinds", func(o *page) *[]player.Kind { return &o.Kinds },
			[][]player.Kind{{player.Native}, player.Kinds()}, [][]player.Kind{{"flash"}, {player.Native, player.Native}}),
		ofPage("title", func(o *page) *string { return &o.Title }, list(text("x", 300), text("ü", 300)),
			list(text("x", 301), "a\tb")),
		ofPage("lang", func(o *page) *string { return &o.Lang },
			list("en", "zh-Hans", "en-u-ca-gregory", "sl-rozaj-biske-1994"), list("e", "en_US", "English please", text("x", 9))),
		ofPage("captions", func(o *page) *string { return &o.Captions }, list("", "pt-BR"), list("<en>")),
		ofPage("autoplay", func(o *page) *string { return &o.Autoplay }, list("", "any"), list("yes")),
		ofPage("latency", func(o *page) *string { return &o.Latency }, list("", "low"), list("ultra")),
		ofPage("dvr", func(o *page) *string { return &o.DVR }, list("", "on"), list("maybe")),
		ofPage("scripts", func(o *page) *string { return &o.Scripts }, list("", "local"), list("remote")),
		ofPage("target_latency", func(o *page) *time.Duration { return &o.TargetLatency },
			[]time.Duration{0, 300 * s}, []time.Duration{-s, 301 * s}),
		ofPage("catch_up", func(o *page) *float64 { return &o.CatchUp }, []float64{0, 1, 1.5}, []float64{-1, 0.99, 1.51}),
		ofPage("frame_ancestors", func(o *page) *[]string { return &o.FrameAncestors },
			[][]string{{"'self'", "*"}, {"'none'"}, {"https://*.example.com:8443"}},
			[][]string{{"www.example.com"}, {"https://www.example.com/"}, {"*; script-src *"}}),
		ofPage("poster", func(o *page) *string { return &o.Poster },
			list("", "https://p.example/p.jpg", "http://localhost/p.jpg"),
			list("http://p.example/p.jpg", "p.jpg", "https://p.example/a b.jpg", "https://u:p@p.example/",
				"https://p.example/?token=x", "https://a'b/")),
		ofPage("base", func(o *page) *string { return &o.Base }, list("https://p.example/live"),
			list("ftp://p.example/live")),
		ofPage("beacon", func(o *page) *string { return &o.Beacon }, list("https://p.example/api/v1/beacon"),
			list("/api/v1/beacon")),
		ofPage("fallback", func(o *page) *[]string { return &o.Fallbacks },
			[][]string{{"https://b.example"}, {"http://d111111abcdef8.cloudfront.net"}},
			[][]string{{"http://b.example"}, {"b.example"}}),
	)
}

// TestLimits tries values just inside and just outside of each limit through the
// file and at the owner, which must say the same of them: the rule stands once.
func TestLimits(t *testing.T) {
	tried := map[string]bool{}
	for _, e := range append(stackEdges(), pageEdges()...) {
		tried[e.path] = true
		file, owner := e.inFile(t), e.atOwner(t)
		if (len(owner) == 0) != e.in {
			t.Errorf("%s: %.80q: the owner says %v", e.path, e.yaml, owner)
		}
		said := map[string]bool{}
		for _, p := range owner {
			said[p.Message] = true
			if !strings.HasPrefix(p.Path, e.path) && !strings.HasPrefix(e.path, p.Path) &&
				p.Path != "distribution.cloudformation.aliases" &&
				p.Path != "distribution.cloudformation.certificate_arn" &&
				p.Path != "distribution.cloudformation.origin_timeouts.completion" {
				t.Errorf("%s: %.80q: the problem is at %s", e.path, e.yaml, p.Path)
			}
		}
		for _, p := range file {
			if !said[p.Message] {
				t.Errorf("%s: %.80q: only the file is told %v", e.path, e.yaml, p)
			}
			if p.Line == 0 || p.Col == 0 {
				t.Errorf("%s: %v has no place", e.path, p)
			}
		}
		if len(file) != len(owner) {
			t.Errorf("%s: %.80q: the file is told %v, and the owner says %v", e.path, e.yaml, file, owner)
		}
	}
	for path := range maps.Keys(limits()) {
		path = strings.TrimSuffix(path, "[]")
		if strings.HasPrefix(path, "distribution.") || strings.HasPrefix(path, "player.") {
			if !tried[path] {
				t.Errorf("no value of %s is tried", path)
			}
		}
	}
}
