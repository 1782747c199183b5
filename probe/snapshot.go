package probe

import "time"

// Snapshot is the state of the event at one moment, as /api/v1/status gives it.
// It is immutable.
type Snapshot struct {
	Event   string           `json:"event"`
	Verdict Verdict          `json:"verdict"`
	Reason  string           `json:"reason,omitempty"` // why the verdict is Blind: "this machine is too busy"
	Since   time.Time        `json:"since"`            // when the verdict became what it is
	At      time.Time        `json:"at"`
	Started time.Time        `json:"started"`         // when the monitor started
	Starts  time.Time        `json:"starts"`          // of the event, as its file states it; zero where it does not
	Ends    time.Time        `json:"ends"`            // likewise
	Edge    string           `json:"edge"`            // of several the first
	Edges   []EdgeAddress    `json:"edges,omitempty"` // all, where there are several
	Origin  string           `json:"origin"`
	Streams []StreamSnapshot `json:"streams"`

	Silences  []Silence    `json:"silences"` // the active ones, maintenance among them
	Sinks     []SinkHealth `json:"sinks,omitempty"`
	Incidents []Incident   `json:"-"` // the open ones, whole, oldest first
}

// EdgeAddress is one of several edges.
type EdgeAddress struct {
	Name string `json:"name"`
	URL  string `json:"url"` // what may be secret left out
}

// StreamSnapshot is one stream of a Snapshot.
type StreamSnapshot struct {
	Name          string              `json:"name"`
	Source        string              `json:"source,omitempty"` // where it is described: file, streams_from or api
	Verdict       Verdict             `json:"verdict"`
	Reason        string              `json:"reason,omitempty"` // as in Snapshot
	Since         time.Time           `json:"since"`
	Renditions    []RenditionSnapshot `json:"renditions"` // of several vantages the worst of each
	Vantages      []VantageSnapshot   `json:"vantages,omitempty"`
	OpenIncidents []string            `json:"open_incidents"`
	Advice        []Advice            `json:"advice,omitempty"`
	Viewers       *Viewers            `json:"viewers,omitempty"`
	Silenced      *Muting             `json:"silenced,omitempty"` // what mutes all there is of the stream
}

// Viewers sums up what the players of a stream reported of late. It is hearsay:
// whoever can reach the monitor can report, so no verdict depends on it.
type Viewers struct {
	Watching        Fact[float64]       `json:"watching"` // how many, on average over a minute
	Startup         Fact[time.Duration] `json:"startup_p50_seconds"`
	Latency         Fact[time.Duration] `json:"latency_p50_seconds"`
	StallsPerMinute Fact[float64]       `json:"stalls_per_minute"` // of watching
	Errors          int                 `json:"errors"`
}

// VantageSnapshot is a stream as it looks from one of several vantages.
type VantageSnapshot struct {
	Name       string              `json:"name"`
	GoneSince  time.Time           `json:"gone_since"` // zero while somebody watches from there
	Verdict    Verdict             `json:"verdict"`
	Renditions []RenditionSnapshot `json:"renditions"`
}

// RenditionSnapshot is one rendition with its sides.
type RenditionSnapshot struct {
	Name           string              `json:"name"`
	Verdict        Verdict             `json:"verdict"`
	Edge           *SideSnapshot       `json:"edge"` // of several the first
	Origin         *SideSnapshot       `json:"origin"`
	EdgeLag        Fact[time.Duration] `json:"edge_lag_seconds"`
	EdgeLagSegs    Fact[int64]         `json:"edge_lag_segments"`
	TargetDuration Fact[time.Duration] `json:"target_duration"`

	Edges map[string]*EdgeSnapshot `json:"edges,omitempty"` // all by name, the first among them, where there are several
}

// EdgeSnapshot is what is known of one target at one of several edges.
type EdgeSnapshot struct {
	SideSnapshot
	Lag     Fact[time.Duration] `json:"edge_lag_seconds"`
	LagSegs Fact[int64]         `json:"edge_lag_segments"`
}

// Silenced reports whether each stream is muted as a whole.
func (s *Snapshot) Silenced() bool {
	for i := range s.Streams {
		if s.Streams[i].Silenced == nil {
			return false
		}
	}
	return len(s.Streams) > 0
}

// Propagating is the phase of an edge that was made just now and does not
// answer everywhere yet.
const Propagating = "propagating"

// SideSnapshot is the newest that is known of one target.
type SideSnapshot struct {
	Verdict        Verdict             `json:"verdict"`
	Phase          string              `json:"phase,omitempty"` // Propagating, or empty
	MediaSequence  Fact[uint64]        `json:"media_sequence"`
	LastSegmentAge Fact[time.Duration] `json:"last_segment_age_seconds"`
	Status         int                 `json:"status"`
	Failure        Failure             `json:"failure,omitempty"`
	Cache          string              `json:"cache"`
	ObjectAge      Fact[time.Duration] `json:"object_age_seconds"`
	Fetch          Fact[time.Duration] `json:"fetch_seconds"`
	Checked        time.Time           `json:"checked"`
	URL            ShownURL            `json:"url"`
}
