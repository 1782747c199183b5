package eventfile

import (
	"cmp"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/player"
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
		Headers: Reveal(e.Origin.Headers), Interval: time.Duration(e.Monitor.Interval), Segments: monitor.Segments(e.Monitor.Segments),
		Control: e.Monitor.Control.Reveal(), Site: e.Monitor.Site.Reveal(), Overrides: Overrides(e),
		Delay:    monitor.SchedulingDelay(),
		EdgeSign: signer,
		Limits:   monitor.Limits{Playlist: int(e.Monitor.Limits.Playlist)},
	}
	if x := e.Distribution.Existing; x != nil {
		o.EdgeHeaders, o.EdgeCookies = Reveal(x.Headers), Reveal(x.Cookies)
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
			Headers: Reveal(s.Headers), Cookies: Reveal(s.Cookies),
		})
	}
	return o
}

// Reveal returns headers or cookies as they are sent.
func Reveal(headers map[string]configs.Secret) map[string]string {
	out := map[string]string{}
	for name, value := range headers {
		out[name] = value.Reveal()
	}
	return out
}

// PlayerOptions turns the event into what the embeds are told.
func PlayerOptions(e *configs.Event) player.Options {
	p := &e.Player
	o := player.Options{
		Title: cmp.Or(p.Title, e.Event), Poster: p.Poster, Lang: p.Lang, Autoplay: p.Autoplay, Latency: p.Latency,
		TargetLatency: p.TargetLatency, DVR: p.DVR, CatchUp: p.CatchUp, Captions: p.Captions, Lazy: p.Lazy, PreferNative: p.PreferNative,
		Credentials: p.Credentials, CMCD: p.CMCD, Cast: p.Cast, DRM: p.DRM, Starts: e.Starts, Ends: e.Ends, Scripts: p.Scripts, Base: p.Base,
		FrameAncestors: p.FrameAncestors, Fallbacks: p.Fallback, Beacon: p.Beacon, AllowSigned: p.AllowSigned, AllowInsecure: p.AllowInsecure,
	}
	for _, k := range p.Kinds {
		o.Kinds = append(o.Kinds, player.Kind(k))
	}
	return o
}
