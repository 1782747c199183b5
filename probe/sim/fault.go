package sim

import (
	"slices"
	"time"
)

// Where says which node a fault breaks.
type Where string

// The nodes of the simulator.
const (
	AtOrigin Where = "origin"
	AtEdge   Where = "edge"
)

// Fault is one way in which a live stream breaks. What it does is a function of
// the time since it began.
type Fault struct {
	Name  string `json:"name"` // unique: "stall", "stale-edge"
	Doc   string `json:"doc"`  // what a client sees on the wire
	Where Where  `json:"where"`
	Arg   string `json:"arg,omitempty"` // default of the argument, a whole number or a duration; "" takes none

	Encrypted  bool `json:"encrypted,omitempty"`   // it breaks what only a stream with Config.Encrypt has
	LowLatency bool `json:"low_latency,omitempty"` // it shows only where there are partial segments
	FMP4       bool `json:"fmp4,omitempty"`        // it breaks what only a stream with Config.FMP4 has
	Subtitles  bool `json:"subtitles,omitempty"`   // it breaks what only a stream with Config.Subtitles has

	last bool // without a rendition it touches only the last one

	// What it changes; unused ones are nil. clock moves the moment that a media
	// playlist shows, view edits what the playlist lists, reply changes the
	// answer to a request for one of kinds, cache changes what the edge keeps.
	clock   func(in *injected, now, shown time.Time, segment time.Duration) time.Time
	view    func(in *injected, now time.Time, v *view)
	kinds   kind
	reply   func(in *injected, now time.Time, a *answer)
	cache   cacheFault
	stretch bool // segments are one second over the target duration
	refuse  bool // nobody can connect
	recode  bool // segments published under it, and the init segment, are of another encode
	reuse   bool // segments published under it have names that others had before
}

// kind is a set of kinds of resource.
type kind uint8

const (
	multivariant kind = 1 << iota
	mediaPlaylist
	segment
	keyFile
	partial  // a partial segment, listed or hinted
	blocking // a media playlist, asked for with _HLS_msn

	playlists = multivariant | mediaPlaylist
	anything  = playlists | segment | keyFile | partial
)

// answer is how one request is answered, where that is not the healthy way.
type answer struct {
	kind       kind
	published  time.Time // of a segment: when the playlist first listed it
	generation int       // of a key: how often it was changed

	status  int                 // zero is what the resource has
	mime    string              // Content-Type; "" is what the resource has
	tag     string              // ETag; "" is what the resource has
	html    bool                // an error page instead of the resource
	hang    bool                // no answer until the client gives up
	abort   bool                // the connection closes without an answer
	wait    time.Duration       // before the first byte
	spread  time.Duration       // over which the body is spread
	cut     float64             // the connection closes after this share of the body, if not zero
	body    func([]byte) []byte // changes the body; its length and validators follow
	hinted  bool                // of a part: it is not published yet
	instant bool                // directives to block are ignored
	late    time.Duration       // by how much a blocked answer is late
	take    int                 // which recording of a segment; 0 is the true one
	ahead   int64               // seconds by which the timestamps of a segment are
}

// accepted reports whether connections are, under faults.
func accepted(faults []*injected, now time.Time) bool {
	return !slices.ContainsFunc(faults, func(in *injected) bool { return in.fault.refuse && in.on(now) })
}

// Faults lists every fault in the order of the docs: origin, then edge.
func Faults() []Fault {
	return slices.Concat(playlistFaults(), listingFaults(), segmentFaults(), mediaFaults(), restartFaults(),
		answerFaults(), hostFaults(), lowLatencyFaults(), edgeFaults())
}

// FindFault returns the fault with a name.
func FindFault(name string) (*Fault, bool) {
	list := Faults()
	i := slices.IndexFunc(list, func(f Fault) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return &list[i], true
}
