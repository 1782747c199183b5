package probe

import (
	"fmt"
	"testing"
	"time"
)

func TestWhere(t *testing.T) {
	var many []string
	for i := range 28 {
		many = append(many, fmt.Sprintf("s%02d", i))
	}
	for want, in := range map[string]Incident{
		"the edge host d111.cloudfront.net: 28 streams": {
			Scope: ScopeEdge, Host: "d111.cloudfront.net", Streams: many, Stream: "s00", Side: Edge,
		},
		"the origin host o.example:8080: a, b": {
			Scope: ScopeOrigin, Host: "o.example:8080", Streams: []string{"a", "b"}, Stream: "a",
		},
		"the origin: a":               {Scope: ScopeOrigin, Streams: []string{"a"}},
		"the whole event: 28 streams": {Scope: ScopeEvent, Streams: many},
		"main at the edge":            {Scope: ScopeStream, Streams: []string{"main"}, Stream: "main", Side: Edge},
		"main 720p at the origin": {
			Scope: ScopeRendition, Streams: []string{"main"}, Stream: "main", Rendition: "720p", Side: Origin,
		},
		"main 720p, 360p at the edge": {
			Scope: ScopeStream, Streams: []string{"main"}, Stream: "main", Rendition: "720p",
			Renditions: []string{"720p", "360p"}, Side: Edge,
		},
		"main 720p and 4 more at the edge": {
			Scope: ScopeStream, Streams: []string{"main"}, Stream: "main", Rendition: "720p",
			Renditions: []string{"720p", "360p", "a", "b", "c"}, Side: Edge,
		},
		"main 360p": {Stream: "main", Rendition: "360p"}, // written by an older version
	} {
		if got := in.Where(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestRevise(t *testing.T) {
	at := time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)
	in := Incident{
		State: Opened, Check: "upd.stale", Severity: Error, Blame: BlameOrigin, Scope: ScopeStream, Streams: []string{"main"},
	}
	was := in.Claim()
	in.Detail, in.Streams, in.Count = "longer by now", []string{"main", "other"}, 2
	if in.Revise(at, was) || in.State != Opened || in.Updates != nil {
		t.Errorf("what it claims is the same: %+v", in)
	}
	in.Blame, in.Scope, in.Host, in.Severity = BlameCDN, ScopeEdge, "d111.example", Critical
	want := "severity error → critical, blame origin → cdn, scope stream → edge d111.example"
	if !in.Revise(at, was) || in.State != Updated || len(in.Updates) != 1 || in.Updates[0].What != want {
		t.Errorf("got %+v, want %q", in, want)
	}
	for n := range 50 {
		was = in.Claim()
		in.Check = fmt.Sprint(n)
		in.Revise(at, was)
	}
	if n := len(in.Updates); n != maxUpdates || in.Updates[n-1].What != "check 48 → 49" {
		t.Errorf("%d updates, the last %+v", n, in.Updates[n-1])
	}
}
