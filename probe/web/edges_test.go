package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// A query names one of several edges; the first is meant where it does not.
func TestSeriesOfEdges(t *testing.T) {
	two := []string{"cloudfront", "second"}
	for _, c := range []struct {
		query, want string // the edge, or a part of the mistake
		edges       []string
	}{
		{"metric=manifest_age_seconds&side=edge", "", nil},
		{"metric=manifest_age_seconds&side=edge", "cloudfront", two},
		{"metric=manifest_age_seconds&side=edge&edge=second", "second", two},
		{"metric=manifest_age_seconds&side=origin", "", two},
		{"metric=edge_lag_seconds&edge=second", "second", two},
		{"metric=edge_lag_seconds", "cloudfront", two},
		{"metric=open_incidents", "", two},
		{"metric=manifest_age_seconds&side=edge&edge=third", `edge="third", want one of cloudfront, second`, two},
		{"metric=manifest_age_seconds&side=edge&edge=second", `edge="second": the event has one edge`, nil},
		{
			"metric=manifest_age_seconds&side=origin&edge=second",
			"manifest_age_seconds at the origin is not told apart by edge", two,
		},
		{"metric=open_incidents&edge=second", "is not told apart by edge", two},
	} {
		values, err := url.ParseQuery("stream=main&" + c.query)
		if err != nil {
			t.Fatal(err)
		}
		var q probe.SeriesQuery
		if q, err = seriesQuery(values, time.Now()); err == nil {
			err = edgeOf(&q, c.edges)
		}
		switch {
		case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s of %v: %v, want %q", c.query, c.edges, err, c.want)
		case err == nil && q.Edge != c.want:
			t.Errorf("%s of %v is edge %q, want %q", c.query, c.edges, q.Edge, c.want)
		}
	}
}
