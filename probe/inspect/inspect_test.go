package inspect_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/inspect"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// options are of a live stream at an origin and an edge, whose faults are board's.
// It belongs in a bubble.
func options(t *testing.T, board *sim.Board) inspect.Options {
	t.Helper()
	hosts := sim.Hosts{"origin.test": sim.NewOrigin(sim.Config{Streams: []string{"main"}, Faults: board})}
	config := edge.Config{Origin: mustParse(t, "http://origin.test"), Transport: hosts}
	hosts["edge.test"] = sim.NewEdge(config, board, "")
	return inspect.Options{Monitor: monitor.Options{
		Event: "check", Origin: "http://origin.test", Edge: "http://edge.test", Transport: hosts,
		Streams: []monitor.Stream{{Name: "main", Manifest: "/main/playlist.m3u8"}},
	}}
}

// A healthy stream is watched for three target durations, and all of its
// playlists are in the result; a sick edge is found, and blamed.
func TestEventIsWatched(t *testing.T) {
	for fault, want := range map[string]struct {
		verdict probe.Verdict
		blame   probe.Blame
	}{
		"":         {probe.OK, ""},
		"edge-503": {probe.Down, probe.BlameCDN},
	} {
		t.Run("fault "+fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				board := sim.NewBoard()
				o := options(t, board)
				if fault != "" {
					if err := board.Inject(sim.Injection{Fault: fault}); err != nil {
						t.Fatal(err)
					}
				}
				began := time.Now()
				got, err := inspect.Event(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				got.Sort()
				if got.URL != "http://edge.test/main/playlist.m3u8" || got.Verdict != want.verdict ||
					got.Bad() != (want.blame != "") {
					t.Errorf("%s of %s: %+v", got.Verdict, got.URL, got.Findings)
				}
				if want.blame != "" && got.Findings[0].Blame != want.blame {
					t.Errorf("blame %s, want %s", got.Findings[0].Blame, want.blame)
				}
				if want.blame == "" && (len(got.Playlists) < 4 || time.Since(began) < 3*time.Second) {
					t.Errorf("%d playlists were seen in %s", len(got.Playlists), time.Since(began))
				}
			})
		})
	}
}

// An event that asks for a rendition which no ladder has is the user's mistake,
// and the hint has what is meant.
func TestEventWithoutSuchARendition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(t, sim.NewBoard())
		o.Monitor.Streams[0].Renditions = []string{"36Op"}
		_, err := inspect.Event(t.Context(), o)
		if !probe.IsUsage(err) || !strings.Contains(probe.HintOf(err), "360p") {
			t.Errorf("%v, hint %q", err, probe.HintOf(err))
		}
	})
}

// Where nobody answers, nothing is judged: that is neither healthy nor a finding.
func TestEventThatNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(t, sim.NewBoard())
		o.Monitor.Origin, o.Monitor.Edge = "http://nobody.test", "http://nobody-either.test"
		got, err := inspect.Event(t.Context(), o)
		if !errors.Is(err, inspect.ErrUnseen) || probe.HintOf(err) == "" || got.Verdict != probe.Blind || got.Bad() {
			t.Errorf("%+v, %v, hint %q", got, err, probe.HintOf(err))
		}
	})
}

// What has ended is judged by one look, at once.
func TestEventThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := options(t, sim.NewBoard())
		o.Monitor.Origin, o.Monitor.Transport = "", playlistAt(ended)
		began := time.Now()
		got, err := inspect.Event(t.Context(), o)
		if err != nil || got.Verdict != probe.OK || time.Since(began) > time.Second || !got.Playlists[0].EndList {
			t.Errorf("%+v, %v after %s", got, err, time.Since(began))
		}
	})
}

// A stream that has ended is judged by what the event sets of the checks, and over
// that by what it sets itself.
func TestChecksOfAStreamThatHasEnded(t *testing.T) {
	warn, off := checks.Override{Severity: probe.Warning}, checks.Override{Off: true}
	for name, c := range map[string]struct {
		event, own checks.Override
		want       []probe.Severity
	}{
		"as declared": {want: []probe.Severity{probe.Critical}},
		"the event":   {event: warn, want: []probe.Severity{probe.Warning}},
		"the stream":  {event: off, own: warn, want: []probe.Severity{probe.Warning}},
		"off":         {event: warn, own: off},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := options(t, sim.NewBoard())
			o.Monitor.Origin, o.Monitor.Transport = "", playlistAt(wrong)
			o.Monitor.Overrides = map[string]checks.Override{"td.exceeded": c.event}
			o.Monitor.Streams[0].Checks = map[string]checks.Override{"td.exceeded": c.own}
			got, err := inspect.Event(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			var found []probe.Severity
			for i := range got.Findings {
				if got.Findings[i].Check == "td.exceeded" {
					found = append(found, got.Findings[i].Severity)
				}
			}
			if !slices.Equal(found, c.want) {
				t.Errorf("%s: %v, want %v", name, found, c.want)
			}
		})
	}
}

// An event without a stream, and a look that is told to end, are errors.
func TestEventThatCannotBeLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := inspect.Event(t.Context(), inspect.Options{}); !probe.IsUsage(err) {
			t.Errorf("without a stream: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := inspect.Event(ctx, options(t, sim.NewBoard())); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

const (
	ended = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
		"#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n"
	wrong = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:9,\na.ts\n#EXT-X-ENDLIST\n" // longer than the target duration
)

// A file and the playlists beside it are judged once; what is listed and is not
// there is no finding.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.m3u8":  "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\ngone.m3u8\n",
		"low.m3u8":   wrong,
		"ended.m3u8": ended,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]struct {
		playlists int
		bad       bool
	}{"main.m3u8": {2, true}, "ended.m3u8": {1, false}} {
		got, err := inspect.File(filepath.Join(dir, name))
		if err != nil || len(got.Playlists) != want.playlists || got.Bad() != want.bad {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := inspect.File(filepath.Join(dir, "gone.m3u8")); !probe.IsUsage(err) || probe.HintOf(err) == "" {
		t.Errorf("a file that is not there: %v", err)
	}
}

// What a name holds that means something in a URL is part of the name.
func TestFileOfAnyName(t *testing.T) {
	for _, name := range []string{"live #1.m3u8", "100%.m3u8", "what?.m3u8", "a%20b.m3u8", "ü.m3u8", "d#?%/x.m3u8"} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(wrong), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := inspect.File(file); err != nil || len(got.Playlists) != 1 || !got.Bad() {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		t.Chdir(filepath.Dir(file))
		if got, err := inspect.Text("standard input", []byte(wrong)); err != nil || !got.Bad() {
			t.Errorf("standard input in %s: %+v, %v", filepath.Dir(name), got, err)
		}
	}
}

// A text is judged as a file is, under the name that it is given.
func TestText(t *testing.T) {
	got, err := inspect.Text("standard input", []byte(wrong))
	if err != nil || got.URL != "standard input" || !got.Bad() {
		t.Errorf("%+v, %v", got, err)
	}
}

func mustParse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// playlistAt answers every request with a playlist.
func playlistAt(text string) http.RoundTripper {
	return sim.Transport(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write([]byte(text))
	}))
}
