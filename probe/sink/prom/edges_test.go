package prom

import (
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/probe"
)

// Several edges have a label, on what differs from edge to edge; one has none.
func TestLabelOfEdges(t *testing.T) {
	for _, several := range []bool{false, true} {
		s := New(Options{Event: "concert", Edges: several})
		b := probe.Batch{At: start, Event: "concert", Stream: "main"}
		edges := []string{""}
		if several {
			edges = []string{"cloudfront", "second"}
		}
		for i, edge := range edges {
			for _, m := range []*probe.Metric{probe.ManifestAge, probe.EdgeLag} {
				one := probe.Sample{Metric: m, Stream: "main", Rendition: "720p", Edge: edge, Value: float64(i + 1), At: start}
				if m.Scope == probe.BySide {
					one.Side = probe.Edge
				}
				b.Samples = append(b.Samples, one)
			}
		}
		b.Samples = append(b.Samples,
			probe.Sample{Metric: probe.ManifestAge, Stream: "main", Rendition: "720p", Side: probe.Origin, Value: 9, At: start},
			probe.Sample{Metric: probe.OpenIncidents, Stream: "main", Value: 4, At: start})
		in := incident("a", probe.Opened, probe.BlameCDN)
		if several {
			in.Edge = "second"
		}
		b.Incidents = []probe.Incident{in}
		write(t, s, b)
		text := scrape(t, s)
		want := []string{
			`manifest_age_seconds{event="concert",rendition="720p",side="edge",stream="main"} 1`,
			`edge_lag_seconds{event="concert",rendition="720p",stream="main"} 1`,
			`findings_active{blame="cdn",check="upd.stale",event="concert",scope="edge",severity="critical",silenced="false"} 1`,
		}
		if several {
			want = []string{
				`manifest_age_seconds{edge="cloudfront",event="concert",rendition="720p",side="edge",stream="main"} 1`,
				`manifest_age_seconds{edge="second",event="concert",rendition="720p",side="edge",stream="main"} 2`,
				`manifest_age_seconds{edge="",event="concert",rendition="720p",side="origin",stream="main"} 9`,
				`edge_lag_seconds{edge="second",event="concert",rendition="720p",stream="main"} 2`,
				`findings_active{blame="cdn",check="upd.stale",edge="second",event="concert",scope="edge",severity="critical",` +
					`silenced="false"} 1`,
			}
		}
		for _, line := range append(want, `open_incidents{event="concert",rendition="",stream="main"} 4`) {
			if !strings.Contains(text, "streamwatch_"+line+"\n") {
				t.Errorf("several %v: no %s", several, line)
			}
		}
	}
}
