// Package record keeps what was served around each incident: what the desk was
// told, from shortly before the incident began to its end, in one file that can
// be judged again. docs/recordings.md describes the file.
//
// The rule that keeps it simple: there is one form. A ring of each stream holds
// the newest lines in memory, as they will stand in a file but for their
// secrets; a recording takes what the ring has and every line after that, masks
// them and writes them down.
package record

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// Format and Version say what a file is. A reader refuses a higher version: a
// line of another kind is no reason for one, since readers pass those over.
const (
	Format  = "streamwatch-recording"
	Version = 1
)

// Line is one line of a recording. One of its parts is set.
type Line struct {
	N  uint64    `json:"n,omitempty"` // counts what the desk was told, over all streams
	At time.Time `json:"at,omitzero"` // when it was

	Header   *Header         `json:"header,omitempty"`
	Part     *Part           `json:"part,omitempty"`
	Body     *Body           `json:"body,omitempty"`
	Targets  *Targets        `json:"targets,omitempty"`
	Look     *Look           `json:"look,omitempty"`
	Settings *Settings       `json:"settings,omitempty"`
	Control  *Control        `json:"control,omitempty"`
	Busy     *Busy           `json:"busy,omitempty"`
	TakeBack *TakeBack       `json:"take_back,omitempty"`
	Incident *probe.Incident `json:"incident,omitempty"` // as it was told when it opened, changed or closed
	End      *End            `json:"end,omitempty"`
}

// Header is the first line: what a replay needs to know of the event.
type Header struct {
	Format       string    `json:"format"`
	Version      int       `json:"version"`
	WrittenBy    string    `json:"written_by"` // "streamwatch v1.2.3"
	ID           string    `json:"id"`         // of the incident
	Event        string    `json:"event"`
	Edge         string    `json:"edge,omitempty"`
	Origin       string    `json:"origin,omitempty"`
	Starts       time.Time `json:"starts,omitzero"`
	Ends         time.Time `json:"ends,omitzero"`
	Edges        []string  `json:"edges,omitempty"`        // names, where there are several
	Personalised []string  `json:"personalised,omitempty"` // edges that serve each viewer other segments
	Grace        time.Time `json:"grace,omitzero"`         // until then the edge was propagating
	Settings
	Streams []string `json:"streams"`          // that are recorded from the beginning
	Others  int      `json:"others,omitempty"` // streams of the event that are not
}

// fresh is the edge that Grace is of: the first.
func (h *Header) fresh() string {
	if len(h.Edges) == 0 {
		return ""
	}
	return h.Edges[0]
}

// Settings are what the event changed of checks, by id, and over that what it
// changed for single streams, by their names. A line of them stands where that
// changed.
type Settings struct {
	Checks       map[string]Override            `json:"checks,omitempty"`
	StreamChecks map[string]map[string]Override `json:"stream_checks,omitempty"`
}

// Override is what the event changed of a check.
type Override struct {
	Off      bool           `json:"off,omitempty"`
	Severity probe.Severity `json:"severity,omitzero"`
	After    int            `json:"after,omitempty"`
}

// Part begins a part: what follows refers to no body before it, and names its
// targets anew.
type Part struct {
	Number  int      `json:"number"` // from 0; a number that is left out is a part that is missing
	Missing *Missing `json:"missing,omitempty"`
}

// Missing says what was left out before a part, for lack of room.
type Missing struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Lines int       `json:"lines"`
}

// Targets are the playlists that belong to a stream from now on.
type Targets struct {
	Stream  string   `json:"stream"`
	Targets []Target `json:"targets"`
}

// Target is a probe.Target of the stream.
type Target struct {
	Rendition string     `json:"rendition,omitempty"` // "" is the multivariant playlist
	Side      probe.Side `json:"side"`
	Edge      string     `json:"edge,omitempty"` // its name, of several
	URL       string     `json:"url"`
	Role      probe.Role `json:"role,omitempty"`
	Peak      uint64     `json:"peak,omitempty"`
	Average   uint64     `json:"average,omitempty"`
}

// Control says whether the control URL answered, and how long that took.
type Control struct {
	OK    bool          `json:"ok"`
	Asked time.Time     `json:"asked"`
	Took  time.Duration `json:"took_ns,omitempty"`
}

// Busy is when the monitor did not get to run as it should.
type Busy struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// TakeBack says that what a stream's timed checks found from a moment on was
// taken back.
type TakeBack struct {
	Stream string    `json:"stream"`
	From   time.Time `json:"from"`
}

// End is the last line of a recording that came to its end.
type End struct {
	Why string `json:"why"` // "closed" with the incident, or "stopped" with the monitor
}

func settingsOf(all checks.Overrides) Settings {
	s := Settings{Checks: map[string]Override{}, StreamChecks: map[string]map[string]Override{}}
	for id, o := range all.Event {
		s.Checks[id] = Override(o)
	}
	for name, own := range all.Streams {
		s.StreamChecks[name] = map[string]Override{}
		for id, o := range own {
			s.StreamChecks[name][id] = Override(o)
		}
	}
	return s
}

// overrides returns the settings as the checks know them.
func (s *Settings) overrides() checks.Overrides {
	all := checks.Overrides{
		Event: map[string]checks.Override{}, Streams: map[string]map[string]checks.Override{},
	}
	for id, o := range s.Checks {
		all.Event[id] = checks.Override(o)
	}
	for name, own := range s.StreamChecks {
		all.Streams[name] = map[string]checks.Override{}
		for id, o := range own {
			all.Streams[name][id] = checks.Override(o)
		}
	}
	return all
}

func targetsOf(stream string, list []probe.Target) *Targets {
	out := &Targets{Stream: stream, Targets: make([]Target, len(list))}
	for i, t := range list {
		out.Targets[i] = Target{t.Rendition, t.Side, t.Edge, t.URL, t.Role, t.Peak, t.Average}
	}
	return out
}

// list returns the targets as the desk knows them.
func (t *Targets) list() []probe.Target {
	out := make([]probe.Target, len(t.Targets))
	for i, one := range t.Targets {
		out[i] = probe.Target{
			Stream: t.Stream, Rendition: one.Rendition, Side: one.Side, Edge: one.Edge, URL: one.URL, Role: one.Role,
			Peak: one.Peak, Average: one.Average,
		}
	}
	return out
}
