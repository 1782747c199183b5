package prom

import (
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/streamwatch/streamwatch/probe"
)

// incidentLabels are what an alert routes by. No stream is among them: one cause
// is one incident, however many streams it hits.
type incidentLabels struct {
	event, check, severity, blame, scope string
	silenced                             string // "true" or "false"; only of those that are open
	edge                                 string // of several; "" where all show it
	edges                                bool   // the event has several, and a label for them
}

func (m *incidentMetrics) labelsOf(inc *probe.Incident) incidentLabels {
	return incidentLabels{
		inc.Event, inc.Check, inc.Severity.String(), string(inc.Blame), string(inc.Scope),
		strconv.FormatBool(inc.Muted()), inc.Edge, m.edges,
	}
}

// opened are the values of what an incident was opened as.
func (l incidentLabels) opened() []string {
	list := []string{l.event, l.check, l.severity, l.blame, l.scope}
	if l.edges {
		list = append(list, l.edge)
	}
	return list
}

func (l incidentLabels) values() []string { return append(l.opened(), l.silenced) }

// incidentMetrics count open incidents by the labels they have now: cause,
// blame, severity and scope may change while an incident is open.
type incidentMetrics struct {
	active *prometheus.GaugeVec
	total  *lateCounter
	open   map[string]incidentLabels // by id
	quiet  map[incidentLabels]time.Time
	edges  bool
}

func newIncidentMetrics(edges bool) incidentMetrics {
	names := []string{"event", "check", "severity", "blame", "scope"}
	if edges {
		names = append(names, "edge")
	}
	return incidentMetrics{
		edges: edges,
		active: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: probe.FindingsActive.Prometheus, Help: probe.FindingsActive.Help,
		}, append(slices.Clip(names), "silenced")),
		total: newLateCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: probe.IncidentsTotal.Prometheus, Help: probe.IncidentsTotal.Help,
		}, names),
		open:  map[string]incidentLabels{},
		quiet: map[incidentLabels]time.Time{},
	}
}

func (m *incidentMetrics) note(inc *probe.Incident, now time.Time) {
	labels := m.labelsOf(inc)
	was, known := m.open[inc.ID]
	if inc.State == probe.Closed {
		if known {
			m.leave(was, now)
			delete(m.open, inc.ID)
		}
		return
	}
	if known && was == labels {
		return
	}
	if known {
		m.leave(was, now)
	} else {
		m.total.inc(labels.opened())
	}
	m.enter(inc.ID, labels)
}

func (m *incidentMetrics) enter(id string, labels incidentLabels) {
	m.open[id] = labels
	delete(m.quiet, labels)
	m.active.WithLabelValues(labels.values()...).Inc()
}

func (m *incidentMetrics) leave(labels incidentLabels, now time.Time) {
	m.active.WithLabelValues(labels.values()...).Dec()
	m.quiet[labels] = now
}

// prune drops gauges that have been zero for a while: long enough for a scrape
// to see the zero that resolves an alert.
func (m *incidentMetrics) prune(now time.Time) {
	inUse := map[incidentLabels]bool{}
	for _, labels := range m.open {
		inUse[labels] = true
	}
	for labels, since := range m.quiet {
		switch {
		case inUse[labels]:
			delete(m.quiet, labels)
		case now.Sub(since) > staleness:
			m.active.DeleteLabelValues(labels.values()...)
			delete(m.quiet, labels)
		}
	}
}
