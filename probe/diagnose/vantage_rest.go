package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// others are the vantages that do not show a cause, and since when it is not
// known of some whether they do.
type others struct {
	fine, unknown []string
	since         time.Time
}

// rest tells the vantages where all is well from those that nobody knows of.
func (g *joint) rest(sights []Sight) (o others) {
	for i := range sights {
		s := &sights[i]
		if slices.ContainsFunc(g.told, func(t telling) bool { return t.by == s }) {
			continue
		}
		switch watches, since := s.doubt(g.told[0].Diagnosis); {
		case !watches:
		case since.IsZero():
			o.fine = append(o.fine, s.Vantage)
		default:
			o.unknown = append(o.unknown, s.Vantage)
			o.since = probe.Later(o.since, since)
		}
	}
	return o
}

// doubt reports whether a vantage watches what another one finds fault with, and
// since when it may show it too: because it has not looked since, or because
// something stirs there. Zero is that all is well.
func (s *Sight) doubt(d *Diagnosis) (watches bool, since time.Time) {
	for i := range s.Event.Pulses {
		p := &s.Event.Pulses[i]
		if p.Side != d.Side && d.Side != probe.NoSide || d.hit(p.Stream) == nil {
			continue
		}
		watches = true
		seen := p.Answered // a multivariant playlist is polled too rarely to wait for it
		if d.Check.Staleness {
			seen = p.Advanced
		}
		stirs := s.stirring(p.Stream, d)
		if since = probe.Later(since, stirs); stirs.IsZero() && !seen.After(d.Began.Add(roundTrip)) {
			since = probe.Later(since, d.Ready)
		}
	}
	return watches, since
}

// stirring is since when a stream shows there what may be the same.
func (s *Sight) stirring(stream string, d *Diagnosis) (since time.Time) {
	if s.sick == nil {
		s.sick = make(map[string]*Stream, len(s.Event.Streams))
		for i := range s.Event.Streams {
			s.sick[s.Event.Streams[i].Name] = &s.Event.Streams[i]
		}
	}
	of := s.sick[stream]
	if of == nil {
		return time.Time{}
	}
	for i := range of.Symptoms {
		if sym := &of.Symptoms[i]; sym.Side == d.Side && sym.Sick && kin(sym.Check, d.Check) {
			since = probe.Later(since, sym.Since)
		}
	}
	return since
}

// say says where it is so, and where it is not.
func (g *joint) say(d *Diagnosis, rest others) {
	if d.Blame == probe.BlamePath {
		return
	}
	if len(rest.fine)+len(rest.unknown) == 0 {
		if len(g.told) > 1 {
			d.Because += fmt.Sprintf("; the same in all %d vantages (%s)", len(g.told), strings.Join(d.Vantages, ", "))
		}
		return
	}
	where := make([]string, 0, len(g.told))
	for _, t := range g.told {
		one := t.by.Vantage
		if pop := t.pop(); pop != "" {
			one += " (PoP " + pop + ")"
		}
		where = append(where, one)
	}
	text := fmt.Sprintf("%s %s %s in %s", d.Side, d.at, d.does(), strings.Join(where, ", "))
	if len(rest.fine) > 0 {
		text += ", fine in " + strings.Join(rest.fine, ", ")
		if d.Side == probe.Origin && d.Check.Transport && d.exchange != nil && d.exchange.Failure.OurPath() {
			d.Blame = probe.BlamePath // it answers others: the way to it
		}
	}
	if len(rest.unknown) > 0 {
		text += ", not known in " + strings.Join(rest.unknown, ", ")
	}
	d.Because = text + ": " + d.Because
}

// does says in a few words what the host does.
func (d *Diagnosis) does() string {
	switch {
	case d.Check.Staleness && d.Side == probe.Edge:
		return "serves old playlists"
	case d.Check.Staleness:
		return "lists nothing newer"
	case d.Check.Transport && d.exchange != nil:
		return phase(d.exchange)
	default:
		return "shows it (" + d.Check.Summary + ")"
	}
}

// pop is the place of the edge that a vantage was answered by.
func (d *Diagnosis) pop() string {
	for i := range slices.Backward(d.Evidence) {
		if d.Evidence[i].Pop != "" {
			return d.Evidence[i].Pop
		}
	}
	return ""
}
