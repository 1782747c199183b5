package provision_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/provision"
)

// secret is the value that must be found nowhere.
const secret = "hunter2-hunter2"

const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"

// spec returns the spec of the smallest event.yaml.
func spec() provision.Spec {
	s := provision.Defaults()
	s.Event = "autumn-concert"
	s.Origin = provision.Origin{Host: "live.example.com", Port: 8080}
	s.Manifests = []string{"/myStream/playlist.m3u8"}
	s.TargetDuration = 6 * time.Second
	return s
}

const webACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/live/1234"

// variants are the combinations of options that have a golden file each.
func variants(t *testing.T) map[string]provision.Spec {
	t.Helper()
	backup := &provision.Origin{Host: "backup.example.com", Port: 1935}
	headers := map[string]string{"X-Origin-Verify": secret}
	from := func(change func(*provision.Spec)) provision.Spec {
		s := spec()
		change(&s)
		return s
	}
	return map[string]provision.Spec{
		"smallest": spec(),
		"tutorial": from(func(s *provision.Spec) { s.ViewerProtocol, s.AdditionalMetrics = "allow-all", false }),
		"low-latency": from(func(s *provision.Spec) {
			s.LowLatency, s.TargetDuration, s.QueryStrings = true, 4*time.Second, []string{"token"}
		}),
		"long-target": from(func(s *provision.Spec) { s.TargetDuration, s.UniqueSegmentNames = 10*time.Second, true }),
		"unknown-target": from(func(s *provision.Spec) {
			s.TargetDuration, s.ViewerProtocol, s.PriceClass = 0, "https-only", "PriceClass_100"
		}),
		"origin-tls": from(func(s *provision.Spec) {
			s.Origin = provision.Origin{Host: "live.example.com", Port: 8443, TLS: true, Path: "/live"}
		}),
		"origin-secret": from(func(s *provision.Spec) { s.Origin.Headers = headers }),
		"failover":      from(func(s *provision.Spec) { s.Failover = backup }),
		"failover-tls": from(func(s *provision.Spec) {
			s.Origin.Headers = headers
			s.Failover = &provision.Origin{
				Host: "backup.example.com", Port: 443, TLS: true,
				Headers: map[string]string{"X-Backup-Key": secret},
			}
		}),
		"shield": from(func(s *provision.Spec) { s.OriginShield = "eu-central-1" }),
		"aliases": from(func(s *provision.Spec) {
			s.Aliases, s.CertificateARN = []string{"live.example.org", "www.example.org"}, certificate
		}),
		"geo-allow": from(func(s *provision.Spec) { s.GeoAllow = []string{"DE", "AT", "CH"} }),
		"geo-block": from(func(s *provision.Spec) { s.GeoBlock = []string{"US"} }),
		"logs":      from(func(s *provision.Spec) { s.AccessLogs = true }),
		"waf":       from(func(s *provision.Spec) { s.WAFARN = webACL }),
		"key":       from(func(s *provision.Spec) { s.Signed.PublicKey = publicKey(t) }),
		"key-group": from(func(s *provision.Spec) { s.Signed.KeyGroup = "1e3c8e5b-0000-4000-8000-3c1a8f2b5d6e" }),
		"cors":      from(func(s *provision.Spec) { s.CORSOrigins = []string{"https://www.example.com"} }),
		"two": from(func(s *provision.Spec) {
			s.Manifests = []string{
				"/a/playlist.m3u8?token=" + secret,
				"b/playlist.m3u8",
			}
		}),
		"extra":    from(func(s *provision.Spec) { s.Extra = extra() }),
		"segments": from(func(s *provision.Spec) { s.SegmentQueries = []string{"channel", "token"} }),
		"preflight": from(func(s *provision.Spec) {
			s.Signed.PublicKey, s.CORSOrigins = publicKey(t), []string{"https://www.example.com", "https://*.example.org"}
		}),
		"key-group-cors": from(func(s *provision.Spec) {
			s.Signed.KeyGroup, s.CORSOrigins = "1e3c8e5b-0000-4000-8000-3c1a8f2b5d6e", []string{"https://www.example.com"}
		}),
		"wildcard": from(func(s *provision.Spec) {
			s.Aliases, s.CertificateARN = []string{"*.example.org", "live.example.com.au"}, certificate
		}),
		"adopt":  from(func(s *provision.Spec) { s.Adopt, s.AccessLogs = true, true }),
		"beside": from(func(s *provision.Spec) { s.Extra, s.Beside = extra(), []provision.Extra{{}, {}} }),
		"role": from(func(s *provision.Spec) {
			s.RoleARN, s.GeoBlock = "arn:aws:iam::123456789012:role/cloudformation", []string{"US"}
		}),
		"alarms-only": from(func(s *provision.Spec) { s.AlarmsOnly, s.Extra = true, alarmsOnly() }),
		"everything":  from(everything(t)),
	}
}

// everything turns all options on that go together.
func everything(t *testing.T) func(*provision.Spec) {
	t.Helper()
	return func(s *provision.Spec) {
		s.Origin.Headers = map[string]string{"X-Origin-Verify": secret, "X-Tenant": secret}
		s.Origin.Path = "/live"
		s.Failover = &provision.Origin{
			Host: "backup.example.com", Port: 443, TLS: true,
			Headers: map[string]string{"X-Backup-Key": secret},
		}
		s.OriginShield = "eu-central-1"
		s.Aliases, s.CertificateARN = []string{"live.example.org"}, certificate
		s.GeoAllow = []string{"DE", "AT", "CH"}
		s.WAFARN = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/live/1234"
		s.Signed.PublicKey = publicKey(t)
		s.CORSOrigins = []string{"https://www.example.com", "https://player.example.com"}
		s.AccessLogs, s.LowLatency, s.UniqueSegmentNames = true, true, true
		s.QueryStrings = []string{"token", "session"}
		s.Manifests = []string{"/main/playlist.m3u8", "/backstage/playlist.m3u8"}
		s.Extra = extra()
		s.Metrics = provision.MetricUse{Count: 44, Period: 10 * time.Second}
	}
}

// extra is what package dashboards will add.
func extra() provision.Extra {
	return provision.Extra{
		Resources: map[string]json.RawMessage{
			"AlertTopic": json.RawMessage(`{"Type":"AWS::SNS::Topic","Properties":{"DisplayName":"streamwatch"}}`),
			"EdgeStale": json.RawMessage(`{"Type":"AWS::CloudWatch::Alarm","Properties":{
				"AlarmName":{"Fn::Sub":"${AWS::StackName}-edge-stale"},"Namespace":"StreamWatch","MetricName":"ManifestAgeSeconds",
				"Dimensions":[{"Name":"Event","Value":"autumn-concert"}],"Statistic":"Maximum","Period":60,"EvaluationPeriods":3,
				"DatapointsToAlarm":2,"Threshold":18,"ComparisonOperator":"GreaterThanThreshold","ActionsEnabled":false}}`),
			"EdgeStaleFast": json.RawMessage(`{"Type":"AWS::CloudWatch::Alarm","Properties":{
				"AlarmName":{"Fn::Sub":"${AWS::StackName}-edge-stale-fast"},"Namespace":"StreamWatch",` +
				`"MetricName":"ManifestAgeSeconds",
				"Dimensions":[{"Name":"Event","Value":"autumn-concert"}],"Statistic":"Maximum","Period":10,"EvaluationPeriods":3,
				"Threshold":18,"ComparisonOperator":"GreaterThanThreshold","ActionsEnabled":false}}`),
			"StreamDown": json.RawMessage(`{"Type":"AWS::CloudWatch::CompositeAlarm","Properties":{
				"AlarmName":{"Fn::Sub":"${AWS::StackName}-down"},"AlarmRule":{"Fn::Sub":"ALARM(${EdgeStale})"},
				"AlarmActions":[{"Ref":"AlertTopic"}],"ActionsEnabled":false}}`),
			"Dashboard": json.RawMessage(`{"Type":"AWS::CloudWatch::Dashboard","Properties":{
				"DashboardName":{"Ref":"AWS::StackName"},"DashboardBody":{"Fn::Sub":"{\"widgets\":[{\"type\":\"text\",` +
				`\"x\":0,\"y\":0,\"width\":6,\"height\":2,\"properties\":{\"markdown\":\"${Distribution}\"}}]}"}}}`),
		},
		Outputs: map[string]json.RawMessage{"AlertTopicArn": json.RawMessage(`{"Value":{"Ref":"AlertTopic"}}`)},
	}
}

// alarmsOnly is extra without the distribution.
func alarmsOnly() provision.Extra {
	x := extra()
	delete(x.Resources, "Dashboard")
	return x
}

// publicKey returns an RSA key that is the same in every run; nobody has the
// private part, and nobody needs it.
func publicKey(t *testing.T) string {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n.Add(n, big.NewInt(7)), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
