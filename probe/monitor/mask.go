package monitor

import (
	"slices"

	"github.com/streamwatch/streamwatch/probe"
)

// What is found repeats what servers wrote: names, addresses, words of a
// header. An origin that echoes a secret must not make us tell it. So all that
// is told goes through here: incidents on their way to sinks and log, and
// snapshots on their way to the page.

// mask hides what is secret in incidents.
func (m *Monitor) mask(incidents []probe.Incident) {
	hide := m.opts.Secrets.Mask
	for i := range incidents {
		in := &incidents[i]
		in.Detail, in.Because, in.Rendition = hide(in.Detail), hide(in.Because), hide(in.Rendition)
		in.Renditions = m.maskAll(in.Renditions)
		in.Evidence = slices.Clone(in.Evidence) // the judge keeps its own
		for n := range in.Evidence {
			e := &in.Evidence[n]
			e.URL, e.Curl = probe.ShownURL(hide(string(e.URL))), hide(e.Curl)
			e.Cache, e.Pop, e.RequestID = hide(e.Cache), hide(e.Pop), hide(e.RequestID)
		}
	}
}

func (m *Monitor) maskAll(texts []string) []string {
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = m.opts.Secrets.Mask(texts[i])
	}
	return texts
}

// maskStream hides what is secret in a snapshot, of which it changes no part
// that others see.
func (m *Monitor) maskStream(s *probe.StreamSnapshot) {
	hide := m.opts.Secrets.Mask
	s.Advice = slices.Clone(s.Advice)
	for i := range s.Advice {
		a := &s.Advice[i]
		a.Detail, a.Renditions = hide(a.Detail), m.maskAll(a.Renditions)
	}
	s.Renditions = slices.Clone(s.Renditions)
	for i := range s.Renditions {
		r := &s.Renditions[i]
		r.Edge, r.Origin = m.maskSide(r.Edge), m.maskSide(r.Origin)
		for _, e := range r.Edges {
			e.SideSnapshot = *m.maskSide(&e.SideSnapshot)
		}
	}
}

func (m *Monitor) maskSide(s *probe.SideSnapshot) *probe.SideSnapshot {
	if s == nil {
		return nil
	}
	shown := *s
	shown.URL, shown.Cache = probe.ShownURL(m.opts.Secrets.Mask(string(s.URL))), m.opts.Secrets.Mask(s.Cache)
	return &shown
}
