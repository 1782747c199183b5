package dashboards

import (
	"fmt"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// grafanaSchema is the version of Grafana's dashboard model that is written:
// that of Grafana 10, which later ones migrate by themselves.
const grafanaSchema = 38

// Grafana returns a dashboard for Grafana as JSON, to import as it is. It asks
// for the data source, and offers the events and streams that Prometheus knows.
func Grafana() ([]byte, error) {
	g := &grafana{}
	g.stat("Open incidents", "sum by (stream) ("+series(probe.OpenIncidents)+")", "short", 0, 1)
	g.stat("Newest segment at the edge", "max by (stream) ("+series(probe.ManifestAge, `side="edge"`)+")", "s", 0,
		staleDefault())
	g.stat("Segments behind the origin", "max by (stream) ("+series(probe.EdgeLagSegments)+")", "short", 0, 3)
	g.stat("Playlists available", "min by (stream, side) ("+series(probe.ManifestAvail)+")", "percentunit", 1, 0)
	g.incidents()
	g.opened()
	for _, p := range Panels() {
		g.plot(&p)
	}
	g.phases()
	g.viewers()
	return encode(object{
		"__inputs": []object{{
			"name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource",
			"pluginId": "prometheus", "pluginName": "Prometheus",
		}},
		"__requires": []object{{"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"}},
		"uid":        "streamwatch", "title": "streamwatch", "tags": []string{"streamwatch", "hls"},
		"schemaVersion": grafanaSchema, "version": 1,
		"editable": true, "graphTooltip": 1, "refresh": "10s", "time": object{"from": "now-1h", "to": "now"},
		"timepicker": object{}, "annotations": object{"list": annotations()}, "links": []object{},
		"templating": object{"list": []object{variable("event", ""), variable("stream", `event=~"$event"`)}},
		"panels":     g.panels,
	}, "  ")
}

// staleDefault is the age at which a stream of the usual segments stalls.
func staleDefault() float64 { return Stream{TargetDuration: defaultTarget}.staleAfter().Seconds() }

// prometheusName is a metric's name in Prometheus.
func prometheusName(m *probe.Metric) string { return ours(m.Prometheus) }

// ours is the full name of a metric or family of the catalog.
func ours(name string) string { return "streamwatch_" + name }

// series selects a metric of the chosen events and streams.
func series(m *probe.Metric, more ...string) string {
	matchers := []string{`event=~"$event"`}
	if m.Scope != probe.ByEvent {
		matchers = append(matchers, `stream=~"$stream"`)
	}
	return prometheusName(m) + "{" + strings.Join(append(matchers, more...), ",") + "}"
}

// variable is a list at the top of the dashboard from which one chooses.
func variable(name, within string) object {
	query := fmt.Sprintf("label_values(%s{%s}, %s)", prometheusName(probe.ManifestAvail), within, name)
	return object{
		"name": name, "label": name, "type": "query", "datasource": source(), "query": object{"query": query, "refId": name},
		"definition": query,
		"refresh":    2, "includeAll": true, "multi": true, "allValue": ".+", "sort": 1,
		"current": object{"selected": true, "text": []string{"All"}, "value": []string{"$__all"}},
	}
}

func source() object { return object{"type": "prometheus", "uid": "${DS_PROMETHEUS}"} }

// grafana places panels from left to right on a grid 24 wide.
type grafana struct {
	panels          []object
	x, y, rowHeight int
}

func (g *grafana) place(width, height int, panel object) {
	if g.x+width > 24 {
		g.x, g.y, g.rowHeight = 0, g.y+g.rowHeight, 0
	}
	panel["id"] = len(g.panels) + 1
	panel["datasource"] = source()
	panel["gridPos"] = object{"x": g.x, "y": g.y, "w": width, "h": height}
	g.panels = append(g.panels, panel)
	g.x, g.rowHeight = g.x+width, max(g.rowHeight, height)
}

func target(expr, legend string) object {
	return object{"refId": "A", "datasource": source(), "expr": expr, "legendFormat": legend}
}

// stat shows the newest value in colour: red beyond the limit. A limit of zero
// is one from below.
func (g *grafana) stat(title, expr, unit string, fine, limit float64) {
	steps := []object{{"color": "green", "value": nil}, {"color": "red", "value": limit}}
	if limit < fine {
		steps = []object{{"color": "red", "value": nil}, {"color": "green", "value": fine}}
	}
	g.place(6, 4, object{
		"type": "stat", "title": title, "targets": []object{target(expr, "{{stream}} {{side}}")},
		"fieldConfig": object{
			"defaults":  object{"unit": unit, "thresholds": object{"mode": "absolute", "steps": steps}},
			"overrides": []object{},
		},
		"options": object{
			"colorMode": "background", "graphMode": "area", "justifyMode": "auto", "textMode": "auto", "orientation": "auto",
			"wideLayout":        true,
			"showPercentChange": false, "percentChangeColorMode": "standard",
			"reduceOptions": object{"calcs": []string{"lastNotNull"}},
		},
	})
}

// incidents lists what is open now, with its culprit.
func (g *grafana) incidents() {
	t := target(ours(probe.FindingsActive.Prometheus)+`{event=~"$event"} > 0`, "")
	t["instant"], t["format"] = true, "table"
	hidden := object{"Time": true, "__name__": true, "instance": true, "job": true}
	g.place(24, 6, object{
		"type": "table", "title": "Open incidents by check and blame", "targets": []object{t},
		"fieldConfig": object{"defaults": object{}, "overrides": []object{}},
		"transformations": []object{{
			"id":      "organize",
			"options": object{"excludeByName": hidden, "renameByName": object{"Value": "open"}},
		}},
	})
}

// opened counts what was opened, by culprit. The metric is a counter that begins
// anew with each process.
func (g *grafana) opened() {
	expr := "sum by (check, blame) (increase(" + ours(probe.IncidentsTotal.Prometheus) + `{event=~"$event"}[1h])) > 0`
	g.timeSeries("Incidents opened within an hour", probe.IncidentsTotal.Help, "short", expr, "{{check}} {{blame}}")
	expr = "sum by (side, kind, outcome) (rate(" + ours(probe.FetchesTotal.Prometheus) +
		`{event=~"$event",stream=~"$stream",outcome!="ok"}[$__rate_interval]))`
	g.timeSeries("Fetches that failed, per second", probe.FetchesTotal.Help, "short", expr,
		"{{side}} {{kind}} {{outcome}}")
}

// annotations mark in every plot what was open at the time, and when people had
// silenced something.
func annotations() []object {
	mark := func(name, color, expr, title, text, tags string) object {
		return object{
			"name": name, "datasource": source(), "enable": true, "iconColor": color, "expr": expr, "step": "10s",
			"titleFormat": title, "textFormat": text, "tagKeys": tags,
		}
	}
	active := ours(probe.FindingsActive.Prometheus)
	return []object{
		mark("Incidents", "red",
			"sum by (check, severity, blame, scope) ("+active+`{event=~"$event",severity=~"error|critical"}) > 0`,
			"{{check}}", "{{severity}}, blame {{blame}}, scope {{scope}}", "severity,blame,scope"),
		mark("Warnings", "orange",
			"sum by (check, severity, blame, scope) ("+active+`{event=~"$event",severity="warning"}) > 0`,
			"{{check}}", "{{severity}}, blame {{blame}}, scope {{scope}}", "severity,blame,scope"),
		mark("Silences and maintenance", "blue", ours(probe.SilencesActive.Prometheus)+`{event=~"$event"} > 0`,
			"silenced", "maintenance: {{maintenance}}", "maintenance"),
	}
}

// plot shows a panel under its metric's help text.
func (g *grafana) plot(p *Panel) {
	lines := []string{"stream"}
	if p.Metric == probe.MediaSequence { // each rendition counts by itself
		lines = append(lines, "rendition")
	}
	if p.Metric.Scope == probe.BySide {
		lines = append(lines, "side")
	}
	if p.Metric.OfEdge(probe.Edge) {
		lines = append(lines, "edge") // an event with one edge has no such label
	}
	expr := fmt.Sprintf("%s by (%s) (%s)", p.Of, strings.Join(lines, ", "), series(p.Metric))
	g.timeSeries(p.Title, p.Metric.Help, grafanaUnits[p.Unit], expr, "{{"+strings.Join(lines, "}} {{")+"}}")
}

// grafanaUnits are Grafana's names; it chooses milliseconds by itself.
var grafanaUnits = map[string]string{"s": "s", "ms": "s", "%": "percentunit", "": "short"}

// phases shows where the time of fetches goes.
func (g *grafana) phases() {
	expr := "histogram_quantile(0.9, sum by (le, side, phase) (rate(" + ours(probe.FetchPhase.Prometheus) +
		"_bucket[$__rate_interval])))"
	g.timeSeries("Phases of fetches, p90", "DNS, connect, TLS, first byte and body.", "s", expr, "{{side}} {{phase}}")
}

func (g *grafana) timeSeries(title, help, unit, expr, legend string) {
	g.place(12, 8, object{
		"type": "timeseries", "title": title, "description": help, "targets": []object{target(expr, legend)},
		"fieldConfig": object{
			"defaults": object{
				"unit": unit, "min": 0,
				"custom": object{"drawStyle": "line", "lineInterpolation": "stepAfter", "spanNulls": false},
			},
			"overrides": []object{},
		},
		"options": object{
			"legend":  object{"showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": []string{}},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		},
	})
}
