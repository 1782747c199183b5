package report

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// EdgeScore is how one of several edges did in a run, over all streams: what
// tells CDNs apart.
type EdgeScore struct {
	Edge         string                    `json:"edge"`
	Playlists    probe.Fact[float64]       `json:"playlist_availability"` // share of playlist requests that brought one
	Segments     probe.Fact[float64]       `json:"segment_availability"`  // likewise of newly listed segments, 0 to 1
	Lag50        probe.Fact[time.Duration] `json:"lag_p50_seconds"`       // behind the origin, or the furthest edge
	Lag95        probe.Fact[time.Duration] `json:"lag_p95_seconds"`
	Fetch50      probe.Fact[time.Duration] `json:"fetch_p50_seconds"` // of playlists, until the last byte
	Fetch95      probe.Fact[time.Duration] `json:"fetch_p95_seconds"`
	HitRatio     probe.Fact[float64]       `json:"cache_hit_ratio"` // of playlists, by what the CDN's own headers say
	PlaylistAsks int                       `json:"playlist_requests"`
}

// Scorecard keeps the score of each of several edges, as a sink of the monitor.
type Scorecard struct {
	mu    sync.Mutex
	names []string // in the order of the event
	of    map[string]*tally
}

// tally is what is counted of one edge.
type tally struct {
	playlists, segments, hits share
	lag, fetch                spread
}

// NewScorecard returns one for edges of such names.
func NewScorecard(edges []string) *Scorecard {
	s := &Scorecard{names: edges, of: map[string]*tally{}}
	for _, name := range edges {
		s.of[name] = &tally{lag: spread{}, fetch: spread{}}
	}
	return s
}

// Name returns "scorecard".
func (*Scorecard) Name() string { return "scorecard" }

// Write counts the samples of a batch. It never fails.
func (s *Scorecard) Write(_ context.Context, b probe.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Samples {
		sample := &b.Samples[i]
		t := s.of[sample.Edge]
		if t == nil {
			continue
		}
		switch sample.Metric {
		case probe.ManifestAvail:
			t.playlists.add(sample.Value)
		case probe.SegmentAvail:
			t.segments.add(sample.Value)
		case probe.EdgeCacheHit:
			t.hits.add(sample.Value)
		case probe.EdgeLag:
			t.lag.add(sample.Value)
		case probe.ManifestFetch:
			t.fetch.add(sample.Value)
		}
	}
	return nil
}

// Scores returns the score of each edge, in the order of the event.
func (s *Scorecard) Scores() []EdgeScore {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]EdgeScore, 0, len(s.names))
	for _, name := range s.names {
		t := s.of[name]
		list = append(list, EdgeScore{
			Edge: name, Playlists: t.playlists.ratio(), Segments: t.segments.ratio(),
			HitRatio: t.hits.ratio(), PlaylistAsks: t.playlists.n, Lag50: t.lag.quantile(0.5),
			Lag95: t.lag.quantile(0.95), Fetch50: t.fetch.quantile(0.5), Fetch95: t.fetch.quantile(0.95),
		})
	}
	return list
}

// share is a mean.
type share struct {
	n   int
	sum float64
}

func (s *share) add(v float64) { s.n, s.sum = s.n+1, s.sum+v }

func (s share) ratio() probe.Fact[float64] {
	if s.n == 0 {
		return probe.Fact[float64]{}
	}
	return probe.State(s.sum / float64(s.n))
}

// spread counts values by steps of 2 %, so that quantiles of a run of any length
// take little memory and are right to a hundredth. A step stands for the mean of
// its values; nothing at all has a step of its own.
type spread map[int]share

const (
	step      = 1.02
	nothing   = -1 << 20
	shortest  = 1e-5 // seconds; what is shorter is nothing
	longestOf = 1e6
)

func (s spread) add(seconds float64) {
	at := nothing
	if seconds >= shortest {
		at = int(math.Round(math.Log(min(seconds, longestOf)) / math.Log(step)))
	}
	of := s[at]
	of.add(seconds)
	s[at] = of
}

// quantile is the value below which a share of all lie, by the nearest rank.
func (s spread) quantile(q float64) probe.Fact[time.Duration] {
	var steps []int
	n := 0
	for at, of := range s {
		steps, n = append(steps, at), n+of.n
	}
	if n == 0 {
		return probe.Fact[time.Duration]{}
	}
	slices.Sort(steps)
	rank := int(math.Ceil(q * float64(n)))
	for _, at := range steps {
		if rank -= s[at].n; rank <= 0 {
			return probe.State(probe.Seconds(s[at].ratio().Value).Round(10 * time.Microsecond))
		}
	}
	return probe.Fact[time.Duration]{}
}
