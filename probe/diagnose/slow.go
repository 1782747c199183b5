package diagnose

import (
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

const (
	// alike is by how much the pace of two hosts may differ when one cause
	// holds up both.
	alike = 3

	// controlSlow is the least that a control URL takes when it is called slow,
	// which it is at four times its usual pace.
	controlSlow = 500 * time.Millisecond
)

// Note takes in what came of asking the control URL.
func (c *Control) Note(ok bool, asked time.Time, took time.Duration) {
	c.Known, c.OK, c.Asked = true, ok, asked
	switch {
	case !ok:
	case c.Usual > 0 && took > max(4*c.Usual, controlSlow):
		c.Slow, c.Took = asked, took
	case c.Usual == 0 || took < c.Usual:
		c.Quick, c.Usual = asked, took
	default:
		c.Quick, c.Usual = asked, c.Usual+(took-c.Usual)/8
	}
}

// late is what is known of answers that come, but late.
type late struct {
	since, last time.Time // first and newest slow look
	places      map[place]bool
	low, high   float64 // shares of what segments last
	first       bool    // one of them was slow in its first byte
	pending     bool    // a second look at the edge, or the control URL, may yet tell whose pace it is
	why         string  // that it is our own path; "" is not
}

// slow finds out whether answers that come late are held up on our own path.
// Both sides must be slow, by a similar factor, and one more thing that neither
// has a part in: the control URL, a third host, or the edge's cache, which has
// what it is asked for a second time. An origin that is slow by itself shows at
// the edge too, but not in what the edge has.
func (x *examination) slow() {
	l := &x.late
	l.places = map[place]bool{}
	for i := range x.event.Streams {
		x.slowOf(&x.event.Streams[i])
	}
	if !l.both() || l.low > 0 && l.high > alike*l.low {
		return
	}
	for i := range x.event.Pulses {
		p := &x.event.Pulses[i]
		if !l.places[place{p.Place(), p.Host}] && p.Quick.After(l.since) && !p.Quick.After(l.last) {
			return // what is between us and that host is quick
		}
	}
	c := &x.event.Control
	hosts := fmt.Sprintf("%s are slow at once, by a similar factor", checks.Count(len(l.places), "host"))
	switch {
	case c.Known && !c.Slow.Before(l.since):
		l.why = fmt.Sprintf("%s, and so is the control URL: it took %s, usually %s",
			hosts, checks.Seconds(c.Took), milliseconds(c.Usual))
	case c.Quick.After(l.since) && !c.Quick.After(l.last) && l.first:
		return
	case l.apart() > 2:
		l.why = hosts + ", and none that was asked meanwhile is quick"
	default:
		x.kept(hosts)
	}
}

// both reports whether an origin and an edge are slow, which are two hosts.
func (l *late) both() bool {
	var sides [len(probe.Sides) + 1]bool
	hosts := map[string]bool{}
	for p := range l.places {
		sides[p.Side], hosts[p.host] = true, true
	}
	return sides[probe.Origin] && sides[probe.Edge] && len(hosts) > 1
}

// apart is how many hosts are slow, where all edges that the event names are one:
// what they do not have each waits for the same origin.
func (l *late) apart() int {
	n, named := 0, false
	for p := range l.places {
		if p.Edge == "" || !named {
			n++
		}
		named = named || p.Edge != ""
	}
	return n
}

// slowOf takes in what one stream shows.
func (x *examination) slowOf(s *Stream) {
	l := &x.late
	for i := range s.Symptoms {
		sym := &s.Symptoms[i]
		if !sym.Check.Slow || !sym.Ended.IsZero() {
			continue
		}
		t := s.Targets[sym.Target]
		l.add(t, sym.Since)
		if other := s.pair(t); other != nil && other.Speed.Slow.After(sym.Since) {
			l.add(other, sym.Since) // slow too, if not so slow as to be a fault
		}
		if l.since.IsZero() || sym.Since.Before(l.since) {
			l.since = sym.Since
		}
		if sym.Last.After(l.last) {
			l.last = sym.Last
		}
		l.first = l.first || sym.Exchange.FirstByte*2 > sym.Exchange.Duration()
	}
}

// add takes in a target that has been slow since then.
func (l *late) add(t *evidence.State, since time.Time) {
	l.places[place{t.Target.Place(), t.Host}] = true
	if share := t.Speed.Share; t.Speed.Slow.After(since) {
		if l.low == 0 || share < l.low {
			l.low = share
		}
		l.high = max(l.high, share)
	}
}

// kept looks at what edges gave from their caches since it began.
func (x *examination) kept(hosts string) {
	l := &x.late
	for i := range x.event.Streams {
		s := &x.event.Streams[i]
		for _, t := range s.Targets {
			if t.Target.Side != probe.Edge || !l.places[place{t.Target.Place(), t.Host}] {
				continue
			}
			switch sp := &t.Speed; {
			case sp.KeptSlow.After(l.since) && sp.KeptSlow.After(sp.KeptQuick):
				l.why = fmt.Sprintf("%s; what the edge serves from its cache took %.1f of its duration too, "+
					"and the origin has no part in that", hosts, sp.KeptShare)
				return
			case sp.Slow.After(l.since) && sp.KeptQuick.Before(l.since):
				l.pending = true
			}
		}
	}
}

// awaitPace waits for what tells an origin's pace from ours: the edge's segment,
// and a second look at it.
func (x *examination) awaitPace(st *story, d *Diagnosis) {
	if !st.check.Slow || st.side != probe.Origin || st.check.When != checks.OnSegment || x.late.why != "" {
		return
	}
	for _, s := range st.symptoms {
		at := st.state(s)
		edge := st.stream.pair(at)
		if edge == nil || edge.Polls == 0 || edge.Failing() || !s.Ended.IsZero() {
			continue
		}
		if pace := &edge.Speed; !pace.Quick.After(s.Since) && !pace.Slow.After(s.Since) || x.late.pending {
			d.until(s.Since.Add(max(2*time.Second, 2*at.TD) + time.Second))
			return
		}
	}
}
