package drill_test

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
)

// slowScenes are segments that come too late, here, there and everywhere.
func slowScenes() []scene {
	narrow := func(s *drill.Setup) { s.Through = narrowed(15*time.Second, time.Second, false) }
	return []scene{
		{
			name: "both sides slow, and the edge's cache", setup: narrow, lasts: 30 * time.Second,
			blame: []probe.Blame{probe.BlamePath}, side: probe.Origin, least: probe.Warning, worst: probe.Warning,
			never: probe.BlameOrigin, verdict: probe.OK,
		},
		{
			name: "both sides slow, and the control URL", preset: "nginx",
			setup: func(s *drill.Setup) {
				s.Monitor.Control = "http://control.test/"
				s.Through = narrowed(15*time.Second, time.Second, true)
			},
			lasts: 30 * time.Second, blame: []probe.Blame{probe.BlamePath}, side: probe.Origin, least: probe.Warning,
			worst: probe.Warning, never: probe.BlameOrigin, verdict: probe.OK,
		},
		{
			name: "both sides slow, and the second CDN", preset: "haproxy",
			setup: func(s *drill.Setup) { s.Second = true; narrow(s) },
			lasts: 30 * time.Second, blame: []probe.Blame{probe.BlamePath}, side: probe.Origin, least: probe.Warning,
			worst: probe.Warning, never: probe.BlameOrigin, verdict: probe.OK,
		},
		{
			name: "origin slow, the edge waits for it", fault: "slow-segments", lasts: 30 * time.Second,
			blame: ofOrigin, side: probe.Origin, least: probe.Error, never: probe.BlamePath,
		},
		{
			name: "origin slow, and the control URL quick",
			setup: func(s *drill.Setup) {
				s.Monitor.Control = "http://control.test/"
				s.Through = narrowed(time.Hour, 0, false)
			},
			fault: "slow-segments", lasts: 30 * time.Second,
			blame: ofOrigin, side: probe.Origin, least: probe.Error, never: probe.BlamePath,
		},
		{
			name: "edge slow", fault: "edge-slow", lasts: 30 * time.Second, blame: []probe.Blame{probe.BlameCDN},
			side: probe.Edge, least: probe.Error, never: probe.BlamePath,
		},
	}
}

// narrowed makes the monitor's own path a narrow one, from a while after its
// start on: segments, and all else where it is told so, take longer by a while.
func narrowed(from, by time.Duration, all bool) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return &narrow{next: next, from: time.Now().Add(from), by: by, all: all}
	}
}

type narrow struct {
	next http.RoundTripper
	from time.Time
	by   time.Duration
	all  bool
}

// RoundTrip passes on. The control URL answers by itself.
func (n *narrow) RoundTrip(r *http.Request) (*http.Response, error) {
	slow := time.Now().After(n.from) && (n.all || path.Ext(r.URL.Path) != ".m3u8")
	if r.URL.Host == "control.test" {
		if wait := 20 * time.Millisecond; slow && n.all {
			time.Sleep(wait + n.by)
		}
		return &http.Response{
			StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
			Body: http.NoBody, Request: r,
		}, nil
	}
	resp, err := n.next.RoundTrip(r)
	if err != nil || !slow {
		return resp, err //nolint:wrapcheck // a transport's error is the transport's
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	time.Sleep(n.by + 200*time.Millisecond)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, err //nolint:wrapcheck // likewise
}
