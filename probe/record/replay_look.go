package record

import (
	"fmt"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// look judges an observation. One from before what was judged already changes
// what is known of its stream, and no more.
func (p *player) look(l *Line, late bool) error {
	if l.Look.Exchange == nil {
		return fmt.Errorf("line %d: a look without an exchange", p.r.Line())
	}
	s := p.stream(l.Look.Stream)
	where := place{l.Look.Rendition, l.Look.place()}
	target, known := s.targets[where]
	if !known {
		target = probe.Target{Stream: l.Look.Stream, Rendition: l.Look.Rendition, Side: l.Look.Side, Edge: l.Look.Edge}
	}
	o, err := l.Look.observation(target, func(id string) (*probe.Playlist, error) {
		return p.playlist(s, where, id, l.Look.Exchange)
	})
	if err != nil {
		return err
	}
	if o.Poll() && o.Playlist != nil && o.Playlist.Kind == probe.Multivariant {
		s.variables = o.Playlist.Variables
	}
	if err := p.sane(o); err != nil {
		return err
	}
	if h := s.desk.Stream.Find(target); !o.Poll() && (h == nil || h.Good == nil) {
		return nil // no monitor looks further before it has a playlist: the poll was before the recording
	}
	p.out.Looks++
	if p.out.From.IsZero() || o.Exchange.Done.Before(p.out.From) {
		p.out.From = o.Exchange.Done
	}
	if o.Exchange.Done.After(p.out.Until) {
		p.out.Until = o.Exchange.Done
	}
	if late {
		s.desk.Watch.Step(o, o.Exchange.Done)
		return nil
	}
	_, res := s.desk.Step(o, o.Exchange.Done)
	p.keep(res)
	p.out.Verdict = p.out.Verdict.Worse(s.desk.Verdict().Verdict)
	return nil
}

// sane refuses what no monitor files, and what judging relies on.
func (p *player) sane(o *probe.Observation) error {
	if o.Exchange.Done.Before(o.Exchange.Started) {
		return fmt.Errorf("line %d: done before it was started", p.r.Line())
	}
	if l := o.LowLatency; l != nil && l.Known == nil {
		return fmt.Errorf("line %d: low latency without the playlist that was known", p.r.Line())
	}
	return nil
}

// playlist reads the body with an id.
func (p *player) playlist(s *replayed, where place, id string, ex *Exchange) (*probe.Playlist, error) {
	if id == "" {
		return nil, nil
	}
	for _, one := range s.read[where] {
		if one.id == id {
			return one.playlist, nil
		}
	}
	text, err := p.r.Text(id)
	if err != nil {
		return nil, err
	}
	in := playlist.Inputs{Address: probe.AddressOf(ex.Address)}
	if where.rendition != "" {
		in.Imports = s.variables
	}
	pl := playlist.Decode([]byte(text), in)
	list := append(s.read[where], read{id, pl})
	s.read[where] = list[max(0, len(list)-readKept):]
	return pl, nil
}
