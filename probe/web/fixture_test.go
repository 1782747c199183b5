package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var start = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

// fake is an event that a test, or the preview of the page, sets by hand.
type fake struct {
	mu     sync.Mutex
	snap   *probe.Snapshot
	past   []probe.Incident
	sinks  []probe.SinkHealth
	active []ActiveFault
	fail   error
	asked  []probe.SeriesQuery
}

// queries returns what the page asked for.
func (f *fake) queries() []probe.SeriesQuery {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

func (f *fake) Snapshot() *probe.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snap
}

func (f *fake) Open() []probe.Incident {
	if snap := f.Snapshot(); snap != nil {
		return snap.Incidents
	}
	return nil
}

func (f *fake) set(snap *probe.Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snap = snap
}

func (f *fake) Incidents(_ context.Context, q probe.IncidentFilter) ([]probe.Incident, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := []probe.Incident{}
	for _, in := range f.past {
		if q.Chooses(&in) {
			list = append(list, in)
		}
	}
	slices.SortFunc(list, func(a, b probe.Incident) int { return probe.RankOf(&a).Compare(probe.RankOf(&b)) })
	return list[:min(len(list), q.Limit)], f.fail
}

// Series is a saw tooth, which an age is.
func (f *fake) Series(_ context.Context, q probe.SeriesQuery) ([]probe.Point, error) {
	f.mu.Lock()
	f.asked = append(f.asked, q)
	f.mu.Unlock()
	if q.Stream != "main" {
		return nil, f.fail
	}
	var points []probe.Point
	height := map[*probe.Metric]float64{probe.ManifestAge: 2, probe.EdgeLag: 2, probe.ManifestFetch: 0.02}[q.Metric]
	end := time.Now()
	if !q.Until.IsZero() {
		end = q.Until
	}
	step := max(10*time.Second, end.Sub(q.Since)/time.Duration(q.MaxPoints))
	for at := q.Since.Truncate(step); at.Before(end); at = at.Add(step) {
		wave := math.Sin(float64(at.Unix())/90) / 4
		v := height * (1 + wave*float64(1+q.Side))
		if q.Side == probe.Edge && q.Metric == probe.ManifestAge && time.Since(at) < 30*time.Second {
			v += 30 - time.Since(at).Seconds()
		}
		points = append(points, probe.Point{At: at.UTC(), Min: v / 2, Max: v, Mean: v * 0.75, Last: v, Count: 5})
	}
	return points, f.fail
}

func (f *fake) List() []Fault {
	return []Fault{
		{"stale-edge", "The edge serves an old playlist", "edge"},
		{"encoder-stop", "The encoder stops", "origin"},
		{"segment-404", "New segments are missing", "origin"},
		{"edge-503", "The edge answers 503", "edge"},
	}
}

func (f *fake) Active() []ActiveFault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.active
}

func (f *fake) Inject(name, stream, rendition string, _ time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, known := range f.List() {
		if known.Name == name {
			f.active = append(f.active, ActiveFault{name, stream, rendition})
			return nil
		}
	}
	return fmt.Errorf("unknown fault %q", name)
}

func (f *fake) Clear(string, string, string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active = nil
	return nil
}

func side(v probe.Verdict, msn uint64, age time.Duration, at time.Time) *probe.SideSnapshot {
	return &probe.SideSnapshot{
		Verdict: v, MediaSequence: probe.State(msn), LastSegmentAge: probe.State(age),
		Status: 200, Fetch: probe.State(12 * time.Millisecond),
		Checked: at, URL: "http://origin.example/main/720p/playlist.m3u8",
	}
}

// sick is a stream whose edge stopped; it is also what the contract shows.
func sick(at time.Time) *probe.Snapshot {
	inc := stale(at)
	stream := probe.StreamSnapshot{
		Name: "main", Verdict: probe.Down, Since: at.Add(-19 * time.Second), OpenIncidents: []string{inc.ID},
	}
	for i, name := range []string{"1080p", "720p", "360p"} {
		edge := side(probe.Down, 1204, 28*time.Second+time.Duration(i)*200*time.Millisecond, at)
		edge.Cache, edge.ObjectAge, edge.URL =
			"hit", probe.State(29*time.Second), probe.ShownURL("https://edge.example/main/"+name+"/playlist.m3u8")
		stream.Renditions = append(stream.Renditions, probe.RenditionSnapshot{
			Name: name, Verdict: probe.Down, Edge: edge, Origin: side(probe.OK, 1218, 700*time.Millisecond, at),
			EdgeLag:     probe.State(28 * time.Second),
			EdgeLagSegs: probe.State(int64(14)), TargetDuration: probe.State(2 * time.Second),
		})
	}
	return &probe.Snapshot{
		Event: "autumn-concert", Verdict: probe.Down, Since: stream.Since, At: at, Started: at.Add(-time.Hour),
		Edge: "https://edge.example", Origin: "http://origin.example", Streams: []probe.StreamSnapshot{stream},
		Incidents: []probe.Incident{inc},
	}
}

func healthy(at time.Time, name string) *probe.Snapshot {
	snap := sick(at)
	snap.Verdict, snap.Since = probe.OK, at.Add(-40*time.Minute)
	stream := &snap.Streams[0]
	stream.Name, stream.Verdict, stream.Since, stream.OpenIncidents, snap.Incidents = name, probe.OK, snap.Since, nil, nil
	for i := range stream.Renditions {
		r := &stream.Renditions[i]
		age := time.Duration(at.UnixMilli()%2000) * time.Millisecond
		r.Verdict, r.Edge.Verdict, r.Edge.MediaSequence, r.EdgeLag, r.EdgeLagSegs =
			probe.OK, probe.OK, r.Origin.MediaSequence, probe.State(time.Duration(0)), probe.State(int64(0))
		r.Edge.LastSegmentAge, r.Origin.LastSegmentAge, r.Edge.ObjectAge =
			probe.State(age), probe.State(age), probe.State(time.Second)
	}
	return snap
}

func stale(at time.Time) probe.Incident {
	return probe.Incident{
		ID: "01J9ZK", State: probe.Opened, Check: "upd.stale", Severity: probe.Critical, Blame: probe.BlameCDN,
		Event: "autumn-concert", Stream: "main", Streams: []string{"main"}, Scope: probe.ScopeStream,
		Because: "the origin advanced 3 segments meanwhile", Count: 1, Rendition: "1080p",
		Renditions: []string{"1080p", "720p", "360p"}, Side: probe.Edge,
		Summary: "playlist stopped moving",
		Detail:  "no new segment for 9.4 s (limit 9 s); origin advanced 3 segments meanwhile",
		URL:     "http://127.0.0.1:8090/#incident=01J9ZK", Runbook: "http://127.0.0.1:8090/checks/upd.stale",
		Began: at.Add(-28 * time.Second), Opened: at.Add(-19 * time.Second),
		Spec: "RFC 8216bis §6.2.1", Consequences: []string{"edge.lag", "edge.age"},
		Evidence: []probe.Evidence{{
			At: at.Add(-19 * time.Second), URL: "https://edge.example/main/1080p/playlist.m3u8", Status: 200,
			Cache: "hit", Age: probe.State(29 * time.Second),
			Pop: "FRA56-P4", RequestID: "Zk1b2m3",
			Curl: "curl -sS -i -H 'Accept-Encoding: gzip' 'https://edge.example/main/1080p/playlist.m3u8'",
		}},
	}
}

func over(at time.Time) probe.Incident {
	inc := stale(at)
	inc.ID, inc.State, inc.Check, inc.Severity, inc.Blame, inc.Side =
		"01J9AA", probe.Closed, "seg.status", probe.Error, probe.BlameOrigin, probe.Origin
	inc.Because, inc.URL, inc.Runbook = "the edge and the origin both answer 404",
		"http://127.0.0.1:8090/#incident=01J9AA", "http://127.0.0.1:8090/checks/seg.status"
	inc.Summary, inc.Detail, inc.Consequences = "a listed segment cannot be fetched", "status 404 for 3 of 3 tries", nil
	inc.Began, inc.Opened = at.Add(-9*time.Minute), at.Add(-9*time.Minute)
	inc.Closed = new(at.Add(-8 * time.Minute))
	return inc
}

func (f *fake) options() Options {
	return Options{
		Source: f, History: f, Faults: f,
		Sinks: func() []probe.SinkHealth {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.sinks
		},
		Runbook:    func(check string) (string, bool) { return "What it means, <plainly>.", check != "nope" },
		Metrics:    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "up 1") }),
		Embeds:     previewStub,
		EmbedKinds: []string{"hlsjs", "videojs", "native"},
		Plots: []Plot{
			{"Age of the newest segment", "manifest_age_seconds", "s", "max", true},
			{"Edge behind origin", "edge_lag_seconds", "s", "max", false},
			{"Fetching a playlist", "manifest_fetch_seconds", "ms", "max", true},
			{"Playlists available", "manifest_available", "%", "min", true},
		},
		AlarmNotes: func() []string { return []string{"ops@example.com has not confirmed the subscription"} },
		Alarms: func() []Alarm {
			at := probe.FormatTime(time.Now().Add(-time.Minute))
			return []Alarm{
				{"viewer-impact", "", "ALARM", at, "viewers suffer", "", true, new(true)},
				{"heartbeat", "", "OK", at, "nobody watches", "MonitorHeartbeat SampleCount < 1, 2 of 3 × 60 s", true, new(false)},
				{
					"edge-lag-main", "main", "INSUFFICIENT_DATA", at, "the edge is far behind",
					"EdgeLagSegments Maximum > 3, 2 of 3 × 60 s", false, nil,
				},
			}
		},
	}
}

func previewStub(stream string) http.Handler {
	if stream != "main" {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		fmt.Fprintf(w, "<!doctype html><title>preview</title><body>%s", r.URL.Path)
	})
}

var errDisk = errors.New("disk on fire at /secret/path")
