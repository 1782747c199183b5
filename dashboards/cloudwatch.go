package dashboards

import (
	"fmt"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// maxPlots is how many streams a plot shows; CloudWatch takes 500 metrics in
// one, people far less.
const maxPlots = 20

// maxSearched is how many streams have a line of their own where the plots find
// theirs by a search, because the event has too many for one template.
const maxSearched = 10

// Dashboard returns the body of the CloudWatch dashboard as text for Fn::Sub:
// what is known only in the stack (its name, its region, the distribution) is a
// placeholder. Names of events and streams cannot hold one.
func Dashboard(o Options) ([]byte, error) {
	return layOut(o.withDefaults(), nil)
}

// layOut shows the alarms of stacks beside this one too, by their ARNs.
func layOut(o Options, beside []string) ([]byte, error) {
	b := &board{o: o, streams: o.Streams[:min(len(o.Streams), maxPlots)], search: beside != nil}
	if b.search {
		b.streams = b.streams[:min(len(b.streams), maxSearched)]
	}
	b.text(fmt.Sprintf("# %s\nEdge against origin, as streamwatch sees them. Generated: change event.yaml, not this.",
		o.Event))
	b.alarms(beside)
	for i := range b.streams {
		b.status(&b.streams[i])
	}
	b.plot("Age of the newest segment", b.rows(probe.ManifestAge, "Maximum"), b.stale())
	b.plot("Edge behind origin", b.rows(probe.EdgeLagSegments, "Maximum"), nil)
	b.plot("Playlists available", b.rows(probe.ManifestAvail, "Average"), nil)
	b.plot("Segments available", b.rows(probe.SegmentAvail, "Average"), nil)
	b.plot("Fetching a playlist", append(b.rows(probe.ManifestFetch, "p50"), b.rows(probe.ManifestFetch, "p90")...), nil)
	b.plot("Fetching a segment", append(b.rows(probe.SegmentFetch, "p50"), b.rows(probe.SegmentFetch, "p90")...), nil)
	b.plot("Cache", append(b.rows(probe.EdgeCacheHit, "Average"), b.rows(probe.EdgeObjectAge, "Maximum")...), nil)
	b.plot("Live latency", b.rows(probe.LiveLatency, "Average"), nil)
	if o.Viewers {
		b.viewers()
	}
	if o.distribution() != "" {
		b.cloudFront()
	}
	return encode(object{"start": "-PT3H", "periodOverride": "inherit", "widgets": b.widgets}, "")
}

// board places widgets from left to right on a grid 24 wide.
type board struct {
	o               Options
	streams         []Stream
	search          bool // plots find their streams by SEARCH instead of a list
	widgets         []object
	x, y, rowHeight int
}

func (b *board) place(kind string, width, height int, properties object) {
	if rows, ok := properties["metrics"].([]any); ok {
		properties["metrics"] = abridged(rows)
	}
	if b.x+width > 24 {
		b.x, b.y, b.rowHeight = 0, b.y+b.rowHeight, 0
	}
	b.widgets = append(b.widgets, object{
		"type": kind, "x": b.x, "y": b.y, "width": width, "height": height,
		"properties": properties,
	})
	b.x, b.rowHeight = b.x+width, max(b.rowHeight, height)
}

// abridged writes rows as CloudWatch lets one: "..." repeats the beginning of
// the row above, and "." one value of it. The template has 51,200 bytes.
func abridged(rows []any) []any {
	short := make([]any, len(rows))
	for i := range rows {
		row := rows[i].([]any)
		if i == 0 {
			short[i] = row
			continue
		}
		above, names := rows[i-1].([]any), len(row)-1 // the last one holds the options
		same := 0
		for same < names && len(above) == len(row) && row[same] == above[same] {
			same++
		}
		if same == 0 {
			short[i] = row
			continue
		}
		next := []any{"..."}
		for j := same; j < names; j++ {
			if row[j] == above[j] {
				next = append(next, ".")
			} else {
				next = append(next, row[j])
			}
		}
		short[i] = append(next, row[names])
	}
	return short
}

func (b *board) text(markdown string) { b.place("text", 24, 2, object{"markdown": markdown}) }

// alarms shows the composites first: they say what is wrong with whom. Where
// the streams' alarms are in other stacks, their composites stand for them.
func (b *board) alarms(beside []string) {
	o := b.o
	if beside != nil {
		o.Streams = nil
	}
	alarms, _ := Alarms(o)
	_, all := Alarms(b.o)
	var arns []string
	for i := range all {
		arns = append(arns, "${"+all[i].ID()+".Arn}")
	}
	arns = append(arns, beside...)
	for i := range alarms {
		if len(arns) < 100 { // what the widget takes
			arns = append(arns, "${"+alarms[i].ID()+".Arn}")
		}
	}
	b.place("alarm", 24, 3, object{"title": "Alarms", "alarms": arns})
}

// status is one line of figures for a stream.
func (b *board) status(s *Stream) {
	one := &board{o: b.o, streams: []Stream{*s}}
	figure := func(m *probe.Metric, stat, name string) []any { return relabel(one.rows(m, stat), b.o.places(m), name) }
	rows := slices.Concat(
		figure(probe.ManifestAge, "Maximum", "newest segment, s"),
		figure(probe.ManifestAvail, "Average", "playlists available"),
		figure(probe.EdgeLagSegments, "Maximum", "segments behind origin"),
		figure(probe.OpenIncidents, "Maximum", "open incidents"),
		figure(probe.Silenced, "Maximum", "silenced"),
	)
	b.place("metric", 24, 3, object{
		"title": s.Name, "view": "singleValue", "region": b.o.Region, "period": b.period(), "sparkline": true,
		"metrics": rows,
	})
}

// relabel names rows for a place whose title is their stream, by where each of
// them is measured.
func relabel(rows []any, at []probe.Place, label string) []any {
	for i := range rows {
		row, name := rows[i].([]any), label
		if len(rows) > 1 {
			name = strings.TrimSpace(at[i].String()) + ": " + label
		}
		row[len(row)-1].(object)["label"] = name
	}
	return rows
}

func (b *board) plot(title string, rows []any, lines []object) {
	properties := object{
		"title": title, "view": "timeSeries", "region": b.o.Region, "period": b.period(), "metrics": rows,
		"yAxis": object{"left": object{"min": 0}},
	}
	if lines != nil {
		properties["annotations"] = object{"horizontal": lines}
	}
	b.place("metric", 12, 6, properties)
}

func (b *board) period() int { return int(b.o.alarmPeriod().Seconds()) }

// rows returns those of a metric of every stream, on both sides where it has
// sides, and of each edge.
func (b *board) rows(m *probe.Metric, stat string) []any {
	if b.search {
		return b.searched(m, stat)
	}
	var rows []any
	for _, s := range b.streams {
		for _, at := range b.o.places(m) {
			row := []any{b.o.Namespace, m.Name, "Event", b.o.Event, "Stream", s.Name}
			what := m.Name
			if m.Scope == probe.BySide {
				row, what = append(row, "Side", at.Side.String()), at.String()
			}
			if at.Edge != "" {
				row = append(row, "Edge", at.Edge)
				if m.Scope != probe.BySide {
					what += " " + at.Edge
				}
			}
			if m.Scope != probe.BySide {
				rows = append(rows, append(row, object{"stat": stat, "label": label(s.Name, what, "")}))
				continue
			}
			rows = append(rows, append(row, object{"stat": stat, "label": label(s.Name, what, stat)}))
		}
	}
	return rows
}

// searched is an expression for a metric of all streams, and one for each set of
// dimensions that it has ("Using search expressions in graphs", CloudWatch User
// Guide).
func (b *board) searched(m *probe.Metric, stat string) (rows []any) {
	dimensions := []string{"Stream"}
	if m.Scope == probe.BySide {
		dimensions = []string{"Side,Stream"}
	}
	if len(b.o.Edges) > 0 && m.OfEdge(probe.Edge) {
		with := "Edge," + dimensions[0]
		if m.Scope == probe.BySide {
			dimensions = append(dimensions, with)
		} else {
			dimensions[0] = with
		}
	}
	for _, d := range dimensions {
		search := fmt.Sprintf(`SEARCH('{"%s",Event,%s} Event="%s" MetricName="%s"', '%s', %d)`,
			b.o.Namespace, d, b.o.Event, m.Name, stat, b.period())
		rows = append(rows, []any{object{"expression": search}})
	}
	return rows
}

func label(stream, what, stat string) string {
	if len(stat) > 0 && stat[0] == 'p' {
		what += " " + stat
	}
	return stream + " " + what
}

// stale draws the thresholds beyond which viewers stall, each once.
func (b *board) stale() []object {
	lines, seen := []object{}, map[float64]bool{}
	for _, s := range b.streams {
		v := s.staleAfter().Seconds()
		if !seen[v] {
			lines = append(lines, object{"label": "viewers stall", "value": v, "color": "#d13212"})
		}
		seen[v] = true
	}
	return lines
}

// cloudFront shows what CloudFront says of itself. Its metrics are in us-east-1
// only, under the region Global.
func (b *board) cloudFront() {
	rows := func(stat string, names ...string) (rows []any) {
		for _, n := range names {
			rows = append(rows, []any{
				"AWS/CloudFront", n, "DistributionId", b.o.distribution(), "Region", "Global",
				object{"stat": stat},
			})
		}
		return rows
	}
	place := func(title string, rows []any) {
		b.place("metric", 8, 6, object{
			"title": title, "view": "timeSeries", "region": "us-east-1", "period": 60,
			"metrics": rows,
		})
	}
	place("CloudFront: requests", rows("Sum", "Requests"))
	place("CloudFront: bytes to viewers", rows("Sum", "BytesDownloaded"))
	place("CloudFront: errors (%)", rows("Average", "4xxErrorRate", "5xxErrorRate"))
	if b.o.Additional {
		place("CloudFront: cache hits (%)", rows("Average", "CacheHitRate"))
		place("CloudFront: origin latency (ms)", rows("p90", "OriginLatency"))
	}
}
