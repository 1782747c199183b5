package record

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Look is a probe.Observation. Playlists stand in it as the ids of their bodies.
type Look struct {
	Stream     string      `json:"stream"`
	Rendition  string      `json:"rendition,omitempty"` // "" is the multivariant playlist
	Side       probe.Side  `json:"side"`
	Edge       string      `json:"edge,omitempty"` // its name, of several
	CORS       bool        `json:"cors,omitempty"`
	IFrames    string      `json:"iframes,omitempty"`
	Strained   bool        `json:"strained,omitempty"`
	Unchanged  bool        `json:"unchanged,omitempty"`
	Body       string      `json:"body,omitempty"`
	Hash       uint64      `json:"hash,string,omitempty"`
	Exchange   *Exchange   `json:"exchange"`
	Segment    *Segment    `json:"segment,omitempty"`
	LowLatency *LowLatency `json:"low_latency,omitempty"`
	Moved      *Moved      `json:"moved,omitempty"`
}

// place is where it was asked.
func (l *Look) place() probe.Place { return probe.Place{Side: l.Side, Edge: l.Edge} }

// Exchange is a probe.Exchange.
type Exchange struct {
	probe.WireExchange
	Address string `json:"address,omitempty"`
}

// Segment is a probe.SegmentProbe.
type Segment struct {
	segment
	Problems []problem `json:"problems,omitempty"`
}

// LowLatency is a probe.LowLatencyProbe.
type LowLatency struct {
	lowLatency
	Known    string `json:"known,omitempty"`    // id of a body
	Playlist string `json:"playlist,omitempty"` // id of a body
}

// Moved is a probe.Moved.
type Moved struct {
	Last  *Exchange     `json:"last"`
	Lived time.Duration `json:"lived_ns"`
}

// The structs below are those of package probe with names for JSON. They are
// converted into each other, so that a field which is new there does not compile
// here until it has a name.
type (
	segment struct {
		MSN       uint64        `json:"msn,omitempty"`
		URI       string        `json:"uri,omitempty"`
		Newest    bool          `json:"newest,omitempty"`
		Listed    time.Time     `json:"listed,omitzero"`
		Duration  time.Duration `json:"duration_ns,omitempty"`
		Repeat    bool          `json:"repeat,omitempty"`
		Again     bool          `json:"again,omitempty"`
		Part      bool          `json:"part,omitempty"`
		Offset    int64         `json:"offset,omitempty"`
		Encrypted bool          `json:"encrypted,omitempty"`

		Init    bool `json:"init,omitempty"`
		Key     bool `json:"key,omitempty"`
		Removed bool `json:"removed,omitempty"`

		KeyBytes int64 `json:"key_bytes,omitempty"`
		Known    bool  `json:"known,omitempty"`

		Container probe.Container           `json:"container,omitempty"`
		Hash      uint64                    `json:"hash,string,omitempty"`
		HashBytes int64                     `json:"hash_bytes,omitempty"`
		Problems  []probe.Problem           `json:"-"`
		Track     uint32                    `json:"track,omitempty"`
		Start     probe.Fact[time.Duration] `json:"start_seconds,omitzero"`
		Lasts     probe.Fact[time.Duration] `json:"lasts_seconds,omitzero"`
		Keyframe  probe.Fact[bool]          `json:"keyframe,omitzero"`
	}

	problem struct {
		Check    string         `json:"check"`
		Severity probe.Severity `json:"severity,omitzero"`
		Line     int            `json:"line,omitempty"`
		Detail   string         `json:"detail,omitempty"`
	}

	lowLatency struct {
		Ask      probe.Ask             `json:"ask"`
		MSN      uint64                `json:"msn,omitempty"`
		Part     int                   `json:"part,omitempty"`
		URI      string                `json:"uri,omitempty"`
		Deadline time.Duration         `json:"deadline_ns,omitempty"`
		Since    time.Time             `json:"since,omitzero"`
		Listed   probe.Fact[time.Time] `json:"listed,omitzero"`
		Known    *probe.Playlist       `json:"-"`
		Playlist *probe.Playlist       `json:"-"`
	}
)

// room is what a Look takes: it is used again and again.
type room struct {
	look     Look
	exchange Exchange
	segment  Segment
}

// lookOf returns an observation as a line has it, in a room. id names the body of a
// playlist.
func lookOf(o *probe.Observation, r *room, id func(*probe.Playlist) string) *Look {
	l := &r.look
	*l = Look{
		Stream: o.Target.Stream, Rendition: o.Target.Rendition, Side: o.Target.Side, Edge: o.Target.Edge,
		CORS: o.CORS, IFrames: o.IFrames, Strained: o.Strained, Unchanged: o.Unchanged, Body: id(o.Playlist),
		Hash: o.Hash, Exchange: exchangeOf(&o.Exchange, &r.exchange),
	}
	if s := o.Segment; s != nil {
		l.Segment, r.segment = &r.segment, Segment{segment: segment(*s)}
		for _, p := range s.Problems {
			l.Segment.Problems = append(l.Segment.Problems, problem(p))
		}
	}
	if p := o.LowLatency; p != nil {
		l.LowLatency = &LowLatency{lowLatency: lowLatency(*p), Known: id(p.Known), Playlist: id(p.Playlist)}
	}
	if m := o.Moved; m != nil {
		l.Moved = &Moved{exchangeOf(&m.Last, new(Exchange)), m.Lived}
	}
	return l
}

func exchangeOf(e *probe.Exchange, x *Exchange) *Exchange {
	*x = Exchange{probe.WireExchange(*e), e.Address.Reveal()}
	if x.Started, x.Done = e.Started.UTC(), e.Done.UTC(); x.Done.Before(x.Started) {
		x.Done = x.Started.Add(e.Duration()) // the clock was set back meanwhile
	}
	return x
}

// probe returns the exchange as the desk knows it.
func (x *Exchange) probe() probe.Exchange {
	if x == nil {
		return probe.Exchange{}
	}
	e := probe.Exchange(x.WireExchange)
	e.Address = probe.AddressOf(x.Address)
	return e
}

// reading reads the body with an id.
type reading func(id string) (*probe.Playlist, error)

// observation returns what the desk was told. of is the target, and playlist
// reads the body with an id.
func (l *Look) observation(of probe.Target, playlist reading) (*probe.Observation, error) {
	o := &probe.Observation{
		Target: of, CORS: l.CORS, IFrames: l.IFrames, Strained: l.Strained, Unchanged: l.Unchanged,
		Hash: l.Hash, Exchange: l.Exchange.probe(),
	}
	var err error
	if o.Playlist, err = playlist(l.Body); err != nil {
		return nil, err
	}
	if s := l.Segment; s != nil {
		o.Segment = new(probe.SegmentProbe(s.segment))
		for _, p := range s.Problems {
			o.Segment.Problems = append(o.Segment.Problems, probe.Problem(p))
		}
	}
	if p := l.LowLatency; p != nil {
		o.LowLatency = new(probe.LowLatencyProbe(p.lowLatency))
		if o.LowLatency.Known, err = playlist(p.Known); err != nil {
			return nil, err
		}
		if o.LowLatency.Playlist, err = playlist(p.Playlist); err != nil {
			return nil, err
		}
	}
	if m := l.Moved; m != nil {
		o.Moved = &probe.Moved{Last: m.Last.probe(), Lived: m.Lived}
	}
	return o, nil
}
