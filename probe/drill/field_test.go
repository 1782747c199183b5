package drill_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// scene is what a real origin or cache has shown, and what must be said of it.
type scene struct {
	name     string
	preset   string // of the cache; "" is the default one
	setup    func(s *drill.Setup)
	fault    string        // "" is none
	after    time.Duration // later than usual
	ends     time.Duration // of the fault, since it began; zero is never
	standing bool          // the fault is there from the beginning
	lasts    time.Duration // since the fault
	blame    []probe.Blame // of at least one incident, which is open at the end; nil wants none
	side     probe.Side
	least    probe.Severity // of that incident
	worst    probe.Severity // of any incident
	never    probe.Blame    // of any incident
	most     int            // incidents in all; zero is one
	verdict  probe.Verdict  // at the end; "" is any
}

var (
	ofOrigin = []probe.Blame{probe.BlameOrigin}
	ofCache  = []probe.Blame{probe.BlameCDN, probe.BlameConfig}
	ofConfig = []probe.Blame{probe.BlameConfig}
)

// scenes are the rows of the field, as far as a simulator can show them.
func scenes() []scene {
	maxAge := func(seconds int) func(s *drill.Setup) {
		return func(s *drill.Setup) { s.Origin.PlaylistCache = fmt.Sprintf("max-age=%d", seconds) }
	}
	keeps := func(d time.Duration) func(s *drill.Setup) {
		return func(s *drill.Setup) { s.Edge.ManifestTTL = edge.TTL{Min: d, Default: d, Max: d} }
	}
	list := []scene{
		{
			name: "init segment kept", preset: "haproxy", fault: "init-changed", lasts: 90 * time.Second,
			blame: ofCache, side: probe.Edge, least: probe.Critical,
		},
		{
			name: "old bytes under reused names", fault: "names-reused", lasts: 10 * time.Second,
			blame: ofCache, side: probe.Edge, least: probe.Critical, most: 2,
		},
		{
			name: "404 kept for an hour", preset: "ats", fault: "seg-404", ends: 5 * time.Second,
			lasts: 10 * time.Second, blame: ofCache, side: probe.Edge, least: probe.Error, most: 2,
		},
		{
			name: "subtitles ahead from the start", fault: "subtitles-ahead", standing: true,
			lasts: time.Minute, blame: []probe.Blame{probe.BlameEncoder}, side: probe.Origin,
			least: probe.Warning, worst: probe.Error,
		},
		{
			name: "second CDN dead", setup: func(s *drill.Setup) { s.Second = true }, fault: "edge-503",
			standing: true, lasts: time.Minute, blame: []probe.Blame{probe.BlameCDN}, side: probe.Edge,
			least: probe.Error, worst: probe.Error, verdict: probe.Degraded,
		},
		{
			name: "second CDN alive", setup: func(s *drill.Setup) { s.Second = true },
			lasts: 5 * time.Minute, worst: probe.Warning, verdict: probe.OK,
		},
		{
			name: "wrong type from the origin", fault: "wrong-type", lasts: 20 * time.Second, blame: ofOrigin,
			side: probe.Origin, least: probe.Warning,
		},
		{
			name: "an ETag that never changes", fault: "etag-kept", preset: "squid", lasts: 20 * time.Second, blame: ofOrigin,
			side: probe.Edge, least: probe.Critical,
		},
		{
			name: "two packagers by turns for five minutes", fault: "two-packagers", lasts: 5 * time.Minute,
			blame: []probe.Blame{probe.BlameEncoder, probe.BlameOrigin}, side: probe.Origin, least: probe.Error,
			most: 2,
		},
		{
			name: "max-age 5", setup: maxAge(5), preset: "squid", lasts: 90 * time.Second, blame: ofConfig,
			side: probe.Edge, least: probe.Warning,
		},
		{
			name: "max-age 8", setup: maxAge(8), preset: "squid", lasts: 90 * time.Second, blame: ofConfig,
			side: probe.Edge, least: probe.Error,
		},
		{
			name: "TTL of 5 s", setup: keeps(5 * time.Second), lasts: 90 * time.Second, blame: ofConfig,
			side: probe.Edge, least: probe.Warning,
		},
		{
			name: "minimum TTL of 8 s", setup: keeps(8 * time.Second), lasts: 90 * time.Second, blame: ofConfig,
			side: probe.Edge, least: probe.Error,
		},
		{
			name: "cache reload of 1.5 s", fault: "edge-refused", ends: 1500 * time.Millisecond,
			lasts: 20 * time.Second, worst: probe.Error, verdict: probe.OK,
		},
		{
			name: "encoder pauses for 6 s", fault: "stall", ends: 6 * time.Second, lasts: 20 * time.Second,
			never: probe.BlameCDN, verdict: probe.OK,
		},
		{
			name: "variant gone for a minute", fault: "variant-gone", lasts: time.Minute,
			blame: []probe.Blame{probe.BlameEncoder}, side: probe.Origin, least: probe.Error,
			worst: probe.Error, verdict: probe.Degraded,
		},
	}
	list = append(list, slowScenes()...)
	for _, p := range sim.Presets() {
		list = append(list,
			scene{
				name: "origin hung behind " + p.Name, preset: p.Name, fault: "origin-hang",
				lasts: 20 * time.Second, blame: ofOrigin, side: probe.Origin, least: probe.Critical,
			},
			scene{
				name: "healthy behind " + p.Name, preset: p.Name, lasts: 5 * time.Minute,
				worst: probe.Warning, most: 2, verdict: probe.OK,
			})
	}
	return list
}

func TestField(t *testing.T) {
	for _, s := range some(scenes()) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { verify(t, s.play(t)) })
		})
	}
}

// play returns what is wrong with what was said.
func (s *scene) play(t *testing.T) (problems []string) {
	setup := drill.Settings{}.Setup(s.fault)
	if p, ok := sim.FindPreset(s.preset); ok {
		setup.Edge = p.Config
	}
	if s.setup != nil {
		s.setup(&setup)
	}
	w := drill.New(setup)
	if s.standing {
		s.strike(t, w)
	}
	w.Run(t.Context(), func(context.Context) {
		if !s.standing {
			time.Sleep(10*time.Second + betweenParts + s.after)
			if len(w.Seen.Incidents()) > 0 && s.fault != "" {
				problems = append(problems, "something is wrong before anything broke")
			}
			s.strike(t, w)
		}
		began := time.Now()
		time.Sleep(s.lasts)
		problems = append(problems, s.judge(w, began)...)
	})
	if n, _, early := w.Differences(); s.fault != "" && (n == 0 || early != "") {
		t.Errorf("the fault changed %d responses; before it one was another: %q", n, early)
	}
	return problems
}

// strike breaks the event, its second CDN where it has one.
func (s *scene) strike(t *testing.T, w *drill.Watch) {
	t.Helper()
	if s.fault == "" {
		return
	}
	in := sim.Injection{Fault: s.fault, From: time.Now()}
	if s.ends > 0 {
		in.Until = in.From.Add(s.ends)
	}
	strike := w.Break
	if w.Second != nil {
		strike = w.BreakSecond
	}
	if err := strike(in); err != nil {
		t.Fatal(err)
	}
}

// judge holds what was said against what must be.
func (s *scene) judge(w *drill.Watch, began time.Time) (problems []string) {
	all := w.Seen.Incidents()
	if limit := max(1, s.most); len(all) > limit {
		problems = append(problems, fmt.Sprintf("%d incidents (%s), want %d at most", len(all), tally(all), limit))
	}
	right := s.blame == nil
	for _, in := range all {
		if s.worst > 0 && in.Severity > s.worst {
			problems = append(problems, fmt.Sprintf("%s is %s: %s", in.Check, in.Severity, in.Detail))
		}
		if in.Blame == s.never {
			problems = append(problems, fmt.Sprintf("%s %s blames %s %s", in.Check, in.Severity, in.Blame, since(in, began)))
		}
		right = right || in.Open() && in.Side == s.side && slices.Contains(s.blame, in.Blame) && in.Severity >= s.least
	}
	if !right {
		said := ""
		for _, in := range all {
			said += fmt.Sprintf("; %s %s %s at the %s %s %s (%s; %v)", in.Check, in.Severity, in.Blame, in.Side, in.State,
				since(in, began), in.Detail, in.Consequences)
		}
		problems = append(problems,
			fmt.Sprintf("nothing open blames %s at the %s, %s at least%s", s.blame[0], s.side, s.least, said))
	}
	if v := w.Monitor.Snapshot().Verdict; s.verdict != "" && v != s.verdict {
		problems = append(problems, fmt.Sprintf("the verdict is %s, want %s", v, s.verdict))
	}
	return problems
}
