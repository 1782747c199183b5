package report_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
)

func TestScorecard(t *testing.T) {
	card := report.NewScorecard([]string{"cloudfront", "second", "third"})
	at := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	give := func(edge string, m *probe.Metric, v float64) {
		b := probe.Batch{At: at, Samples: []probe.Sample{{Metric: m, Stream: "main", Edge: edge, Value: v, At: at}}}
		if err := card.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		give("cloudfront", probe.ManifestAvail, 1)
		give("cloudfront", probe.EdgeLag, 0)
		give("second", probe.ManifestAvail, float64(min(1, i/10))) // the first ten fail
		give("second", probe.EdgeLag, float64(i)/10)
		give("second", probe.ManifestFetch, 0.010+float64(i)/1000)
		give("second", probe.EdgeCacheHit, float64(i%4)/3)
		give("", probe.ManifestAvail, 0) // of the origin
	}
	scores := card.Scores()
	if len(scores) != 3 {
		t.Fatalf("%d scores", len(scores))
	}
	first, second, third := scores[0], scores[1], scores[2]
	if first.Playlists.Value != 1 || first.Lag95 != probe.State(time.Duration(0)) || first.Segments.Stated ||
		first.Fetch50.Stated {
		t.Errorf("cloudfront %+v", first)
	}
	near := func(what string, got probe.Fact[time.Duration], want float64) {
		if !got.Stated || math.Abs(got.Value.Seconds()-want) > 0.02*want {
			t.Errorf("%s is %v, want about %g s", what, got, want)
		}
	}
	near("lag p50", second.Lag50, 4.9)
	near("lag p95", second.Lag95, 9.4)
	near("fetch p50", second.Fetch50, 0.059)
	near("fetch p95", second.Fetch95, 0.104)
	if second.Playlists.Value != 0.9 || math.Abs(second.HitRatio.Value-0.5) > 0.001 || second.PlaylistAsks != 100 {
		t.Errorf("second %+v", second)
	}
	if third != (report.EdgeScore{Edge: "third"}) {
		t.Errorf("third %+v", third)
	}

	r := report.Run{
		Event: "concert", From: at.Add(-time.Hour), Until: at, Edges: scores,
		Snapshot: &probe.Snapshot{Event: "concert", Started: at.Add(-time.Hour)},
	}
	var page, data strings.Builder
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	if err := r.JSON(&data); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h2>Edges</h2>", "<td>second<td>90.00 %", "<td>third<td>–"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %q:\n%s", want, page.String())
		}
	}
	if !strings.Contains(data.String(), `"playlist_availability": 0.9`) {
		t.Errorf("%s", data.String())
	}
	r.Edges = nil
	data.Reset()
	if err := r.JSON(&data); err != nil || strings.Contains(data.String(), `"edges"`) {
		t.Errorf("an event with one edge has a scorecard (%v)", err)
	}
	if !slices.IsSortedFunc(scores, func(a, b report.EdgeScore) int { return strings.Compare(a.Edge, b.Edge) }) {
		t.Error("the edges are not in the order of the event")
	}
}
