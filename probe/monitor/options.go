package monitor

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// Stream is one stream to watch.
type Stream struct {
	Name       string
	Manifest   string                     // path on both sides, or an absolute URL that is used as it is
	Headers    map[string]string          // secret, sent to the stream's own host on both sides
	Cookies    map[string]string          // likewise; what a server sets goes before
	Renditions []string                   // names or indexes to watch; nil is all
	First      bool                       // only the first variant
	Checks     map[string]checks.Override `json:"-"` // over Options.Overrides, by id; fleet tells it by itself
}

// Segments says how newly listed segments are probed.
type Segments string

// Ways to probe segments.
const (
	SegmentsNone  Segments = "none"
	SegmentsHead  Segments = "head"  // status and size
	SegmentsRange Segments = "range" // the first bytes too
	SegmentsFull  Segments = "full"  // all bytes
)

// Limits are those on what is taken in, in bytes. Zero is the default.
type Limits struct {
	Playlist int // fetch.PlaylistBytes
}

// Options describe the event that a monitor watches.
type Options struct {
	Event        string
	Starts, Ends time.Time     // zero when not stated
	Origin       string        // base URL; "" leaves the side out
	Edge         string        // base URL; "" leaves the side out
	ErrorCaching time.Duration // for how long the edge keeps an error of its origin; 0 is CloudFront's default
	Personalised bool          // the edge serves each viewer other segments: they are no difference between the sides
	Streams      []Stream
	Headers      map[string]string // secret, sent to the origin only
	EdgeHeaders  map[string]string // secret, sent to the edge only
	EdgeCookies  map[string]string // likewise
	EdgeSign     fetch.Signer      // of requests to the edge; nil signs none
	EdgeName     string            // of Edge, used where Edges has others
	Edges        []Edge            // further CDNs in front of the same origin
	Secrets      *fetch.Secrets    // what may be shown nowhere; nil is a set of the monitor's own
	Transport    http.RoundTripper // nil is the fetcher's own
	Interval     time.Duration     // between polls of a playlist; 0 paces by the stream
	Limits       Limits
	Segments     Segments // "" is SegmentsRange
	Control      string   // URL that tells whether our own path works; "" has none
	Site         string   // scheme and host of a page that plays the stream; "" is one that no server can know
	Overrides    map[string]checks.Override

	Resume      []probe.Incident // open when the process stopped
	Actions     []probe.Action   // what people did before it stopped, oldest first
	Maintenance []probe.Silence  // that the event file plans

	// Journal notes what a person does, before it is done; nil notes nothing.
	Journal func(context.Context, *probe.Action) error
	Sinks   []probe.Sink
	// Feeds run along with the loops until ctx is done. What they Send at their end
	// still reaches the sinks.
	Feeds []func(context.Context)
	// Observe sees each observation before it is judged, those of a stream one after
	// the other; nil sees none.
	Observe func(*probe.Observation)

	Record Recorder             // takes down what is judged; nil takes nothing down
	Log    *zap.Logger          // nil logs nothing
	Delay  func() time.Duration // how long goroutines wait to run, see SchedulingDelay; nil looks at timers only
	Desk   Desk                 // nil is one of the monitor's own
	Remote Remote               // who polls the streams; nil polls Streams

	// Grace is for how long a distribution that was just made may fail before it
	// first answers; 0 is an old one.
	Grace time.Duration
}
