package player_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim"
)

// A hundred thousand pages, with the element's own functions: an outage adds
// little, and a dead stream is left alone.
func TestCrowd(t *testing.T) {
	need(t, "node")
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
		"an outage 0": 1.3 * got.Healthy, "an outage 10": 1.3 * got.Healthy, "an outage 60": got.Healthy / 5, "a dead stream 300": 1000,
		"an hour before the start 60": 2000, "the last minute before it 3541": 1.3 * got.Healthy, "the first minute after it, no stream 1": 1.3 * got.Healthy,
		"five minutes late and more 420": 1000, "the network is back, everywhere at once 0": got.Healthy, "paused 0": got.Healthy, "paused 300": 1000,
	}
	for _, r := range got.Rows {
		name := fmt.Sprint(r.What, " ", r.From)
		limit, ok := limits[name]
		if !ok || r.Mean > limit || r.Mean == 0 {
			t.Errorf("%s: %.0f requests per second, limit %.0f", name, r.Mean, limit)
		}
		line := fmt.Sprintf("| %s | %d to %d | %.0f | %.0f |\n", r.What, r.From, r.To, r.Mean, r.Peak)
		if !strings.Contains(string(doc), line) {
			t.Errorf("docs/embeds.md lacks %s", line)
		}
	}
	if len(got.Rows) != len(limits) {
		t.Errorf("%d rows, want %d", len(got.Rows), len(limits))
	}
}

// crowdEnv makes TestCrowdOfOne watch every fault, and a dead stream for six
// minutes.
const crowdEnv = "STREAMWATCH_PLAYER_CROWD"

// counted is an origin that counts what each page asks for, and breaks.
type counted struct {
	origin http.Handler

	mu     sync.Mutex
	fault  string
	frozen map[string][]byte
	asked  map[string]int
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.Split(r.URL.Path, "/")[1]
	c.mu.Lock()
	c.asked[name]++
	fault, was := c.fault, c.frozen[r.URL.Path]
	c.mu.Unlock()
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch {
	case fault == "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case fault == "404":
		w.WriteHeader(http.StatusNotFound)
	case fault == "frozen" && was != nil:
		_, _ = w.Write(was)
	case strings.HasSuffix(r.URL.Path, ".m3u8"):
		rec := httptest.NewRecorder()
		c.origin.ServeHTTP(rec, r)
		c.mu.Lock()
		c.frozen[r.URL.Path] = rec.Body.Bytes()
		c.mu.Unlock()
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	default:
		c.origin.ServeHTTP(w, r)
	}
}

func (c *counted) take(fault string) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.asked
	c.fault, c.asked = fault, map[string]int{}
	return was
}

// One page of each engine asks hardly more in the first ten seconds of an outage
// than while it played, and once in two minutes when the stream is dead.
func TestCrowdOfOne(t *testing.T) {
	t.Parallel()
	all := os.Getenv(crowdEnv) != ""
	faults := []string{"503"}
	if all {
		faults = []string{"404", "frozen", "503"}
	}
	c := &counted{origin: sim.NewOrigin(sim.Config{Streams: []string{"hlsjs", "videojs"}}), frozen: map[string][]byte{}, asked: map[string]int{}}
	origin := httptest.NewServer(c)
	defer origin.Close()
	kinds := []string{"hlsjs", "videojs"}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.URL.Path, "/")
		if len(parts) < 3 {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, "<!DOCTYPE html><iframe name='hlsjs' src='/hlsjs/hlsjs'></iframe><iframe name='videojs' src='/videojs/videojs'></iframe>")
			return
		}
		cfg, _, _ := player.Derive(benchFacts(), player.Options{})
		h, err := player.Preview("concert", parts[1], origin.URL+"/"+parts[1]+"/playlist.m3u8", cfg, player.Options{FrameAncestors: []string{"*"}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		h.ServeHTTP(w, r)
	}))
	defer srv.Close()
	ctx := browser(t)
	for _, fault := range faults {
		t.Run(fault, func(t *testing.T) {
			c.take("")
			open(ctx, t, srv.URL)
			until(ctx, t, `frames.length === 2 && Array.from(frames).every((f) => { const p = f.document.querySelector('stream-watch-player'); return p && p.state === 'playing' && p.video.played.length && p.video.currentTime - p.video.played.start(0) > 3; })`)
			c.take("")
			time.Sleep(10 * time.Second)
			healthy := c.take(fault)
			time.Sleep(10 * time.Second)
			outage := c.take(fault)
			for _, kind := range kinds {
				t.Logf("%s: %d requests in 10 s, %d in the first 10 s of %s", kind, healthy[kind], outage[kind], fault)
				// A playlist and a segment in two seconds are ten, less what falls
				// beside the window.
				if healthy[kind] < 8 || float64(outage[kind]) > 1.3*max(10, float64(healthy[kind])) {
					t.Errorf("%s: %d requests in 10 s, then %d", kind, healthy[kind], outage[kind])
				}
			}
			if !all {
				return
			}
			time.Sleep(290 * time.Second)
			c.take(fault)
			time.Sleep(300 * time.Second)
			dead := c.take("")
			for _, kind := range kinds {
				t.Logf("%s: %d requests in the next five minutes", kind, dead[kind])
				if dead[kind] > 4 {
					t.Errorf("%s: %d requests in five minutes of a dead stream", kind, dead[kind])
				}
			}
		})
	}
}
