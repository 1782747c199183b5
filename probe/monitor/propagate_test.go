package monitor_test

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
)

// young is an edge that does not resolve until `known`, answers 403 until
// `ready`, and breaks at `broken`.
type young struct {
	all                  http.RoundTripper
	known, ready, broken time.Time
}

func (y young) RoundTrip(r *http.Request) (*http.Response, error) {
	now := time.Now()
	switch {
	case r.URL.Host != "edge.test":
	case now.Before(y.known):
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}}
	case now.Before(y.ready):
		return handler(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }).RoundTrip(r)
	case now.After(y.broken):
		return nil, errors.New("connection refused")
	}
	return y.all.RoundTrip(r)
}

// A domain that is made just now may take minutes until it answers everywhere:
// that is no incident, and no sample that an alarm could see. Once it has
// answered, or the grace is over, it is judged like any other.
func TestPropagation(t *testing.T) {
	const grace = 10 * time.Minute
	for name, c := range map[string]struct {
		known, ready, broken time.Duration
		opens                time.Duration // 0 is never
	}{
		"answers in time":               {4 * time.Minute, 6 * time.Minute, time.Hour, 0},
		"answers too late":              {30 * time.Minute, 40 * time.Minute, time.Hour, grace},
		"breaks after its first answer": {time.Minute, 2 * time.Minute, 5 * time.Minute, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				src := &stream{start: began.Add(-time.Minute), until: began.Add(time.Hour), asked: map[string]int{}}
				got := &sink{last: map[string]probe.Incident{}}
				m := monitor.New(monitor.Options{
					Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", Grace: grace,
					Transport: young{handler(src.ServeHTTP), began.Add(c.known), began.Add(c.ready), began.Add(c.broken)},
					Streams:   []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
					Sinks:     []probe.Sink{got}, Segments: monitor.SegmentsHead,
				})
				stop := run(t, m)
				time.Sleep(time.Minute - time.Second)
				snap := m.Snapshot()
				if r := snap.Streams[0].Renditions; snap.Verdict != probe.Waiting || len(r) != 1 ||
					r[0].Edge.Phase != probe.Propagating || r[0].Origin.Verdict != probe.OK {
					t.Errorf("before the first answer: %s, %+v", snap.Verdict, r)
				}
				time.Sleep(11 * time.Minute)
				synctest.Wait()
				snap = m.Snapshot()
				if snap.Streams[0].Renditions[0].Edge.Phase != "" {
					t.Error("propagating after the grace")
				}
				stop()
				if c.opens == 0 {
					if len(got.last) > 0 || snap.Verdict != probe.OK {
						t.Errorf("%s, incidents %+v, want none", snap.Verdict, got.last)
					}
					return
				}
				if len(got.last) == 0 || snap.Verdict != probe.Down {
					t.Errorf("%s, incidents %+v, want one", snap.Verdict, got.last)
				}
				for _, in := range got.last {
					if after := in.Opened.Sub(began) - c.opens; after < 0 || after > 10*time.Second || in.Side != probe.Edge {
						t.Errorf("%s opened at %s, want from %s on at the edge", in.Check, in.Opened.Sub(began), c.opens)
					}
				}
			})
		})
	}
}

// A distribution that was made just now may fail while another CDN is watched
// already: the stream is on, and what the other edge shows counts.
func TestPropagationBesideAnotherEdge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		src := &stream{start: began.Add(-time.Minute), until: began.Add(time.Hour), asked: map[string]int{}}
		got := &sink{last: map[string]probe.Incident{}}
		m := monitor.New(monitor.Options{
			Event: "e", Origin: "http://origin.test", Edge: "http://edge.test", EdgeName: "cloudfront", Grace: 10 * time.Minute,
			Edges:     []monitor.Edge{{Name: "second", URL: "http://second.test"}},
			Transport: young{handler(src.ServeHTTP), began.Add(time.Hour), began.Add(time.Hour), began.Add(2 * time.Hour)},
			Streams:   []monitor.Stream{{Name: "main", Manifest: "/m.m3u8"}},
			Sinks:     []probe.Sink{got}, Segments: monitor.SegmentsHead,
		})
		stop := run(t, m)
		time.Sleep(time.Minute)
		snap := m.Snapshot()
		stop()
		r := snap.Streams[0].Renditions
		if snap.Verdict != probe.OK || len(r) != 1 || len(got.last) > 0 {
			t.Fatalf("%s, %d incidents, %+v", snap.Verdict, len(got.last), r)
		}
		if a, b := r[0].Edges["cloudfront"], r[0].Edges["second"]; a.Phase != probe.Propagating || b.Phase != "" ||
			b.Verdict != probe.OK {
			t.Errorf("cloudfront %s %s, second %s %s", a.Phase, a.Verdict, b.Phase, b.Verdict)
		}
	})
}
