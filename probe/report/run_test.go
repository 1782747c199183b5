package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// told is a history of buckets of ten seconds: what happened in each.
type told func(second int, say func(of probe.SeriesQuery, values ...float64))

// Scan gives the buckets.
func (h told) Scan(_ context.Context, from, until time.Time, f func(of probe.SeriesQuery, p probe.Point)) error {
	for at := from; at.Before(until); at = at.Add(10 * time.Second) {
		h(int(at.Sub(began).Seconds()), func(of probe.SeriesQuery, values ...float64) {
			p := probe.Point{At: at, Min: math.Inf(1), Max: math.Inf(-1), Count: len(values)}
			for _, v := range values {
				p.Min, p.Max, p.Mean = min(p.Min, v), max(p.Max, v), p.Mean+v/float64(len(values))
			}
			f(of, p)
		})
	}
	return nil
}

// of names a series of a stream.
func of(m *probe.Metric, stream, rendition string, side probe.Side) probe.SeriesQuery {
	return probe.SeriesQuery{Metric: m, Stream: stream, Rendition: rendition, Side: side}
}

// show is 90 minutes of two streams: both wait for five minutes; main is down
// from minute 10 to 12, second from 61 to 64 in a maintenance that began at 60;
// nobody watched second in the last ten minutes.
var show told = func(second int, say func(of probe.SeriesQuery, values ...float64)) {
	minute := second / 60
	for _, stream := range []string{"main", "second"} {
		verdict, had, age := probe.OK, []float64{1, 1}, 4.0
		switch {
		case stream == "second" && minute >= 80:
			continue
		case minute < 5:
			verdict = probe.Waiting
		case stream == "main" && minute >= 10 && minute < 12, stream == "second" && minute >= 61 && minute < 64:
			verdict, had, age = probe.Down, []float64{0, 1}, 30
		case stream == "main" && minute == 40:
			verdict = probe.Degraded
		}
		say(of(probe.VerdictTime, stream, string(verdict), probe.NoSide), 4, 6)
		if stream == "second" && minute >= 60 && minute < 75 {
			say(of(probe.SilencedTime, stream, string(verdict), probe.NoSide), 4, 6)
		}
		say(of(probe.ManifestAvail, stream, "720p", probe.Edge), had...)
		say(of(probe.ManifestAvail, stream, "720p", probe.Origin), 1)
		say(of(probe.SegmentAvail, stream, "720p", probe.Edge), 1)
		say(of(probe.ManifestAge, stream, "720p", probe.Edge), age, 2)
	}
}

func records(t *testing.T) *Records {
	t.Helper()
	r, err := Read(t.Context(), show, began, began.Add(90*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAvailability(t *testing.T) {
	r := &Run{Event: "concert", From: began, Until: began.Add(90 * time.Minute), Records: records(t)}
	list := r.Streams()
	if len(list) != 2 || list[0].Stream != "main" || list[1].Stream != "second" {
		t.Fatalf("got %+v", list)
	}
	about := func(what string, got *float64, want float64) {
		t.Helper()
		if got == nil || math.Abs(*got-want) > 1e-9 {
			t.Errorf("%s: got %s, want %g", what, percent(got), want)
		}
	}
	about("main", list[0].Share, 83.0/85)
	about("main, silenced nothing", list[0].ShareOutside, 83.0/85)
	about("second", list[1].Share, 72.0/75)
	about("second outside the maintenance", list[1].ShareOutside, 1)
	about("all", r.All().Share, 155.0/160)
	about("all outside the maintenance", r.All().ShareOutside, 143.0/145)
	if s := list[1]; s.Unwatched != 600 || s.Seconds[probe.Waiting] != 300 || s.Seconds[probe.Down] != 180 ||
		s.SilencedSeconds[probe.Down] != 180 {
		t.Errorf("second: %+v", s)
	}
	about("playlists of main", new(list[0].Manifest["edge"]), 89.0/90)
	about("playlists at the origin", new(list[0].Manifest["origin"]), 1)
	if _, known := list[0].Segments["origin"]; known {
		t.Error("segments at the origin were never probed")
	}
	nothing := &Run{From: began, Until: began.Add(time.Minute)}
	if a := nothing.All(); a.Share != nil || len(nothing.Streams()) != 0 || nothing.Longest() != nil ||
		nothing.Worst() != nil {
		t.Errorf("of nothing: %+v", a)
	}
}

// An event with several edges has a row for each, of what was measured there.
func TestAvailabilityOfEdges(t *testing.T) {
	var two told = func(_ int, say func(of probe.SeriesQuery, values ...float64)) {
		say(of(probe.VerdictTime, "main", "ok", probe.NoSide), 10)
		for edge, had := range map[string]float64{"first": 1, "second": 0} {
			q := of(probe.ManifestAvail, "main", "720p", probe.Edge)
			q.Edge = edge
			say(q, had)
		}
	}
	records, err := Read(t.Context(), two, began, began.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	r := &Run{From: began, Until: began.Add(time.Minute), Records: records}
	list := r.Streams()
	if len(list) != 3 || list[0].Edge != "" || *list[0].Share != 1 || list[0].Manifest["edge"] != 0.5 {
		t.Fatalf("got %+v", list)
	}
	if list[1].Edge != "first" || list[1].Manifest["edge"] != 1 || list[2].Edge != "second" ||
		list[2].Manifest["edge"] != 0 {
		t.Errorf("got %+v", list[1:])
	}
	if list[1].Share != nil {
		t.Error("an edge has no verdict")
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{1: "100 %", 0.999999: "99.999 %", 0.5: "50.000 %", 0: "0.000 %"} {
		if got := percent(&share); got != want {
			t.Errorf("%g: got %q, want %q", share, got, want)
		}
	}
}

// Times are of what lies within the report only.
func TestDetection(t *testing.T) {
	r := &Run{From: began, Until: began.Add(time.Hour), Incidents: []probe.Incident{
		incident("a", probe.Critical, probe.BlameCDN, time.Minute, 3*time.Minute),
		incident("b", probe.Error, probe.BlameCDN, 2*time.Minute, 0),
		incident("c", probe.Warning, probe.BlameCDN, 2*time.Minute, 50*time.Minute),
		incident("d", probe.Critical, probe.BlameCDN, -time.Hour, time.Minute),
	}}
	r.Incidents[1].Opened = r.Incidents[1].Began.Add(5 * time.Second)
	d := r.Detection()
	if d.Incidents != 2 || *d.MTTD != 3 || *d.MTTDMax != 5 || d.Closed != 1 || *d.MTTR != 120 {
		t.Errorf("got %+v", d)
	}
	if in := r.Longest(); in.Check != "b" {
		t.Errorf("longest: %s", in.Check)
	}
	if in := r.Worst(); in.Check != "a" {
		t.Errorf("worst: %s", in.Check)
	}
}

func TestCSV(t *testing.T) {
	r := &Run{From: began, Until: began.Add(90 * time.Minute), Records: records(t), Incidents: []probe.Incident{wide()}}
	r.Incidents[0].Rendition = "=HYPERLINK(1)"
	var incidents, availability bytes.Buffer
	if err := r.CSV(&incidents); err != nil {
		t.Fatal(err)
	}
	if err := r.AvailabilityCSV(&availability); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(incidents.String(), ",=HYPER") {
		t.Errorf("a formula: %s", incidents.String())
	}
	for _, text := range []string{incidents.String(), availability.String()} {
		if rows, err := csv.NewReader(strings.NewReader(text)).ReadAll(); err != nil || len(rows) < 2 {
			t.Errorf("%v:\n%s", err, text)
		}
	}
	golden(t, "incidents.csv", incidents.Bytes())
	golden(t, "availability.csv", availability.Bytes())
}
