package daemon

import (
	"context"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/record"
	"github.com/streamwatch/streamwatch/probe/sink/notify"
	"github.com/streamwatch/streamwatch/probe/web"
)

// links say where to read about an incident. Nobody but the process as a whole
// knows where its page is, so they are filled in where incidents leave it.
type links struct {
	page     string               // "http://127.0.0.1:8090"; "" where there is no page
	recorded func(id string) bool // whether an incident has a recording: one that just opened will; nil records none
}

// linksTo returns the links to a page that listens; nil is no page. public is
// where others reach it, "" for where it listens.
func linksTo(ln net.Listener, public string) links {
	if public != "" {
		return links{page: strings.TrimRight(public, "/")}
	}
	if ln == nil {
		return links{}
	}
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return links{}
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() { // every address is no address to go to
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return links{page: "http://" + net.JoinHostPort(host, port)}
}

// linked returns incidents with the links that a run of an event gives them.
func linked(e *configs.Event, list []probe.Incident) []probe.Incident {
	page := links{page: strings.TrimRight(e.Monitor.PublicURL.Reveal(), "/")}
	if page.page == "" && e.Monitor.Listen != "" {
		page.page = "http://" + e.Monitor.Listen
	}
	return page.fill(list)
}

// Samples are the messages of a test of an event's receivers, with links as a run
// would have them.
func Samples(e *configs.Event) []notify.Message {
	stream := "main"
	if len(e.Streams) > 0 {
		stream = e.Streams[0].Name
	}
	sample := notify.Sample(e.Event, stream)
	for _, c := range checks.All() {
		if c.Summary == sample[0].Summary {
			sample[0].Check = c.ID // so that the link to the runbook leads somewhere
		}
	}
	return notify.Samples(linked(e, sample)[0])
}

// fill returns incidents with their links. The list that is given stays as it is.
func (l links) fill(list []probe.Incident) []probe.Incident {
	filled := append([]probe.Incident(nil), list...)
	for i := range filled {
		in := &filled[i]
		if l.page != "" {
			in.URL = l.page + "/#incident=" + url.PathEscape(in.ID)
		}
		switch _, known := checks.Find(in.Check); {
		case !known: // that of a test, or of another version: there is nothing to read
			in.Runbook = ""
		case l.page != "":
			in.Runbook = l.page + "/checks/" + url.PathEscape(in.Check)
		default:
			in.Runbook = "streamwatch checks " + in.Check
		}
		in.Recording = l.recording(in)
	}
	return filled
}

// recording is where the recording of an incident is: on the page, or else below
// the event's folder.
func (l links) recording(in *probe.Incident) string {
	switch {
	case l.recorded == nil || in.State != probe.Opened && !l.recorded(in.ID):
		return ""
	case l.page != "":
		return l.page + "/api/v1/incidents/" + url.PathEscape(in.ID) + "/recording"
	default:
		return recordings + "/" + record.FileName(in.ID)
	}
}

// linkedSink is a sink that is given incidents with their links.
type linkedSink struct {
	probe.Sink
	links links
}

// Write fills the links in.
func (s linkedSink) Write(ctx context.Context, b probe.Batch) error {
	if len(b.Incidents) > 0 {
		b.Incidents = s.links.fill(b.Incidents)
	}
	return s.Sink.Write(ctx, b)
}

// Health is that of the sink itself, where it knows better than its Write how it fares.
func (s linkedSink) Health() probe.SinkHealth {
	if own, ok := s.Sink.(interface{ Health() probe.SinkHealth }); ok {
		return own.Health()
	}
	return probe.SinkHealth{}
}

// linkedHistory gives incidents the links of this process, whichever wrote them.
type linkedHistory struct {
	web.History
	links links
}

// Incidents fills the links in.
func (h linkedHistory) Incidents(ctx context.Context, f probe.IncidentFilter) ([]probe.Incident, error) {
	list, err := h.History.Incidents(ctx, f)
	return h.links.fill(list), err
}
