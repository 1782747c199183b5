package player_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// A hundred thousand pages, with the element's own functions: an outage adds
// little, and a dead stream is left alone.
func TestCrowd(t *testing.T) {
	proctest.Need(t, "node")
	out, err := exec.CommandContext(t.Context(), "node", "testdata/crowd.mjs").Output()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Healthy float64
		Rows    []struct {
			What       string
			From, To   int
			Mean, Peak float64
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../docs/embeds.md")
	if err != nil {
		t.Fatal(err)
	}
	limits := map[string]float64{ // of the mean, requests per second
		"an outage 0": 1.3 * got.Healthy, "an outage 10": 1.3 * got.Healthy, "an outage 60": got.Healthy / 5,
		"a dead stream 300": 1000, "an hour before the start 60": 2000,
		"the last minute before it 3541":            1.3 * got.Healthy,
		"the first minute after it, no stream 1":    1.3 * got.Healthy,
		"five minutes late and more 420":            1000,
		"the network is back, everywhere at once 0": got.Healthy,
		"paused 0": got.Healthy, "paused 300": 1000,
	}
	for _, r := range got.Rows {
		name := fmt.Sprint(r.What, " ", r.From)
		limit, ok := limits[name]
		if !ok || r.Mean > limit || r.Mean == 0 {
			t.Errorf("%s: %.0f requests per second, limit %.0f", name, r.Mean, limit)
		}
		line := fmt.Sprintf("| %s | %d to %d | %.0f | %.0f |\n", r.What, r.From, r.To, r.Mean, r.Peak)
		if !strings.Contains(string(doc), line) {
			t.Errorf("docs/embeds.md does not have the line %s", line)
		}
	}
	if len(got.Rows) != len(limits) {
		t.Errorf("%d rows, want %d", len(got.Rows), len(limits))
	}
}

// crowdEnv makes TestCrowdOfOne watch every fault for that long, and write
// CROWD.md.
const crowdEnv = "STREAMWATCH_PLAYER_CROWD"

// counted is an origin that counts what each page asks for, and breaks. Each page
// has a stream of its own, whose name ends in the fault.
type counted struct {
	origin http.Handler

	mu     sync.Mutex
	broken bool
	frozen map[string][]byte
	asked  map[string]int
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.Split(r.URL.Path, "/")[1]
	c.mu.Lock()
	c.asked[name]++
	broken, was := c.broken, c.frozen[r.URL.Path]
	c.mu.Unlock()
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, fault, _ := strings.Cut(name, "-")
	switch code, _ := strconv.Atoi(fault); {
	case broken && code > 0:
		w.WriteHeader(code)
	case broken && was != nil:
		_, _ = w.Write(was)
	default:
		c.origin.ServeHTTP(w, r)
	}
}

// breakAll begins the faults. Playlists stand as they are in this moment.
func (c *counted) breakAll(names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = true
	for _, name := range names {
		for _, list := range []string{"", "240p/", "360p/"} {
			path := "/" + name + "/" + list + "playlist.m3u8"
			rec := httptest.NewRecorder()
			c.origin.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
			c.frozen[path] = rec.Body.Bytes()
		}
	}
}

// take returns how often each page asked since the last call.
func (c *counted) take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.asked
	c.asked = map[string]int{}
	return was
}

// crowdPages serves a page with a frame for each stream.
func crowdPages(t *testing.T, origin string, names []string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.URL.Path, "/")
		if len(parts) < 3 {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!DOCTYPE html>")
			for _, name := range names {
				kind, _, _ := strings.Cut(name, "-")
				fmt.Fprintf(w, "<iframe src='/%s/%s'></iframe>", name, kind)
			}
			return
		}
		cfg, _, _ := player.Derive(benchFacts(), player.Options{})
		h, err := player.Preview("concert", parts[1], origin+"/"+parts[1]+"/playlist.m3u8", cfg,
			player.Options{FrameAncestors: []string{"*"}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// One page of each engine asks hardly more in the first ten seconds of an outage
// than while it played, and once in two minutes when the stream is dead.
func TestCrowdOfOne(t *testing.T) {
	length, _ := time.ParseDuration(os.Getenv(crowdEnv))
	if length > 0 {
		names := []string{"hlsjs-503", "hlsjs-404", "hlsjs-frozen", "videojs-503", "videojs-404", "videojs-frozen"}
		rows := watchCrowd(t, names, length)
		writeCrowd(t, rows, names, length)
		for _, complaint := range judgeCrowd(t, rows, names) {
			t.Error(complaint)
		}
		return
	}
	// It is not parallel: it runs before the tests that keep the machine busy.
	names := []string{"hlsjs-503", "hlsjs-frozen", "videojs-503", "videojs-frozen"}
	var complaints []string
	for range 3 { // a busy machine answers late, and pages make up for it
		if complaints = judgeCrowd(t, watchCrowd(t, names, 0), names); len(complaints) == 0 {
			return
		}
	}
	t.Error(strings.Join(complaints, "; "))
}

// watchCrowd opens a page for each name, and counts what it asks for before its
// fault and for so long after it; at least for ten seconds.
func watchCrowd(t *testing.T, names []string, length time.Duration) []crowdRow {
	t.Helper()
	c := &counted{origin: sim.NewOrigin(sim.Config{Streams: names}), frozen: map[string][]byte{}, asked: map[string]int{}}
	origin := httptest.NewServer(c)
	defer origin.Close()
	ctx := browser(t)
	open(ctx, t, crowdPages(t, origin.URL, names))
	until(ctx, t, fmt.Sprintf(`frames.length === %d && Array.from(frames).every((f) => { `+
		`const p = f.document.querySelector('stream-watch-player'); return p && p.state === 'playing' && `+
		`p.video.played.length && p.video.currentTime - p.video.played.start(0) > 3; })`, len(names)))
	const span = 10 // seconds
	c.take()
	time.Sleep(span * time.Second)
	rows := []crowdRow{{"it plays", span, c.take()}}
	c.breakAll(names)
	last := 0
	for _, end := range []int{span, 60, 120, 180, 240, 300, 600, 1200} {
		if end > span && float64(end) > length.Seconds() {
			break
		}
		time.Sleep(time.Duration(end-last) * time.Second)
		rows = append(rows, crowdRow{fmt.Sprintf("%d to %d s", last, end), end - last, c.take()})
		last = end
	}
	open(ctx, t, "about:blank")
	return rows
}

// crowdRow is how often each page asked in so many seconds.
type crowdRow struct {
	what    string
	seconds int
	asked   map[string]int
}

// judgeCrowd says which page asks too often.
func judgeCrowd(t *testing.T, rows []crowdRow, names []string) (complaints []string) {
	t.Helper()
	for _, name := range names {
		// A playlist and a segment in two seconds are ten, less what falls beside
		// the window.
		healthy, outage := rows[0].asked[name], rows[1].asked[name]
		t.Logf("%s: %d requests in 10 s, %d in the first 10 s of the outage", name, healthy, outage)
		if healthy < 8 || float64(outage) > 1.3*max(10, float64(healthy)) {
			complaints = append(complaints, fmt.Sprintf("%s: %d requests in 10 s, then %d", name, healthy, outage))
		}
		if r := rows[len(rows)-1]; r.seconds >= 300 && r.asked[name] > r.seconds/75 {
			complaints = append(complaints,
				fmt.Sprintf("%s: %d requests in %d s of a dead stream", name, r.asked[name], r.seconds))
		}
	}
	return complaints
}

func writeCrowd(t *testing.T, rows []crowdRow, names []string, length time.Duration) {
	t.Helper()
	var table strings.Builder
	fmt.Fprintf(&table, "| | %s |\n|---|%s\n", strings.ReplaceAll(strings.Join(names, " | "), "-", ", "),
		strings.Repeat("---|", len(names)))
	for _, r := range rows {
		fmt.Fprintf(&table, "| %s |", r.what)
		for _, name := range names {
			fmt.Fprintf(&table, " %d (%.0f) |", r.asked[name], float64(r.asked[name])/float64(r.seconds)*100_000)
		}
		table.WriteString("\n")
	}
	if err := os.WriteFile("CROWD.md", fmt.Appendf(nil, crowdDoc, length, &table), 0o600); err != nil {
		t.Fatal(err)
	}
}

const crowdDoc = `# How often a page asks in an outage

TestCrowdOfOne writes this page (make player-crowd CROWD=%v). One page of each engine for each fault, all open side
by side in headless Chromium, over segments of two seconds. Then every answer is an error, or every playlist stands
still. The figures are requests of one page in the row's time and, in brackets, requests per second of 100,000 such
pages. docs/embeds.md has the rules, and the same crowd simulated.

%s`
