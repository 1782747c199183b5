package fleet

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/incident"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// look is how it looked last.
type look struct {
	shown probe.StreamSnapshot
	at    time.Time // of that
	seen  time.Time // when the stream was looked at last
}

// Streams are the streams as they look from all vantages.
func (l *Leading) Streams(now time.Time) []probe.StreamSnapshot {
	streams, vantages := l.named(), l.vantages()
	list := make([]probe.StreamSnapshot, 0, len(streams))
	for _, name := range streams {
		v := l.book.Verdict(name)
		snap := probe.StreamSnapshot{Name: name}
		monitor.Judge(&snap, v, nil)
		for _, from := range vantages {
			l.mu.Lock()
			k, gone := l.looks[at{from, name}], l.gone[from]
			l.mu.Unlock()
			one := probe.VantageSnapshot{Name: from, GoneSince: gone, Verdict: probe.Waiting}
			if k != nil {
				seen := k.copy(now)
				monitor.Judge(&seen, incident.Verdict{Verdict: v.Verdict}, l.book.MarksFrom(from, name))
				one.Renditions = seen.Renditions
				for i := range seen.Renditions {
					one.Verdict = one.Verdict.Worse(seen.Renditions[i].Verdict)
				}
				if snap.Advice == nil {
					snap.Advice = seen.Advice
				}
			}
			if !gone.IsZero() {
				one.Verdict = probe.Blind
			} else {
				snap.Renditions = worst(snap.Renditions, one.Renditions)
			}
			snap.Vantages = append(snap.Vantages, one)
		}
		list = append(list, snap)
	}
	return list
}

// copy is the look as one that may be changed, with its ages as of now.
func (k *look) copy(now time.Time) probe.StreamSnapshot {
	s := k.shown
	s.Renditions = slices.Clone(s.Renditions)
	for i := range s.Renditions {
		for _, side := range []**probe.SideSnapshot{&s.Renditions[i].Edge, &s.Renditions[i].Origin} {
			if *side == nil {
				continue
			}
			one := **side
			if one.LastSegmentAge.Stated {
				one.LastSegmentAge.Value += max(0, now.Sub(k.at))
			}
			*side = &one
		}
	}
	return s
}

// worst adds what a vantage sees of renditions, where that is worse than what is
// known from others.
func worst(list, more []probe.RenditionSnapshot) []probe.RenditionSnapshot {
	for i := range more {
		n := slices.IndexFunc(list, func(r probe.RenditionSnapshot) bool { return r.Name == more[i].Name })
		switch {
		case n < 0:
			list = append(list, more[i])
		case list[n].Verdict.Worse(more[i].Verdict) != list[n].Verdict:
			list[n] = more[i]
		}
	}
	return list
}

// vantages are those of the event, sorted.
func (l *Leading) vantages() (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for v := range l.alive {
		list = append(list, v)
	}
	slices.Sort(list)
	return list
}
