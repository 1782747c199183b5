package eventfile

import (
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/configs"
)

// alarmed is an event with metrics in CloudWatch; more is its distribution.
func alarmed(t *testing.T, distribution, more string) *configs.Event {
	t.Helper()
	text := strings.Replace(smallest, "existing: {url: \"https://e.example\"}", distribution, 1)
	text += "metrics: {cloudwatch: {}}\n" + more
	event, err := reader(t, text).Load(StandardInput)
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// The alarms are in the distribution's stack where that is ours, and in a stack of
// their own where it is not and somebody is to be told.
func TestAlarmStack(t *testing.T) {
	const existing, adopted = "existing: {url: \"https://e.example\"}", "cloudformation: {stack_name: theirs, adopt: true}"
	for _, c := range []struct{ distribution, alarms, stack string }{
		{"cloudformation: {stack_name: ours}", "", "ours"},
		{existing, "", ""},
		{existing, "alarms: {email: [ops@example.com]}\n", "streamwatch-concert"},
		{existing, "alarms: {stack_name: alarms}\n", "alarms"},
		{adopted, "", "theirs"},
		{adopted, "alarms: {stack_name: alarms}\n", "alarms"},
	} {
		event := alarmed(t, c.distribution, c.alarms)
		if got := event.AlarmStack(); got != c.stack {
			t.Errorf("%s %s: %q, want %q", c.distribution, c.alarms, got, c.stack)
		}
		if c.stack == "" {
			continue
		}
		spec, err := StackSpec(event)
		if own := c.stack != "ours" && c.stack != "theirs"; err != nil || spec.StackName != c.stack ||
			spec.AlarmsOnly != own {
			t.Errorf(
				"%s %s: stack %s, alarms only %v, %v",
				c.distribution,
				c.alarms,
				spec.StackName,
				spec.AlarmsOnly,
				err,
			)
		}
	}
}

// The distribution's stack has the event's origin, and the secrets of its headers.
func TestDistributionSpec(t *testing.T) {
	spec, err := DistributionSpec(alarmed(t, "cloudformation: {price_class: PriceClass_100}", ""))
	if err != nil {
		t.Fatal(err)
	}
	if spec.Origin.Host != "o.example" || spec.Origin.Headers["X-Verify"] != "hunter2" ||
		spec.PriceClass != "PriceClass_100" {
		t.Errorf("%+v", spec)
	}
	if spec.Metrics.Count == 0 || len(spec.Extra.Resources) == 0 || spec.Manifests[0] != "/m.m3u8" {
		t.Errorf("metrics %+v, manifests %v, %d resources", spec.Metrics, spec.Manifests, len(spec.Extra.Resources))
	}
}

// A private key in a file is tried, and known from then on.
func TestKeysInFiles(t *testing.T) {
	sign := "existing: {url: \"https://e.example\", sign: {key_pair_id: K1, private_key_file: key.pem}}"
	text := strings.Replace(smallest, "existing: {url: \"https://e.example\"}", sign, 1)
	r := reader(t, text)
	write(t, "key.pem", "-----BEGIN RSA PRIVATE KEY-----\nbm90IGEga2V5IGF0IGFsbA==\n-----END RSA PRIVATE KEY-----\n")
	_, err := r.Load(StandardInput)
	if err == nil || !strings.Contains(err.Error(), "distribution.existing.sign.private_key_file") ||
		strings.Contains(err.Error(), "bm90") {
		t.Errorf("%v", err)
	}
	if shown := r.Secrets.Mask("bm90IGEga2V5IGF0IGFsbA=="); strings.Contains(shown, "bm90") {
		t.Errorf("a line of the key is shown: %s", shown)
	}
}

// An event without a stack has a policy for its monitor all the same.
func TestMonitorPolicy(t *testing.T) {
	event := alarmed(t, "existing: {url: \"https://e.example\"}", "")
	text, err := MonitorPolicy(event)
	if err != nil || HasStack(event) || !strings.Contains(string(text), "cloudwatch:PutMetricData") ||
		strings.Contains(string(text), "cloudformation:") {
		t.Errorf("%s, %v, has a stack: %v", text, err, HasStack(event))
	}
}

// A hub finds the files of its fleet beside the event file.
func TestHubOptions(t *testing.T) {
	event := alarmed(
		t,
		"existing: {url: \"https://e.example\"}",
		"fleet: {nats: [\"tls://n.example:4222\"], vantages: [eu, us]}\n",
	)
	event.Fleet.CredentialsFile = "hub.creds" // it is not there, which a file would not be read with
	o := HubOptions(event, "events/event.yaml", "a")
	if o.Connection.Credentials != "events/hub.creds" || o.Connection.Servers[0] != "tls://n.example:4222" ||
		len(o.Plan.Vantages) != 2 {
		t.Errorf("%+v", o)
	}
	if got := len(DashboardOptions(event).Vantages); got != 2 {
		t.Errorf("the dashboards know %d vantages", got)
	}
}
