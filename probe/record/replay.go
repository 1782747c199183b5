package record

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

// Replayed is what came of judging a recording again.
type Replayed struct {
	Header      Header
	Incidents   []probe.Incident // as each was in the end, in the order of opening
	Recorded    []probe.Incident // as they were told when it was recorded: the one that the file is of, or more
	Verdict     probe.Verdict    // the worst that it came to
	From, Until time.Time        // of the looks
	Looks       int
	Missing     []Missing // parts that the file lacks; without times where nobody knows
	Cut         bool      // the file was cut off
}

// Change makes what replaces the overrides of a recording.
type Change func(recorded checks.Overrides) checks.Overrides

// Overriding takes instead for the overrides of a recording, nil for these, and
// puts over above those of the event and of all streams.
func Overriding(instead *checks.Overrides, over map[string]checks.Override) Change {
	return func(recorded checks.Overrides) checks.Overrides {
		if instead != nil {
			recorded = *instead
		}
		above := func(list map[string]checks.Override) map[string]checks.Override {
			all := map[string]checks.Override{}
			maps.Copy(all, list)
			maps.Copy(all, over)
			return all
		}
		all := checks.Overrides{Event: above(recorded.Event), Streams: map[string]map[string]checks.Override{}}
		for name, own := range recorded.Streams {
			all.Streams[name] = above(own)
		}
		return all
	}
}

// Replay judges a recording again, in the time that was recorded. Nothing is
// asked of anybody. change may set other overrides than the event had; nil keeps
// them. An error names the line.
func Replay(from io.Reader, change Change) (*Replayed, error) {
	r, err := NewReader(from)
	if err != nil {
		return nil, err
	}
	p := newPlayer(r, change)
	for {
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.judge(l)
		}
		if err != nil {
			return nil, err
		}
	}
	p.out.Cut = r.Cut
	return &p.out, nil
}

// player judges lines.
type player struct {
	r         *Reader
	out       Replayed
	header    *Header
	change    Change
	desk      *incident.Desk
	overrides checks.Overrides
	streams   map[string]*replayed
	clock     time.Time // of the newest line
	part      int
}

// replayed is one stream of a player.
type replayed struct {
	desk      *incident.Stream
	targets   map[place]probe.Target
	variables map[string]string
	read      map[place][]read
}

// read is a playlist that was read.
type read struct {
	id       string
	playlist *probe.Playlist
}

const readKept = 8 // playlists of one target that are kept, so that the same text is the same playlist

func newPlayer(r *Reader, change Change) *player {
	p := &player{r: r, change: change, out: Replayed{Header: r.Header}}
	p.begin(&r.Header, time.Time{}, nil)
	return p
}

// begin begins anew, as the process did that wrote a header. open are the
// incidents that the one before left open.
func (p *player) begin(h *Header, now time.Time, open []probe.Incident) {
	p.header, p.part, p.streams = h, 0, map[string]*replayed{}
	p.set(&h.Settings)
	p.desk = incident.NewDesk(incident.Options{
		Event: h.Event, Starts: h.Starts, Ends: h.Ends, Resume: open, Edges: h.Edges,
	}, now)
	for _, name := range h.Streams {
		p.stream(name)
	}
}

// set sets the checks otherwise.
func (p *player) set(to *Settings) {
	p.overrides = to.overrides()
	if p.change != nil {
		p.overrides = p.change(p.overrides)
	}
	for name, s := range p.streams {
		s.desk.Override(p.overrides.Of(name))
	}
}

// maxStreams bounds how many streams a file may name.
const maxStreams = 1000

func (p *player) stream(name string) *replayed {
	s := p.streams[name]
	if s == nil {
		h := p.header
		s = &replayed{
			desk: p.desk.Stream(checks.Options{
				Stream: name, Overrides: p.overrides.Of(name), Personalised: h.Personalised, Grace: h.Grace, Fresh: h.fresh(),
			}),
			targets: map[place]probe.Target{}, read: map[place][]read{},
		}
		p.streams[name] = s
	}
	return s
}

// judge judges a line. The checks rely on what a monitor files; a file may hold
// something else.
func (p *player) judge(l *Line) (err error) {
	defer func() {
		if bad := recover(); bad != nil {
			err = fmt.Errorf("line %d: what it says cannot be judged (%v)", p.r.Line(), bad)
		}
	}()
	return p.take(l)
}

// take judges a line.
func (p *player) take(l *Line) error {
	late := l.At.Before(p.clock) // of a stream that was found hit later: its past
	if !late && !l.At.IsZero() {
		p.tick(l.At)
		p.clock = l.At
	}
	if len(p.streams) > maxStreams {
		return fmt.Errorf("line %d: more than %d streams", p.r.Line(), maxStreams)
	}
	switch {
	case l.Header != nil: // the monitor was started again
		p.begin(l.Header, l.At, p.desk.Open())
	case l.Part != nil:
		p.turn(l.Part)
	case l.Targets != nil:
		s := p.stream(l.Targets.Stream)
		list := l.Targets.list()
		clear(s.targets)
		for _, t := range list {
			s.targets[place{t.Rendition, t.Place()}] = t
		}
		s.desk.Targets(list)
	case l.Settings != nil:
		p.set(l.Settings)
	case l.Control != nil:
		p.desk.Control(l.Control.OK, l.Control.Asked, l.Control.Took)
	case l.Busy != nil:
		p.desk.Busy(incident.Busy{From: l.Busy.From, Until: l.Busy.Until})
	case l.TakeBack != nil:
		p.stream(l.TakeBack.Stream).desk.TakeBack(l.TakeBack.From)
	case l.Incident != nil:
		p.out.Recorded = enter(p.out.Recorded, *l.Incident)
	case l.Look != nil:
		return p.look(l, late)
	}
	return nil
}

// tick does what the desk would have done by itself until a moment.
func (p *player) tick(until time.Time) {
	if p.clock.IsZero() {
		return
	}
	for range maxTicks {
		next := p.desk.Next()
		if next.IsZero() || next.After(until) {
			return
		}
		if next.Before(p.clock) {
			next = p.clock
		}
		p.keep(p.desk.Tick(next))
	}
}

// maxTicks bounds what the desk does between two lines.
const maxTicks = 1000

// turn notes the beginning of a part, and what is missing before it.
func (p *player) turn(next *Part) {
	switch {
	case next.Missing != nil:
		p.out.Missing = append(p.out.Missing, *next.Missing)
		p.part = -1
		return
	case p.part >= 0 && next.Number > p.part+1:
		p.out.Missing = append(p.out.Missing, Missing{})
	}
	p.part = next.Number
}

// keep takes in what the desk found out.
func (p *player) keep(res incident.Result) {
	for i := range res.Incidents {
		p.out.Incidents = enter(p.out.Incidents, res.Incidents[i])
	}
}

// enter puts an incident in the place of what was known of it.
func enter(list []probe.Incident, in probe.Incident) []probe.Incident {
	i := slices.IndexFunc(list, func(have probe.Incident) bool { return have.ID == in.ID })
	if i < 0 {
		return append(list, in)
	}
	list[i] = in
	return list
}
