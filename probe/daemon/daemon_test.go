package daemon

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/web"
)

// A reload adds, changes and removes streams and settings; what is not named
// is not begun anew.
func TestReload(t *testing.T) {
	r, write := newRig(t, "", "a", "b")
	r.await("healthy streams", r.ok("a", "b"))
	r.await("embeds of a", r.embed("a"))
	r.await("embeds of b", r.embed("b"))
	before := r.monitor.Viewers("a")
	write("ends: 2099-01-01T00:00:00Z\nmonitor: {checks: {stale: {after: 4}}}\nplayer: {title: Another}\n", "a", "c")
	change, err := r.Reload(t.Context())
	want := []string{
		"ends changed", "streams.c added", "streams.b removed", "player.title changed", "monitor.checks.stale added",
	}
	if err != nil || !slices.Equal(change.Changed, want) {
		t.Errorf("%v, %v; want %v", change.Changed, err, want)
	}
	r.await("stream c", r.ok("a", "c"))
	r.await("embeds of c", r.embed("c"))
	if r.embed("b")() {
		t.Error("the stream that is gone has a preview")
	}
	snap := r.source.Snapshot()
	if len(snap.Streams) != 2 || snap.Streams[1].Source != "file" {
		t.Errorf("streams %+v", snap.Streams)
	}
	if !slices.Equal(r.monitor.Viewers("a"), before) {
		t.Error("stream a was begun anew")
	}
	if n := r.logs.FilterMessage("the event file was reloaded").Len(); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

// What a stream sets of the checks changes by a reload and by a request, and begins
// nothing anew: neither that stream nor the others.
func TestChecksOfAStreamChange(t *testing.T) {
	r, _ := newRig(t, "", "a", "b")
	const lost = "manifest: /nowhere.m3u8\nchecks: {http.status: {severity: %s}, m3u.header: {severity: off}}"
	verdict := func(stream string, want probe.Verdict) func() bool {
		return func() bool {
			for _, s := range r.source.Snapshot().Streams {
				if s.Name == stream {
					return s.Verdict == want
				}
			}
			return false
		}
	}
	for _, name := range []string{"lost", "quiet"} {
		if _, err := r.SetStream(t.Context(), name, fmt.Appendf(nil, lost, "critical")); err != nil {
			t.Fatal(err)
		}
	}
	r.await("healthy streams", r.ok("a", "b"))
	r.await("a stream that is down", verdict("lost", probe.Down))
	r.await("another one", verdict("quiet", probe.Down))
	all := []string{"a", "b", "lost", "quiet"}
	before := map[string][]*monitor.Viewer{}
	for _, name := range all {
		before[name] = r.monitor.Viewers(name)
	}

	change, err := r.SetStream(t.Context(), "quiet", fmt.Appendf(nil, lost, "warning"))
	if err != nil || !slices.Equal(change.Changed, []string{"streams.quiet changed"}) {
		t.Errorf("%v, %v", change.Changed, err)
	}
	r.await("a stream that says warning", verdict("quiet", probe.Waiting)) // it never had a playlist
	r.await("the other one as it was", verdict("lost", probe.Down))
	_, err = r.SetStream(t.Context(), "quiet", []byte("manifest: /nowhere.m3u8\nchecks: {stael: {after: 2}}"))
	refusal, ok := errors.AsType[*web.Refusal](err)
	if !ok || len(refusal.Problems) != 1 || refusal.Problems[0].Line != 2 || refusal.Problems[0].Column != 10 {
		t.Errorf("a check that there is not: %+v", err)
	}

	text := r.fileOf("", "a", "b")
	own := strings.Replace(text, "/b/playlist.m3u8", "/b/playlist.m3u8, checks: {stale: {after: 9}}", 1)
	r.write(r.event.Load().Origin.URL.Reveal(), own)
	change, err = r.Reload(t.Context())
	if err != nil || !slices.Equal(change.Changed, []string{"streams.b changed"}) {
		t.Errorf("%v, %v", change.Changed, err)
	}
	for _, name := range all {
		if !slices.Equal(r.monitor.Viewers(name), before[name]) {
			t.Errorf("stream %s was begun anew", name)
		}
	}
}

// What only a restart can give is refused as a whole.
func TestWhatNeedsARestart(t *testing.T) {
	r, write := newRig(t, "", "a")
	for more, want := range map[string]string{
		"metrics: {emf: true}\n":             "metrics.emf changed",
		"player: {out: elsewhere}\n":         "player.out changed",
		"monitor: {interval: 3s}\n":          "monitor.interval changed",
		"alarms: {email: [a@example.com]}\n": "alarms.email changed",
	} {
		write(more, "a", "b")
		_, err := r.Reload(t.Context())
		refusal, ok := errors.AsType[*web.Refusal](err)
		if !ok || refusal.Status != http.StatusConflict || !slices.Equal(refusal.NeedsRestart, []string{want}) {
			t.Errorf("%s: %v", more, err)
		}
	}
	if n := len(r.source.Snapshot().Streams); n != 1 {
		t.Errorf("%d streams: a part was applied", n)
	}
}

// A stream that the rest of the event forbids is refused before it is kept.
func TestAStreamThatIsForbidden(t *testing.T) {
	r, _ := newRig(t, "", "a")
	_, err := r.SetStream(t.Context(), "forbidden", []byte("manifest: /b/playlist.m3u8"))
	if refusal, ok := errors.AsType[*web.Refusal](err); !ok || refusal.Status != http.StatusBadRequest {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(r.event.Load().KeptFile("forbidden")); err == nil {
		t.Error("it was kept")
	}
}

// Changes from all sides at once, while all is watched: for the race detector.
// The stream that nobody names is not begun anew.
func TestChangesFromAllSides(t *testing.T) {
	r, write := newRig(t, "", "a")
	r.await("a healthy stream", r.ok("a"))
	r.await("embeds", r.embed("a"))
	before := r.monitor.Viewers("a")
	var people sync.WaitGroup
	var file sync.Mutex
	for i := range 4 {
		people.Go(func() {
			for n := range 12 {
				name := string("bcd"[(i+n)%3])
				switch n % 3 {
				case 0:
					_, _ = r.SetStream(t.Context(), name, []byte("manifest: /"+name+"/playlist.m3u8"))
				case 1:
					_, _ = r.RemoveStream(t.Context(), name)
				default:
					file.Lock()
					write(fmt.Sprintf("notify: {webhooks: [{url: \"http://127.0.0.1:1/%d\"}]}\n", n), "a")
					_, err := r.Reload(t.Context())
					file.Unlock()
					if err != nil {
						t.Error(err)
					}
				}
				_ = r.source.Snapshot()
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	people.Wait()
	if !slices.Equal(r.monitor.Viewers("a"), before) {
		t.Error("stream a was begun anew")
	}
	kept, err := os.ReadDir(filepath.Dir(r.event.Load().KeptFile("x")))
	if err != nil {
		t.Fatal(err)
	}
	if watched := len(r.source.Snapshot().Streams); watched != 1+len(kept) {
		t.Errorf("%d streams are watched, one and %d are kept", watched, len(kept))
	}
}

// A run ends at the event's end, wherever that moves, and after its limit.
func TestUntilOver(t *testing.T) {
	for name, c := range map[string]struct {
		ends, moved, limit, want time.Duration
	}{
		"at the end":   {ends: time.Hour, want: time.Hour},
		"sooner":       {ends: time.Hour, moved: 30 * time.Minute, want: 30 * time.Minute},
		"later":        {ends: time.Hour, moved: 2 * time.Hour, want: 2 * time.Hour},
		"after a time": {ends: time.Hour, limit: 10 * time.Minute, want: 10 * time.Minute},
		"it was over":  {ends: -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				d := &Daemon{o: Options{Limit: c.limit}, moved: make(chan struct{}, 1)}
				d.event.Store(&configs.Event{Ends: began.Add(c.ends)})
				if c.moved > 0 {
					time.AfterFunc(time.Minute, func() {
						d.event.Store(&configs.Event{Ends: began.Add(c.moved)})
						signal(d.moved)
					})
				}
				d.untilOver(t.Context(), func() {})
				if took := time.Since(began); took != c.want || !d.Over() {
					t.Errorf("over %v after %s, want %s", d.Over(), took, c.want)
				}
			})
		})
	}
}

// An end that has passed is a slip more often than a wish: it ends nothing.
func TestAnEndThatHasPassed(t *testing.T) {
	r, write := newRig(t, "", "a")
	write("ends: 2020-11-28T23:00:00Z\n", "a", "b")
	_, err := r.Reload(t.Context())
	refusal, ok := errors.AsType[*web.Refusal](err)
	if !ok || refusal.Status != http.StatusBadRequest ||
		!strings.Contains(refusal.Detail, "ends has passed: 2020-11-28T23:00:00Z") {
		t.Errorf("%v", err)
	}
	if n := len(r.source.Snapshot().Streams); n != 1 || r.Over() {
		t.Errorf("%d streams, over %v", n, r.Over())
	}
}

// What the next start needs is written again where its folder is gone, and not
// where only it was deleted.
func TestFilesForTheNextStart(t *testing.T) {
	r, _ := newRig(t, "", "a")
	r.found.Keep = map[string]string{"distribution.json": "{}"}
	if _, err := r.SetStream(t.Context(), "b", []byte("{\"manifest\": \"/b/playlist.m3u8\"}")); err != nil {
		t.Fatal(err)
	}
	file := r.event.Load().KeptFile("b")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	r.keepFiles()
	if !isGone(file) {
		t.Error("a stream's file that was deleted is there again")
	}
	if err := os.RemoveAll(filepath.Dir(file)); err != nil {
		t.Fatal(err)
	}
	r.keepFiles()
	text, err := os.ReadFile(file)
	if err != nil || string(text) != "{\"manifest\": \"/b/playlist.m3u8\"}" {
		t.Errorf("%q, %v", text, err)
	}
	if isGone(filepath.Join(r.folder, "distribution.json")) {
		t.Error("distribution.json is not there again")
	}
}

// The files of streams are looked at for hours. What does not differ is not told.
func TestFilesOfStreamsThatDidNotChange(t *testing.T) {
	r, _ := newRig(t, "streams_from: \"*.yaml\"\n", "a")
	r.regather()
	const text = "name: b\nmanifest: /b/playlist.m3u8\n"
	if err := os.WriteFile(filepath.Join(r.dir, "b.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.regather()
	r.regather()
	told := r.logs.FilterMessageSnippet("the files of streams_from").All()
	if len(told) != 1 || told[0].Message != filesChanged {
		t.Errorf("told %+v, want the one change", told)
	}
}

// A folder of streams that vanishes keeps its streams, as an unmounted volume does. That is
// said once, with the place and a hint, and so is that it is back.
func TestFolderOfStreamsThatVanishes(t *testing.T) {
	for _, pattern := range []string{"streams/*.yaml", "streams/*/*.yaml"} {
		t.Run(pattern, func(t *testing.T) {
			r, write := newRig(t, "", "a")
			folder, away := filepath.Join(r.dir, "streams"), filepath.Join(r.dir, "away")
			file := filepath.Join(r.dir, strings.NewReplacer("/*/", "/b/", "/*.", "/b.").Replace(pattern))
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte("name: b\nmanifest: /b/playlist.m3u8\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			write("streams_from: "+pattern+"\n", "a")
			if _, err := r.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			look := r.looker()
			said := func(want ...string) {
				t.Helper()
				var got []string
				for _, e := range r.logs.TakeAll() {
					if strings.Contains(e.Message, "files of streams") {
						got = append(got, fmt.Sprint(e.Level, " ", e.Message, " ", e.ContextMap()["problems"]))
					}
				}
				if len(got) != len(want) || len(got) > 0 && !strings.Contains(got[0], want[0]) {
					t.Errorf("said %q, want %q", got, want)
				}
				if n := len(r.source.Snapshot().Streams); n != 2 {
					t.Errorf("%d streams, want both", n)
				}
			}
			look()
			said()
			if err := os.Rename(folder, away); err != nil {
				t.Fatal(err)
			}
			look()
			said("streams_from: there is no folder " + folder + " (hint: ")
			look()
			said()
			if err := os.Rename(away, folder); err != nil {
				t.Fatal(err)
			}
			look()
			said("right again")
			look()
			said()
		})
	}
}
