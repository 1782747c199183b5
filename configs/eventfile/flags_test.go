package eventfile

import (
	"net/http"
	"slices"
	"testing"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// The others may be servers alone or playlists there; what their paths end with
// alike is the manifest.
func TestBases(t *testing.T) {
	for _, c := range []struct {
		edge     string
		others   []string
		manifest string
		want     []string
	}{
		{"https://cdn/live/a.m3u8", []string{"http://o:8080"}, "/live/a.m3u8", []string{"https://cdn", "http://o:8080"}},
		{"https://cdn/live/a.m3u8?t=1", []string{"http://o/x/"}, "/live/a.m3u8?t=1", []string{"https://cdn", "http://o/x"}},
		{
			"https://cdn/live/a.m3u8",
			[]string{"http://o/x/live/a.m3u8"},
			"/live/a.m3u8",
			[]string{"https://cdn", "http://o/x"},
		},
		{"https://cdn/y/a.m3u8", []string{"http://o/x/a.m3u8"}, "/a.m3u8", []string{"https://cdn/y", "http://o/x"}},
		{
			"https://cdn/live/a.m3u8",
			[]string{"https://b/p/live/a.m3u8?t=2", "https://c", "http://o/x/live/a.m3u8"},
			"/live/a.m3u8",
			[]string{"https://cdn", "https://b/p", "https://c", "http://o/x"},
		},
	} {
		event := configs.Default()
		event.Streams = make([]configs.Stream, 1)
		got, err := bases(&event, c.edge, c.others, "--origin")
		if err != nil {
			t.Fatal(err)
		}
		if manifest := event.Streams[0].Manifest.Reveal(); !slices.Equal(got, c.want) || manifest != c.manifest {
			t.Errorf("bases(%s, %s) = %v of %s", c.edge, c.others, got, manifest)
		}
	}
	event := configs.Default()
	event.Streams = make([]configs.Stream, 1)
	if _, err := bases(&event, "https://cdn/a.m3u8", []string{"http://o/b.m3u8"}, "--origin"); err == nil {
		t.Error("two playlists with different names are a pair")
	}
}

// What check is told by flags is in the event as a file would say it.
func TestFlags(t *testing.T) {
	f := Flags{
		Origin: "http://o.example:8080", Edges: []string{"https://b.example"}, Headers: []string{"X-Viewer: v"},
		OriginHeaders: []string{"X-Verify: o"}, Cookies: []string{"session=s"},
	}
	event, err := f.Stream("https://a.example/live/main.m3u8")
	if err != nil || event.Distribution.Existing.URL != "https://a.example" {
		t.Fatalf("%+v, %v", event, err)
	}
	if err := f.Give(event); err != nil {
		t.Fatal(err)
	}
	o := MonitorOptions(event, "https://a.example", nil)
	if o.Origin != "http://o.example:8080" || o.Headers["X-Verify"] != "o" || o.EdgeHeaders["X-Viewer"] != "v" {
		t.Errorf("origin %s, %v, edge %v", o.Origin, o.Headers, o.EdgeHeaders)
	}
	if s := o.Streams[0]; s.Manifest != "/live/main.m3u8" || s.Cookies["session"] != "s" ||
		event.Edges[0].Name != "second" {
		t.Errorf("%+v, edges %+v", s, event.Edges)
	}
}

// A user in a URL goes to the server that it was written for, and to no other, also
// where several are compared. A header that is given stands over it.
func TestAUserInAFlag(t *testing.T) {
	f := Flags{Origin: "http://o:b@o.example", Edges: []string{"https://c:d@b.example", "https://c.example"}}
	event, err := f.Stream("https://a:p@a.example/live/main.m3u8")
	if err != nil {
		t.Fatal(err)
	}
	basic := func(headers map[string]configs.Secret) (user, password string) {
		r := http.Request{Header: http.Header{"Authorization": {headers["Authorization"].Reveal()}}}
		user, password, _ = r.BasicAuth()
		return user, password
	}
	for i, c := range []struct {
		headers        map[string]configs.Secret
		user, password string
	}{
		{event.Distribution.Existing.Headers, "a", "p"},
		{event.Origin.Headers, "o", "b"},
		{event.Edges[0].Headers, "c", "d"},
		{event.Edges[1].Headers, "", ""},
	} {
		if user, password := basic(c.headers); user != c.user || password != c.password {
			t.Errorf("%d: %s:%s, want %s:%s", i, user, password, c.user, c.password)
		}
	}
	f.Headers = []string{"authorization: Bearer t"}
	if err := f.Give(event); err != nil || len(event.Distribution.Existing.Headers) != 1 {
		t.Errorf("%v, %v", err, event.Distribution.Existing.Headers)
	}
}

// Flags that contradict each other, or the event, are the user's mistake.
func TestFlagsThatAreWrong(t *testing.T) {
	const manifest = "https://a.example/live/main.m3u8"
	for name, f := range map[string]Flags{
		"another playlist":      {Origin: "http://o.example/other.m3u8"},
		"no port":               {Edges: []string{"https://b.example:port"}},
		"the same edge twice":   {Edges: []string{"https://a.example"}},
		"too many edges":        {Edges: slices.Repeat([]string{"https://b.example"}, len(Ordinals()))},
		"a header without name": {Headers: []string{"value"}},
		"no cookie":             {Cookies: []string{"value"}},
		"no origin":             {OriginHeaders: []string{"X-Verify: o"}},
	} {
		event, err := f.Stream(manifest)
		if err == nil {
			err = f.Give(event)
		}
		if !probe.IsUsage(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
