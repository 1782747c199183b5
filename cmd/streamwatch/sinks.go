package main

import (
	"cmp"
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/cloudwatch"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
)

// sender is a sink that sends what it was given in its own time.
type sender interface {
	probe.Sink
	Run(ctx context.Context) error
}

// outlets are the ways by which samples and incidents leave this machine.
type outlets struct {
	senders []sender
	alarms  *arming // nil unless a stack has some
	log     *zap.Logger
}

// outlets makes what the event asks for. Nobody is asked anything yet. open are
// the incidents that an earlier process told of, current those that are open.
func (s *session) outlets(ctx context.Context, open []probe.Incident, current func() []probe.Incident, count notify.Count) (*outlets, error) {
	e, out := s.event, &outlets{log: s.log}
	if e.Metrics.CloudWatch != nil || e.Metrics.EMF {
		o := cloudwatch.Options{Event: e.Event, Spool: s.store, Log: s.log}
		if e.Metrics.EMF {
			o.EMF = s.c.stdout
		}
		if c := e.Metrics.CloudWatch; c != nil {
			client, err := cloudwatch.Connect(ctx, c.Region, s.c.caller()...)
			if err != nil {
				return nil, err
			}
			o.Namespace, o.Period, o.PerRendition, o.Put, o.Read = c.Namespace, c.Period, c.PerRendition, client, client
			if stack := alarmStack(e); stack != "" {
				out.alarms = newArming(e, stack, client, s.log)
			}
		}
		out.senders = append(out.senders, cloudwatch.New(o))
	}
	out.senders = append(out.senders, s.notified(open, current, count)...)
	if asked := len(e.Alarms.Notify)+len(e.Alarms.Email) > 0; asked && out.alarms == nil {
		s.log.Warn("alarms are in the stack, over what metrics.cloudwatch puts: without both nobody is told",
			zap.String("mend", "give metrics.cloudwatch, or notify.webhooks instead"))
	}
	return out, nil
}

// sinks are the senders as sinks of the monitor.
func (o *outlets) sinks(l links) (list []probe.Sink) {
	for _, s := range o.senders {
		if told, ok := s.(*notify.Sink); ok {
			list = append(list, linkedSink{told, l})
			continue
		}
		list = append(list, s)
	}
	return list
}

// parts returns what runs beside the monitor, and ends after it. None of them
// ends the run: a stream that is watched but not reported is better than none.
func (o *outlets) parts() []func(context.Context) {
	var list []func(context.Context)
	for _, s := range o.senders {
		list = append(list, func(ctx context.Context) {
			if err := s.Run(ctx); err != nil {
				o.log.Error("a sink ended", zap.String("sink", s.Name()), zap.Error(err))
			}
		})
	}
	if o.alarms != nil {
		list = append(list, o.alarms.run)
	}
	return list
}

// close is called at a clean end only, once the parts have ended and the report
// is written: whoever stops the process may not wait for long. over says that
// the event is over, and not only this process.
func (o *outlets) close(over bool) {
	if o.alarms != nil {
		o.alarms.close(over)
	}
}

// unknownRenditions is how many a stream is taken to have for reckoning, where
// the event does not name them.
const unknownRenditions = 4

// dashboardOptions turns the event into what alarms and dashboards are told.
func dashboardOptions(e *configs.Event) dashboards.Options {
	o := dashboards.Options{
		Event: e.Event, Edges: e.EdgeNames(), Viewers: e.Monitor.Beacon, Notify: e.Alarms.Notify, Email: e.Alarms.Email, KMSKey: e.Alarms.KMSKey,
	}
	if c := e.Metrics.CloudWatch; c != nil {
		o.Namespace, o.Region, o.Period, o.PerRendition = c.Namespace, c.Region, c.Period, c.PerRendition
	}
	var target time.Duration
	if c := e.Distribution.CloudFormation; c != nil {
		target = c.TargetDuration
		if alarmStack(e) == c.StackName || alarmStack(e) == "" {
			o.Distribution, o.Additional = true, c.AdditionalMetrics
		}
	}
	if x := e.Distribution.Existing; x != nil {
		o.DistributionID = x.DistributionID
	}
	for i := range e.Streams {
		r := &e.Streams[i].Renditions
		renditions := cmp.Or(len(r.Names), unknownRenditions)
		if r.First {
			renditions = 1
		}
		o.Streams = append(o.Streams, dashboards.Stream{Name: e.Streams[i].Name, TargetDuration: target, Renditions: renditions})
	}
	return o
}
