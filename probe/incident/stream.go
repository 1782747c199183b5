package incident

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/diagnose"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// pulsesOf sums up what is known of a stream at each place, whether it has
// symptoms or not. It uses the room of a list that is done with.
func pulsesOf(s *evidence.Stream, pulses []diagnose.Pulse) []diagnose.Pulse {
	pulses = pulses[:0]
	for _, h := range s.Histories {
		i := 0
		for i < len(pulses) && (pulses[i].Side != h.Target.Side || pulses[i].Edge != h.Target.Edge) {
			i++
		}
		first := i == len(pulses)
		if first {
			pulses = append(pulses, diagnose.Pulse{Stream: s.Name, Side: h.Target.Side, Edge: h.Target.Edge, Host: h.Host})
		}
		p := &pulses[i]
		asked := time.Time{}
		if h.Current != nil {
			asked = h.Current.Exchange.Started
		}
		if first || asked.Before(p.Round) {
			p.Round = asked
		}
		p.Answered, p.Reached = probe.Later(p.Answered, h.Answered), probe.Later(p.Reached, h.Reached)
		if h.Target.Rendition != "" {
			p.Advanced, p.Quick = probe.Later(p.Advanced, h.Advanced), probe.Later(p.Quick, h.Speed.Quick)
		}
	}
	return pulses
}

// Taker takes what streams show: the desk of this process, or one elsewhere
// that an agent reports to.
type Taker interface {
	// Report takes in what a stream shows and returns what that leads to. The
	// view is the caller's to use again.
	Report(v *View) Result
	// Verdict is what a stream comes to.
	Verdict(stream string) Verdict
	// Marks are the worst that open incidents say of a stream's targets.
	Marks(stream string) map[probe.Target]probe.Severity
}

// Stream is one stream whose observations are judged. It has one owner.
type Stream struct {
	*checks.Watch
	to   Taker
	view View
}

// NewStream returns a stream that reports to a desk.
func NewStream(to Taker, o checks.Options) *Stream {
	return &Stream{Watch: checks.NewWatch(o), to: to}
}

// Stream makes the desk watch a stream.
func (d *Desk) Stream(o checks.Options) *Stream {
	o.Starts, o.Ends, o.Once = d.opts.Starts, d.opts.Ends, d.opts.Once
	d.mu.Lock()
	defer d.mu.Unlock()
	d.row("", o.Stream)
	return NewStream(d, o)
}

// Step files one observation, runs the checks and has the event diagnosed when
// that may change anything. It returns what is known of the target, nil when the
// observation says nothing.
func (s *Stream) Step(o *probe.Observation, now time.Time) (*evidence.History, Result) {
	h := s.Watch.Step(o, now)
	if h == nil {
		return nil, Result{}
	}
	var before []*evidence.State
	if s.view.Sick != nil {
		before = s.view.Sick.Targets
	}
	s.view = View{Stream: s.Stream.Name, At: now, Base: s.base(now), Pulses: pulsesOf(&s.Stream, s.view.Pulses)}
	if s.Sick() {
		s.view.Sick = &diagnose.Stream{Name: s.Stream.Name, Targets: s.Stream.States(before), Symptoms: s.Symptoms(now)}
	}
	res := s.to.Report(&s.view)
	res.Poke = append(res.Poke, s.Doubtful(now)...)
	return h, res
}

// base is the verdict of the stream without what is found wrong with it.
func (s *Stream) base(now time.Time) probe.Verdict {
	live, over, spreading := false, false, s.Propagating(now)
	for _, h := range s.Stream.Histories {
		if h.Target.Rendition == "" || h.Playlist == nil || h.Playlist.Kind != probe.Media {
			continue
		}
		switch {
		case h.Playlist.Live() && (len(h.Playlist.Segments) > 0 || h.Playlist.Skipped.Stated):
			live = true
			if h.Target.Side == probe.Edge {
				spreading = false // another edge has it
			}
		case !h.Playlist.Live():
			over = true
		}
	}
	switch {
	case spreading:
		return probe.Waiting
	case s.Stream.Over(now) && !live, over && !live:
		return probe.Ended
	case live:
		return probe.OK
	default:
		return probe.Waiting
	}
}

// Verdict returns what the stream comes to, as of the newest look. It writes
// nothing.
func (s *Stream) Verdict() Verdict { return s.to.Verdict(s.Stream.Name) }

// Marks returns the worst that open incidents say of each target of the stream.
func (s *Stream) Marks() map[probe.Target]probe.Severity { return s.to.Marks(s.Stream.Name) }
