package eventfile

import (
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/provision"
)

// MonitorOptions turns the event into what the monitor is told. signer signs the
// requests to the edge; nil signs none. Sinks, log and
// what the store remembers are the caller's.
func MonitorOptions(e *configs.Event, edge string, signer fetch.Signer) monitor.Options {
	o := monitor.Options{
		Event: e.Event, Starts: e.Starts, Ends: e.Ends, Origin: strings.TrimRight(e.Origin.URL.Reveal(), "/"),
		Edge: edge, EdgeName: e.EdgeName(),
		Headers:  configs.Reveal(e.Origin.Headers),
		Interval: time.Duration(e.Monitor.Interval), Segments: monitor.Segments(e.Monitor.Segments),
		Control: e.Monitor.Control.Reveal(), Site: e.Monitor.Site.Reveal(), Overrides: overrides(e.Monitor.Checks),
		Delay:    monitor.SchedulingDelay(),
		EdgeSign: signer,
		Limits:   monitor.Limits{Playlist: int(e.Monitor.Limits.Playlist)},
	}
	if x := e.Distribution.Existing; x != nil {
		o.EdgeHeaders, o.EdgeCookies = configs.Reveal(x.Headers), configs.Reveal(x.Cookies)
	}
	if x := e.Distribution.Existing; x != nil {
		o.Personalised = x.Personalised
	}
	if c := e.Distribution.CloudFormation; c != nil && !c.Adopt {
		o.ErrorCaching = provision.ErrorCaching
	}
	for i := range e.Streams {
		s := &e.Streams[i]
		o.Streams = append(o.Streams, monitor.Stream{
			Name: s.Name, Manifest: s.Manifest.Reveal(), Renditions: s.Renditions.Names, First: s.Renditions.First,
			Headers: configs.Reveal(s.Headers), Cookies: configs.Reveal(s.Cookies),
			Checks: overrides(s.Checks),
		})
	}
	return o
}
