package main_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// The field tests watch what nobody here wrote: packagers of Debian and PyPI
// behind caches of Debian, with the built binary and the README's smallest file.
// One origin serves the streams of all encoders, each cache stands before it, and
// one monitor watches each cache, so that every stream and cache make a pair.
//
// STREAMWATCH_FIELD=2m, as `make field` sets it, takes all of them for that long;
// without it six pairs are watched for a quarter of a minute.

// TestFieldPairs watches healthy streams: nothing may be found above info, but for
// what an encoder really breaks.
func TestFieldPairs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute; run without -short")
	}
	t.Parallel()
	span, all := fieldSpan(t)
	encoders, caches := fieldEncoders(), fieldCaches()
	if !all {
		encoders = pick(encoders, fieldEncoder.String, "fmp4", "aes128")
		caches = pick(caches, fieldCache.String, "nginx", "varnish", "haproxy")
	}
	encoders = chosen(encoders, fieldEncoder.String, "STREAMWATCH_FIELD_ENCODER")
	caches = chosen(caches, fieldCache.String, "STREAMWATCH_FIELD_CACHE")
	f := newField(t, encoders, caches)
	for range fieldTries {
		began := time.Now()
		wrong, rows := f.pairs(span)
		if late, _ := f.pulse.Late(began); len(wrong) > 0 && late > fieldLate {
			t.Logf("not judged, and watched again: this machine was %s late, and\n%s", late, strings.Join(wrong, "\n"))
			continue
		}
		for _, text := range wrong {
			t.Error(text)
		}
		t.Logf("%d pairs for %s\n%s", len(f.monitors)*len(f.encoders), span, rows)
		return
	}
	t.Logf("this machine was too busy %d times: nothing was judged", fieldTries)
}

const (
	fieldTries = 3                      // spans that are watched where the machine is too busy
	fieldLate  = 400 * time.Millisecond // what is found while timers come later than this says nothing of caches
)

// pairs watches all pairs for a while. It returns what was found and must not be,
// and what was found in all.
func (f *field) pairs(span time.Duration) (wrong []string, rows *table) {
	known := map[string]bool{}
	for _, m := range f.monitors {
		for _, in := range m.incidents() {
			known[in.ID] = in.State == probe.Closed
		}
	}
	time.Sleep(span)
	rows = newTable("ENCODER", "CACHE", "SAID", "CLAUSE")
	for _, m := range f.monitors {
		incidents := m.incidents()
		for _, e := range f.encoders {
			said := 0
			for _, in := range incidents {
				if !slices.Contains(in.Streams, e.name) || known[in.ID] {
					continue
				}
				said++
				what := fmt.Sprintf("%s %s %s", in.Check, in.Severity, in.Blame)
				clause := cmp.Or(e.breaks[in.Check], e.breaks[what], m.cache.breaks[in.Check])
				if clause == "" && in.Severity > probe.Info {
					wrong = append(wrong, fmt.Sprintf("%s behind %s: %s", e.name, m.cache.name, describe([]probe.Incident{in})))
				}
				rows.add(e.name, m.cache.name, what, clause)
			}
			if said == 0 {
				rows.add(e.name, m.cache.name, "nothing", "")
			}
		}
	}
	return wrong, rows
}

// fieldSpan says how long to watch, and whether all pairs are meant.
func fieldSpan(t *testing.T) (span time.Duration, all bool) {
	t.Helper()
	s := os.Getenv("STREAMWATCH_FIELD")
	if s == "" {
		return 15 * time.Second, false
	}
	span, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return span, true
}

// field is one origin with its encoders, the caches before it, and their monitors.
type field struct {
	t        *testing.T
	pulse    *proctest.Pulse
	place    place // of the origin
	origin   *process
	encoders []fieldEncoder
	running  map[string]*process // encoders by name
	monitors []*fieldMonitor     // one for each cache
	path     *narrow             // between the monitors and all else; nil is nothing
}

func newField(t *testing.T, encoders []fieldEncoder, caches []fieldCache) *field {
	t.Helper()
	return newFieldBehind(t, nil, encoders, caches)
}

// newFieldBehind makes a field whose monitors reach it by a path that can be made
// narrow.
func newFieldBehind(t *testing.T, path *narrow, encoders []fieldEncoder, caches []fieldCache) *field {
	t.Helper()
	proctest.Need(t, tool("nginx"))
	f := &field{t: t, pulse: proctest.NewPulse(t), place: newPlace(t, ""), running: map[string]*process{}, path: path}
	f.place.Www = filepath.Join(f.place.Dir, "www")
	f.origin = startFieldOrigin(t, f.place)
	for _, e := range encoders {
		if haveTools(t, e.name, e.tools) {
			f.encoders = append(f.encoders, e)
			f.running[e.name] = e.start(t, f.folder(e.name))
		}
	}
	for _, e := range f.encoders {
		f.running[e.name].waitFor("five segments of "+e.name, func() bool { return f.segments(e) >= 5 })
	}
	binary := buildBinary(t)
	for _, c := range caches {
		if haveTools(t, c.name, c.tools) {
			f.monitors = append(f.monitors, f.watch(binary, c))
		}
	}
	for _, m := range f.monitors {
		m.run.waitFor("the first round", func() bool { return answers(m.api + "/readyz") })
	}
	return f
}

// folder is where an encoder writes.
func (f *field) folder(name string) string {
	dir := filepath.Join(f.place.Www, name)
	for _, sub := range []string{"high", "low", "en"} {
		makeDir(f.t, filepath.Join(dir, sub))
	}
	return dir
}

// segments counts what the first media playlist of an encoder lists.
func (f *field) segments(e fieldEncoder) int {
	dir, most := filepath.Join(f.place.Www, e.name), 0
	for _, pattern := range []string{"*.m3u8", filepath.Join("*", "*.m3u8")} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, name := range names {
			text, _ := os.ReadFile(name)
			most = max(most, strings.Count(string(text), "#EXTINF"))
		}
	}
	if _, err := os.Stat(filepath.Join(dir, e.manifest)); err != nil {
		return 0
	}
	return most
}

// fieldMonitor is one cache with the monitor that watches it.
type fieldMonitor struct {
	t     *testing.T
	cache fieldCache
	place place
	run   *process
	edge  *process
	api   string
}

// watch starts a cache before the origin, and the binary with the README's
// smallest file, but for ports and folders.
func (f *field) watch(binary string, c fieldCache) *fieldMonitor {
	t := f.t
	t.Helper()
	m := &fieldMonitor{t: t, cache: c, place: newPlace(t, f.place.address())}
	m.edge = c.start(t, m.place)
	first := f.encoders[0]
	m.edge.waitFor("an answer", func() bool {
		return answers(fmt.Sprintf("http://%s/%s/%s", m.place.address(), first.name, first.manifest))
	})
	page := proctest.Port(t)
	m.api = fmt.Sprintf("http://127.0.0.1:%d", page)
	var event strings.Builder
	origin, edge, control := f.place.address(), m.place.address(), ""
	if f.path != nil {
		origin, edge = f.path.to(t, origin), f.path.to(t, edge)
		control = fmt.Sprintf(", control: \"http://%s\"", f.path.to(t, f.path.control(t)))
	}
	fmt.Fprintf(&event, "event: field-%s\norigin: {url: \"http://%s\"}\n", c.name, origin)
	fmt.Fprintf(&event, "distribution: {existing: {url: \"http://%s\"}}\nstreams:\n", edge)
	for _, e := range f.encoders {
		fmt.Fprintf(&event, "  - {name: %s, manifest: /%s/%s}\n", e.name, e.name, e.manifest)
	}
	fmt.Fprintf(&event, "monitor: {listen: \"127.0.0.1:%d\"%s}\noutput: %s\n",
		page, control, filepath.Join(m.place.Dir, "out"))
	file := filepath.Join(m.place.Dir, "event.yaml")
	if err := os.WriteFile(file, []byte(event.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	m.run = startProcess(t, "streamwatch at "+c.name, syscall.SIGTERM, binary, "run", file)
	return m
}

// get asks the monitor's API.
func (m *fieldMonitor) get(path string, into any) {
	m.t.Helper()
	res, err := http.Get(m.api + path)
	if err != nil {
		m.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		m.t.Fatalf("%v in %s", err, body)
	}
}

func (m *fieldMonitor) incidents() []probe.Incident {
	m.t.Helper()
	var list struct {
		Incidents []probe.Incident `json:"incidents"`
	}
	m.get("/api/v1/incidents", &list)
	return list.Incidents
}

// verdict is the event's, with its reason.
func (m *fieldMonitor) verdict() string {
	m.t.Helper()
	var status struct {
		Verdict, Reason string
	}
	m.get("/api/v1/status", &status)
	return strings.TrimSpace(status.Verdict + " " + status.Reason)
}

// haveTools says whether the tools of an encoder or cache are there. What lacks
// them is left out, with a line; in CI they must be there.
func haveTools(t *testing.T, name string, tools []string) bool {
	t.Helper()
	for _, want := range tools {
		_, err := exec.LookPath(tool(want))
		files, _ := filepath.Glob(want) // a module, wherever this machine has it
		if err == nil || len(files) > 0 {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Errorf("%s: %s is missing, which CI must have", name, want)
		} else {
			t.Logf("%s is left out: %s is not installed", name, want)
		}
		return false
	}
	return true
}

func pick[T any](all []T, name func(T) string, names ...string) []T {
	return slices.DeleteFunc(all, func(one T) bool { return !slices.Contains(names, name(one)) })
}

// chosen are those that an environment variable names, separated by commas; all
// where it is not set.
func chosen[T any](all []T, name func(T) string, variable string) []T {
	if only := os.Getenv(variable); only != "" {
		return pick(all, name, strings.Split(only, ",")...)
	}
	return all
}
