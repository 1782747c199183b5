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
	g.stat("Newest segment at the edge", "max by (stream) ("+series(probe.ManifestAge, `side="edge"`)+")", "s", 0, staleDefault())
	g.stat("Segments behind the origin", "max by (stream) ("+series(probe.EdgeLagSegments)+")", "short", 0, 3)
	g.stat("Playlists available", "min by (stream, side) ("+series(probe.ManifestAvail)+")", "percentunit", 1, 0)
	g.incidents()
	g.plot(probe.ManifestAge, "s", "max by (stream, side) (%s)", "{{stream}} {{side}}")
	g.plot(probe.EdgeLag, "s", "max by (stream) (%s)", "{{stream}}")
	g.plot(probe.ManifestAvail, "percentunit", "min by (stream, side) (%s)", "{{stream}} {{side}}")
	g.plot(probe.SegmentAvail, "percentunit", "min by (stream, side) (%s)", "{{stream}} {{side}}")
	g.plot(probe.ManifestFetch, "s", "max by (stream, side) (%s)", "{{stream}} {{side}}")
	g.plot(probe.SegmentRatio, "percentunit", "max by (stream, side) (%s)", "{{stream}} {{side}}")
	g.plot(probe.EdgeCacheHit, "percentunit", "avg by (stream) (%s)", "{{stream}}")
	g.plot(probe.EdgeObjectAge, "s", "max by (stream) (%s)", "{{stream}}")
	g.plot(probe.MediaSequence, "short", "max by (stream, rendition, side) (%s)", "{{stream}} {{rendition}} {{side}}")
	g.plot(probe.LiveLatency, "s", "max by (stream) (%s)", "{{stream}}")
	g.phases()
	g.viewers()
	return encode(object{
		"__inputs":   []object{{"name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource", "pluginId": "prometheus", "pluginName": "Prometheus"}},
		"__requires": []object{{"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"}},
		"uid":        "streamwatch", "title": "streamwatch", "tags": []string{"streamwatch", "hls"}, "schemaVersion": grafanaSchema, "version": 1,
		"editable": true, "graphTooltip": 1, "refresh": "10s", "time": object{"from": "now-1h", "to": "now"},
		"timepicker": object{}, "annotations": object{"list": []object{}}, "links": []object{},
		"templating": object{"list": []object{variable("event", ""), variable("stream", `event=~"$event"`)}},
		"panels":     g.panels,
	}, "  ")
}

// staleDefault is the age at which a stream of the usual segments stalls.
func staleDefault() float64 { return Stream{TargetDuration: defaultTarget}.staleAfter().Seconds() }

// prometheusName is a metric's name in Prometheus.
func prometheusName(m *probe.Metric) string { return "streamwatch_" + m.Prometheus }

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
		"name": name, "label": name, "type": "query", "datasource": source(), "query": object{"query": query, "refId": name}, "definition": query,
		"refresh": 2, "includeAll": true, "multi": true, "allValue": ".+", "sort": 1, "current": object{"selected": true, "text": []string{"All"}, "value": []string{"$__all"}},
	}
}

func source() object { return object{"type": "prometheus", "uid": "${DS_PROMETHEUS}"} }

// grafana places panels from left to right on a grid 24 wide.
type grafana struct {
	panels []object
	x, y   int
}

func (g *grafana) place(width, height int, panel object) {
	if g.x+width > 24 {
		g.x, g.y = 0, g.y+8
	}
	panel["id"] = len(g.panels) + 1
	panel["datasource"] = source()
	panel["gridPos"] = object{"x": g.x, "y": g.y, "w": width, "h": height}
	g.panels = append(g.panels, panel)
	g.x += width
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
	g.place(6, 8, object{
		"type": "stat", "title": title, "targets": []object{target(expr, "{{stream}} {{side}}")},
		"fieldConfig": object{"defaults": object{"unit": unit, "thresholds": object{"mode": "absolute", "steps": steps}}, "overrides": []object{}},
		"options":     object{"colorMode": "background", "graphMode": "area", "reduceOptions": object{"calcs": []string{"lastNotNull"}}},
	})
}

// incidents lists what is open now, with its culprit.
func (g *grafana) incidents() {
	t := target(`streamwatch_findings_active{event=~"$event",stream=~"$stream"} > 0`, "")
	t["instant"], t["format"] = true, "table"
	hidden := object{"Time": true, "__name__": true, "instance": true, "job": true}
	g.place(24, 8, object{
		"type": "table", "title": "Open incidents by check and blame", "targets": []object{t},
		"fieldConfig":     object{"defaults": object{}, "overrides": []object{}},
		"transformations": []object{{"id": "organize", "options": object{"excludeByName": hidden, "renameByName": object{"Value": "open"}}}},
	})
}

// plot shows a metric over time under its help text.
func (g *grafana) plot(m *probe.Metric, unit, expr, legend string) {
	g.timeSeries(m.Name, m.Help, unit, fmt.Sprintf(expr, series(m)), legend)
}

// phases shows where the time of fetches goes.
func (g *grafana) phases() {
	const expr = "histogram_quantile(0.9, sum by (le, side, phase) (rate(streamwatch_fetch_phase_seconds_bucket[$__rate_interval])))"
	g.timeSeries("Phases of fetches, p90", "DNS, connect, TLS, first byte and body.", "s", expr, "{{side}} {{phase}}")
}

func (g *grafana) timeSeries(title, help, unit, expr, legend string) {
	g.place(12, 8, object{
		"type": "timeseries", "title": title, "description": help, "targets": []object{target(expr, legend)},
		"fieldConfig": object{
			"defaults":  object{"unit": unit, "min": 0, "custom": object{"drawStyle": "line", "lineInterpolation": "stepAfter", "spanNulls": false}},
			"overrides": []object{},
		},
		"options": object{"legend": object{"displayMode": "list", "placement": "bottom"}, "tooltip": object{"mode": "multi"}},
	})
}
