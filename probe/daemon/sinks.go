package daemon

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sink/cloudwatch"
)

// sender is a sink that sends what it was given in its own time.
type sender interface {
	probe.Sink
	Run(ctx context.Context) error
}

// outlets are the ways by which samples and incidents leave this machine.
type outlets struct {
	senders   []sender
	receivers *receivers
	alarms    *arming // nil unless a stack has some
	log       *zap.Logger
}

// outlets makes what the event asks for. Nobody is asked anything yet. open are
// the incidents that an earlier process told of.
func (d *Daemon) outlets(ctx context.Context, open []probe.Incident) (*outlets, error) {
	e, out := d.event.Load(), &outlets{log: d.log}
	if e.Metrics.CloudWatch != nil || e.Metrics.EMF {
		o := cloudwatch.Options{Event: e.Event, Spool: d.store, Log: d.log}
		if e.Metrics.EMF {
			o.EMF = d.o.Out
		}
		if c := e.Metrics.CloudWatch; c != nil {
			client, err := cloudwatch.Connect(ctx, c.Region, d.o.AWS()...)
			if err != nil {
				return nil, err
			}
			o.Namespace, o.Period, o.PerRendition, o.Put, o.Read = c.Namespace, c.Period, c.PerRendition, client, client
			if stack := e.AlarmStack(); stack != "" {
				out.alarms = newArming(e, stack, client, d.log)
			}
		}
		out.senders = append(out.senders, cloudwatch.New(o))
	}
	out.receivers = newReceivers(d.notified, e, open, d.log)
	if asked := len(e.Alarms.Notify)+len(e.Alarms.Email) > 0; asked && out.alarms == nil {
		d.log.Warn("alarms need a stack and metrics.cloudwatch: without both nobody is notified",
			zap.String("hint", "give metrics.cloudwatch, or notify.webhooks instead"))
	}
	return out, nil
}

// sinks are the senders as sinks of the monitor.
func (o *outlets) sinks(l links) (list []probe.Sink) {
	for _, s := range o.senders {
		list = append(list, s)
	}
	return append(list, linkedSink{o.receivers, l})
}

// sendLimit is for what the senders may still send at the end.
const sendLimit = 12 * time.Second

// parts returns what runs beside the monitor, and ends after it. None of them
// ends the run: a stream that is watched but not reported is better than none.
func (o *outlets) parts() []part {
	all := []sender{o.receivers}
	all = append(all, o.senders...)
	list := []part{{name: "sending", limit: sendLimit, run: func(ctx context.Context) error {
		var group sync.WaitGroup // together, so that one that flushes takes no time from another
		for _, s := range all {
			group.Go(func() {
				if err := s.Run(ctx); err != nil {
					o.log.Error("a sink ended", zap.String("sink", s.Name()), zap.Error(err))
				}
			})
		}
		group.Wait()
		return nil
	}}}
	if o.alarms != nil {
		list = append(list, part{name: "arming alarms", run: plainly(o.alarms.run)})
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
