package diagnose

import (
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

const (
	// controlDue is how long the control URL, asked when a poll failed, is
	// waited for before silence speaks for itself.
	controlDue = time.Second

	// secondLook is how long a loss on kept connections waits for the next poll,
	// which has to connect: the longest deadline of a poll and its pause.
	secondLook = 15 * time.Second
)

// path finds out whether our own path is the suspect (architecture, rule 4):
// nothing that was asked since anybody was last reached is answered, no
// connection is made, and the control URL fails too where there is one.
func (x *examination) path() {
	l := x.loss()
	if len(l.hosts) < 2 {
		return
	}
	c := &x.event.Control
	asked := c.Known && !c.Asked.Before(l.since)
	switch {
	case asked && c.OK:
		return // it answers: the path is there
	case c.Known && !asked && x.now.Before(l.first.Add(controlDue)):
		x.doubt = true // it is being asked
	case !l.dialled && x.now.Sub(l.since) < secondLook:
		x.doubt = true // kept connections may be what died: the next poll has to make one
	default:
		x.lost, x.lossOf = true, l
	}
}

// loss is what was asked since anybody was last reached, and failed as a lost
// path makes it fail.
type loss struct {
	since   time.Time // when the first of it was asked
	first   time.Time // when the first of it was given up, about
	hosts   map[place]bool
	dialled bool // one of them tried to connect and could not, or failed twice
}

func (x *examination) loss() loss {
	reached := x.reached()
	l := loss{hosts: map[place]bool{}}
	for i := range x.event.Streams {
		for _, t := range x.event.Streams[i].Targets {
			if t.Lost.IsZero() || !t.Current.Exchange.Started.After(reached) {
				continue
			}
			ex, began := &t.Current.Exchange, t.Lost
			if !began.After(reached) {
				began = ex.Started
			}
			if l.since.IsZero() || began.Before(l.since) {
				l.since = began
			}
			if gaveUp := began.Add(ex.Duration()); l.first.IsZero() || gaveUp.Before(l.first) {
				l.first = gaveUp
			}
			l.hosts[place{t.Target.Place(), t.Host}] = true
			noConnection := ex.Failure == probe.FailDNS || ex.Failure == probe.FailConnect
			l.dialled = l.dialled || noConnection || t.LostPolls >= 2 && t.Lost.After(reached)
		}
	}
	return l
}

// reached is when the newest look began at which a host answered, or took a
// connection. A connection that was accepted proves the path.
func (x *examination) reached() (at time.Time) {
	for i := range x.event.Pulses {
		if p := &x.event.Pulses[i]; p.Reached.After(at) {
			at = p.Reached
		}
	}
	return at
}

// ours reports whether a claim is one of our own path: it is lost or slow, or the
// newest bad look was under way when it came back.
func (x *examination) ours(c *claim) bool {
	if c.check.Slow {
		return x.late.why != ""
	}
	if !c.check.Transport {
		return false
	}
	for _, s := range c.symptoms {
		if t := c.state(s); x.lost && !t.Lost.IsZero() {
			return true
		}
		lost := &x.event.Lost
		if !lost.From.IsZero() && !s.Since.Before(lost.From.Add(-roundTrip)) && !s.Asked.After(lost.Until) {
			return true
		}
	}
	return false
}

// unsure reports whether a claim waits for the control URL, or for a second look.
func (x *examination) unsure(c *claim) bool {
	if !x.doubt || !c.check.Transport {
		return false
	}
	for _, s := range c.symptoms {
		if !c.state(s).Lost.IsZero() {
			return true
		}
	}
	return false
}

// whyOurs says what proves that it is our own path.
func (x *examination) whyOurs() string {
	switch {
	case !x.lost && x.late.why != "":
		return x.late.why
	case !x.lost:
		return "our own path had just come back"
	}
	text := fmt.Sprintf("no answer and no connection from any of %d hosts for %s",
		len(x.lossOf.hosts), checks.Seconds(x.now.Sub(x.lossOf.since)))
	if x.event.Control.Known {
		text += ", nor from the control URL"
	}
	return text
}
