package probe

import (
	"fmt"
	"testing"
)

func TestWhere(t *testing.T) {
	var many []string
	for i := range 28 {
		many = append(many, fmt.Sprintf("s%02d", i))
	}
	for want, in := range map[string]Incident{
		"the edge host d111.cloudfront.net: 28 streams": {Scope: ScopeEdge, Host: "d111.cloudfront.net", Streams: many, Stream: "s00", Side: Edge},
		"the origin host o.example:8080: a, b":          {Scope: ScopeOrigin, Host: "o.example:8080", Streams: []string{"a", "b"}, Stream: "a"},
		"the origin: a":                                 {Scope: ScopeOrigin, Streams: []string{"a"}},
		"the whole event: 28 streams":                   {Scope: ScopeEvent, Streams: many},
		"main at the edge":                              {Scope: ScopeStream, Streams: []string{"main"}, Stream: "main", Side: Edge},
		"main 720p at the origin":                       {Scope: ScopeRendition, Streams: []string{"main"}, Stream: "main", Rendition: "720p", Side: Origin},
		"main 720p, 360p at the edge":                   {Scope: ScopeStream, Streams: []string{"main"}, Stream: "main", Rendition: "720p", Renditions: []string{"720p", "360p"}, Side: Edge},
		"main 720p and 4 more at the edge":              {Scope: ScopeStream, Streams: []string{"main"}, Stream: "main", Rendition: "720p", Renditions: []string{"720p", "360p", "a", "b", "c"}, Side: Edge},
		"main 360p":                                     {Stream: "main", Rendition: "360p"}, // written by an older version
	} {
		if got := in.Where(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
