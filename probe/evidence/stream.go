package evidence

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Watch makes the targets known that belong to the stream, so that places and
// renditions can be compared from the first observation on. What is known of
// targets that are no longer listed is forgotten.
func (s *Stream) Watch(targets []probe.Target) {
	kept := make([]*History, 0, len(targets))
	for _, t := range targets {
		h := cmp.Or(s.Find(t), s.unnamed(t, targets))
		if h == nil {
			h = &History{PollFailures: &noPollFailures}
		}
		if h.Target.URL != t.URL || h.Host == "" {
			h.Host = hostOf(t)
		}
		h.Target = t
		h.Personalised = t.Side == probe.Edge && slices.Contains(s.Personalised, t.Edge)
		kept = append(kept, h)
	}
	s.Histories = kept
	for _, h := range kept {
		h.relate(kept)
	}
}

// unnamed returns what is known of a manifest that has a name now, since another
// side told that it is a media playlist; nil where that is nothing.
func (s *Stream) unnamed(t probe.Target, targets []probe.Target) *History {
	i := slices.IndexFunc(s.Histories, func(h *History) bool {
		return h.Target.Rendition == "" && h.Playlist == nil && h.Target.URL == t.URL && h.Target.Place() == t.Place() &&
			!slices.Contains(targets, h.Target)
	})
	if i < 0 {
		return nil
	}
	s.Histories[i].Unnamed = true
	return s.Histories[i]
}

// relate finds, among all of the stream, what a target is compared with.
func (h *History) relate(all []*History) {
	h.Pair, h.Edges, h.Siblings = nil, nil, nil
	for _, u := range all {
		same := u.Target.Rendition == h.Target.Rendition
		if same && u.Target.Side != h.Target.Side && h.Pair == nil {
			h.Pair = u
		}
		if same && u != h && u.Target.Side == probe.Edge {
			h.Edges = append(h.Edges, u)
		}
		if u.Target.Place() == h.Target.Place() && u.Target.Rendition != "" {
			h.Siblings = append(h.Siblings, u)
		}
	}
}

// Find returns what is known of a target; nil when it does not belong to the
// stream.
func (s *Stream) Find(t probe.Target) *History {
	i := slices.IndexFunc(s.Histories, func(h *History) bool {
		return h.Target.Rendition == t.Rendition && h.Target.Place() == t.Place()
	})
	if i < 0 {
		return nil
	}
	return s.Histories[i]
}

// hostOf is the host and port that a target is asked at. A target without a URL
// goes by its side.
func hostOf(t probe.Target) string {
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" {
		return t.Place().String()
	}
	return strings.ToLower(u.Host)
}

// File makes an observation part of what is known of its target. It returns
// that, or nil when the target does not belong to the stream, and whether the
// observation brought a playlist whose text is new.
func (s *Stream) File(o *probe.Observation) (h *History, changed bool) {
	if h = s.Find(o.Target); h == nil {
		return nil, false
	}
	h.fileContact(o)
	return h, file(h, o)
}

// fileContact notes whether anybody was there, which is what tells a dead host
// from a dead network.
func (h *History) fileContact(o *probe.Observation) {
	ex := &o.Exchange
	if ex.Status > 0 {
		h.Answered = probe.Later(h.Answered, ex.Started)
	}
	if ex.Connected || ex.Status > 0 || ex.Failure == probe.FailRefused {
		h.Reached = probe.Later(h.Reached, ex.Started)
	}
	if !o.Poll() {
		return
	}
	switch {
	case !ex.Failure.OurPath():
		if h.LostPolls > 0 {
			h.Lost, h.LostPolls = time.Time{}, 0
		}
	case h.LostPolls == 0:
		h.ownFailures()
		h.Lost = ex.Started
		h.LostPolls = 1
	default:
		h.LostPolls++
	}
}

// Over reports whether the event has ended by its own schedule at t.
func (s *Stream) Over(t time.Time) bool { return !s.Ends.IsZero() && !t.Before(s.Ends) }

// Expected reports whether the stream is to be there at t by the event's
// schedule. Outside of it a missing stream is no fault.
func (s *Stream) Expected(t time.Time) bool { return !t.Before(s.Starts) && !s.Over(t) }
