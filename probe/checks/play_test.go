package checks_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
	"github.com/streamwatch/streamwatch/probe/incident"
)

var epoch = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

// player turns the files of a timeline into observations and tells what a
// judge makes of them.
type player struct {
	t       *testing.T
	last    map[probe.Target]*probe.Observation
	verdict probe.Verdict // the last one told
	verbose bool
	times   bool   // it is told how often what is over came
	words   bool   // the detail is told too
	peak    uint64 // BANDWIDTH and AVERAGE-BANDWIDTH of the variant
	average uint64
	told    map[string]string // incident id → how it was told last
	out     strings.Builder
}

func play(t *testing.T, a *txtar.Archive) string {
	p := &player{t: t, last: map[probe.Target]*probe.Observation{}, told: map[string]string{}}
	o, on := incident.Options{Event: "e"}, checks.Options{Stream: "s"}
	var controls []asked
	for line := range strings.Lines(string(a.Comment)) {
		switch f := strings.Fields(line); {
		case len(f) == 2 && f[0] == "starts":
			o.Starts = p.at(f[1])
		case len(f) == 2 && f[0] == "ends":
			o.Ends = p.at(f[1])
		case len(f) >= 2 && f[0] == "control":
			c := asked{ok: f[1] != "failed", always: len(f) == 2, took: 20 * time.Millisecond}
			if f[1] == "slow" {
				c.took = time.Second
			}
			if !c.always {
				c.at = p.at(f[2])
			}
			controls = append(controls, c)
		case len(f) == 3 && f[0] == "bandwidth":
			p.peak, p.average = uint64(p.number(f[1])), uint64(p.number(f[2]))
		case len(f) == 1 && f[0] == "personalised":
			on.Personalised = []string{""}
		case len(f) == 2 && f[0] == "errors":
			on.ErrorCaching = time.Duration(p.number(f[1])) * time.Second
		case len(f) == 2 && f[0] == "show":
			p.verbose, p.times, p.words = f[1] == "verdict", f[1] == "times", f[1] == "words"
		case len(f) == 3 && f[0] == "severity":
			override(t, &on, f[1], f[2])
		case len(f) == 7 && f[0] == "resume":
			o.Resume = append(o.Resume, p.resumed(f[1:]))
		}
	}
	moments := p.schedule(a)
	all := make([]*probe.Observation, 0, len(moments))
	var targets []probe.Target
	for _, m := range moments {
		obs := p.observation(m)
		all = append(all, obs)
		if !slices.Contains(targets, obs.Target) {
			targets = append(targets, obs.Target)
		}
	}
	desk := incident.NewDesk(o, epoch)
	s := desk.Stream(on)
	s.Targets(targets)
	for _, obs := range all {
		p.tick(desk, obs.Exchange.Done)
		for _, c := range controls {
			if c.always {
				c.at = obs.Exchange.Done
			}
			if !c.at.After(obs.Exchange.Done) {
				desk.Control(c.ok, c.at, c.took)
			}
		}
		_, res := s.Step(obs, obs.Exchange.Done)
		p.tellAll(obs.Exchange.Done, res.Incidents)
		if v := s.Verdict().Verdict; p.verbose && v != p.verdict {
			fmt.Fprintf(&p.out, "%s verdict %s\n", stamp(obs.Exchange.Done), v)
			p.verdict = v
		}
	}
	return strings.TrimSpace(p.out.String())
}

// tick lets the desk do what is due before a moment.
func (p *player) tick(desk *incident.Desk, until time.Time) {
	for at := desk.Next(); !at.IsZero() && at.Before(until); at = desk.Next() {
		p.tellAll(at, desk.Tick(at).Incidents)
	}
}

func (p *player) tellAll(now time.Time, changed []probe.Incident) {
	for i := range changed {
		p.tell(now, &changed[i])
	}
}

// asked is what came of asking the control URL.
type asked struct {
	ok     bool
	at     time.Time
	always bool // it is asked before each observation
	took   time.Duration
}

// resumed is an incident of the process before, from the words of its setting.
func (p *player) resumed(f []string) probe.Incident {
	in := probe.Incident{
		ID: "resumed", State: probe.Opened, Check: f[0], Blame: probe.Blame(f[2]), Stream: "s",
		Rendition: f[4], Renditions: []string{f[4]},
		Began: p.at(f[5]), Opened: p.at(f[5]),
	}
	if err := cmp.Or(in.Severity.UnmarshalText([]byte(f[1])), in.Side.UnmarshalText([]byte(f[3]))); err != nil {
		p.t.Fatal(err)
	}
	p.told[in.ID] = describe(&in)
	return in
}

func describe(in *probe.Incident) string {
	return fmt.Sprintf("%s %s %s %s", in.Check, in.Severity, in.Blame, in.Side)
}

func (p *player) tell(now time.Time, in *probe.Incident) {
	text := describe(in)
	if p.words {
		text += ": " + in.Detail
	}
	before, open := p.told[in.ID]
	switch {
	case in.State == probe.Closed:
		fmt.Fprintf(&p.out, "%s closed %s", stamp(now), in.Check)
		if p.times {
			fmt.Fprintf(&p.out, ", came %s", checks.Count(in.Count, "time"))
		}
		if len(in.Renditions) > 1 {
			fmt.Fprintf(&p.out, " of %s", strings.Join(in.Renditions, " "))
		}
		if len(in.Consequences) > 0 {
			fmt.Fprintf(&p.out, " and %s", strings.Join(in.Consequences, " "))
		}
		if p.words {
			fmt.Fprintf(&p.out, ": %s", in.Detail)
		}
		p.out.WriteByte('\n')
	case !open:
		fmt.Fprintf(&p.out, "%s open %s\n", stamp(now), text)
	case text != before:
		fmt.Fprintf(&p.out, "%s now %s\n", stamp(now), text)
	}
	p.told[in.ID] = text
}

func stamp(now time.Time) string {
	since := now.Sub(epoch)
	s := fmt.Sprintf("%02d:%02d", int(since.Minutes()), int(since.Seconds())%60)
	if ms := since % time.Second; ms != 0 {
		s += fmt.Sprintf(".%03d", ms.Milliseconds())
	}
	return s
}

func (p *player) at(s string) time.Time {
	m, sec, _ := strings.Cut(s, ":")
	minutes, err := strconv.Atoi(m)
	seconds, err2 := strconv.ParseFloat(sec, 64)
	if err != nil || err2 != nil {
		p.t.Fatalf("time %q, want MM:SS", s)
	}
	return epoch.Add(time.Duration(minutes)*time.Minute + probe.Seconds(seconds))
}

// moment is one observation before it is made.
type moment struct {
	at    time.Time
	words []string // of the name, without the time
	body  string
}

// schedule unrolls the files in order of time.
func (p *player) schedule(a *txtar.Archive) []moment {
	var all []moment
	for _, f := range a.Files {
		when, rest, _ := strings.Cut(f.Name, " ")
		from, until, ranged := strings.Cut(when, "-")
		m := moment{at: p.at(from), words: strings.Fields(rest), body: string(f.Data)}
		if len(m.words) < 2 {
			p.t.Fatalf("%q: want WHEN SIDE RESULT", f.Name)
		}
		if !ranged {
			all = append(all, m)
			continue
		}
		until, step, _ := strings.Cut(until, "/")
		every, err := strconv.ParseFloat(step, 64)
		if err != nil || every <= 0 {
			p.t.Fatalf("%q: want FROM-UNTIL/STEP", f.Name)
		}
		for end := p.at(until); m.at.Before(end); m.at = m.at.Add(probe.Seconds(every)) {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	return all
}
