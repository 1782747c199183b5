package dashboards_test

import (
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/awstest"
)

// What we add fits into the stack's template, by the schemas of AWS.
func TestTemplate(t *testing.T) {
	streams := []dashboards.Stream{{Name: "main", TargetDuration: 6 * time.Second}}
	for range 3 {
		spec := provision.Defaults()
		spec.Event = "autumn-concert"
		spec.Origin = provision.Origin{Host: "live.example.com", Port: 8080}
		var err error
		spec.Extra.Resources, spec.Extra.Outputs, err = dashboards.Resources(dashboards.Options{
			Event: spec.Event, Distribution: true, Additional: spec.AdditionalMetrics, Email: []string{"ops@example.com"}, Streams: streams,
		})
		if err != nil {
			t.Fatal(err)
		}
		body, err := provision.Template(spec)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d streams: %d bytes", len(streams), len(body))
		for _, problem := range awstest.CheckTemplate(body) {
			t.Error(problem)
		}
		streams = append(streams, dashboards.Stream{Name: "second" + string(rune('a'+len(streams)))})
	}
}
