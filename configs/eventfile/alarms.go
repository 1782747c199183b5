package eventfile

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/provision"
)

// UnknownRenditions is how many a stream is taken to have for reckoning, where
// the event does not name them.
const UnknownRenditions = 4

// DashboardOptions turns the event into what alarms and dashboards are told.
func DashboardOptions(e *configs.Event) dashboards.Options {
	o := dashboards.Options{
		Event: e.Event, Edges: e.EdgeNames(), Viewers: e.Monitor.Beacon,
		Notify: e.Alarms.Notify, Email: e.Alarms.Email, KMSKey: e.Alarms.KMSKey,
	}
	if c := e.Metrics.CloudWatch; c != nil {
		o.Namespace, o.Region, o.Period, o.PerRendition = c.Namespace, c.Region, c.Period, c.PerRendition
	}
	if f := e.Fleet; f != nil && len(f.Vantages.Names) > 1 {
		o.Vantages = f.Vantages.Names
	}
	var target time.Duration
	if c := e.Distribution.CloudFormation; c != nil {
		target = c.TargetDuration
		if e.AlarmStack() == c.StackName || e.AlarmStack() == "" {
			o.Distribution, o.Additional = true, c.AdditionalMetrics
		}
	}
	if x := e.Distribution.Existing; x != nil {
		o.DistributionID = x.DistributionID
	}
	for i := range e.Streams {
		r := &e.Streams[i].Renditions
		renditions := cmp.Or(len(r.Names), UnknownRenditions)
		if r.First {
			renditions = 1
		}
		o.Streams = append(
			o.Streams,
			dashboards.Stream{Name: e.Streams[i].Name, TargetDuration: target, Renditions: renditions},
		)
	}
	return o
}

// DashboardBody takes the dashboard out of the template that has it. An event
// that puts nothing to CloudWatch has none; what it would look like is printed.
func DashboardBody(event *configs.Event, spec provision.Spec) ([]byte, error) {
	text, made := spec.Extra.Resources["Dashboard"]
	if !made {
		return dashboards.Dashboard(DashboardOptions(event))
	}
	var r struct {
		Properties struct {
			DashboardBody struct {
				Sub string `json:"Fn::Sub"`
			}
		}
	}
	err := json.Unmarshal(text, &r)
	return []byte(r.Properties.DashboardBody.Sub), err
}
