package judge

import (
	"cmp"
	"math/bits"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// evidenceKept is how many requests stand as evidence in an incident.
const evidenceKept = 3

// tracker counts the findings of one check on one target.
type tracker struct {
	check    *checks.Check
	t        *target
	after    int
	of       int
	rounds   uint64 // bit 0 is the newest round; 1 is a finding
	clean    int    // rounds without a finding since the last one
	began    time.Time
	last     time.Time
	pending  bool // the evidence suffices; the other side is asked first
	active   bool // part of an incident, and not over yet
	report   checks.Report
	worst    probe.Severity
	evidence []probe.Evidence
	incident *incident
}

// run runs checks over one observation and counts what they report.
func (j *Judge) run(t *target, list []*checks.Check, pass *checks.Pass) {
	kind := probe.UnknownKind
	if pass.Obs.Playlist != nil {
		kind = pass.Obs.Playlist.Kind
	}
	for _, c := range list {
		if c.When == checks.OnPlaylist || c.When == checks.OnUpdate {
			if want := max(c.Kind, probe.Media); want != checks.AnyKind && want != kind {
				continue
			}
		}
		pass.Found, pass.Silent, pass.Quiet = nil, false, t.advises(c) && j.opts.Overrides[c.ID].Severity < probe.Warning
		if c.Run(pass); !pass.Silent {
			j.count(t, c, pass)
		}
	}
}

// count files one round of one check. What is only worth knowing is advice: it
// never opens an incident, nor holds one open.
func (j *Judge) count(t *target, c *checks.Check, pass *checks.Pass) {
	tr := t.tracker(c)
	if f := pass.Found; f != nil {
		f.Severity = cmp.Or(j.opts.Overrides[c.ID].Severity, f.Severity)
	}
	t.advise(c, pass.Found)
	if pass.Found == nil || pass.Found.Severity < probe.Warning {
		if tr != nil {
			tr.rounds <<= 1
			tr.clean++
		}
		return
	}
	if tr == nil {
		tr = j.newTracker(t, c)
	}
	tr.rounds = tr.rounds<<1 | 1
	if tr.clean > 0 && !tr.active && tr.rounds&window(tr.of) == 1 {
		tr.began = time.Time{} // the findings before are out of the window: another story
		tr.evidence = nil
		tr.worst = 0
	}
	tr.clean = 0
	tr.last = pass.Now
	if tr.began.IsZero() {
		tr.began = pass.Obs.Exchange.Started
	}
	tr.report = *pass.Found
	tr.worst = max(tr.worst, tr.report.Severity)
	if len(tr.evidence) < evidenceKept {
		tr.evidence = append(tr.evidence, probe.EvidenceOf(&pass.Obs.Exchange))
	}
}

func (j *Judge) newTracker(t *target, c *checks.Check) *tracker {
	tr := &tracker{check: c, t: t}
	tr.after, tr.of = c.Needed()
	if n := j.opts.Overrides[c.ID].After; n > 0 {
		tr.after, tr.of = n, max(tr.of, n+1)
	}
	if j.opts.Once {
		tr.after = 1
	}
	t.trackers = append(t.trackers, tr)
	return tr
}

func (t *target) tracker(c *checks.Check) *tracker {
	for _, tr := range t.trackers {
		if tr.check == c {
			return tr
		}
	}
	return nil
}

func window(n int) uint64 { return 1<<min(n, 63) - 1 }

// enough reports whether the findings suffice to open an incident.
func (j *Judge) enough(tr *tracker, now time.Time) bool {
	hits := bits.OnesCount64(tr.rounds & window(tr.of))
	if hits >= tr.after {
		return true
	}
	if !tr.check.Shared {
		return false
	}
	near := max(tr.t.h.TD(), 2*time.Second)
	for _, u := range j.targets {
		other := u.tracker(tr.check)
		if other != nil && other != tr && u.h.Target.Side == tr.t.h.Target.Side && now.Sub(other.last) <= near {
			hits += bits.OnesCount64(other.rounds & window(other.of))
		}
	}
	return hits >= tr.after
}

// over reports whether what was found is past: rounds without a finding, and
// the time that the check holds its findings for.
func (tr *tracker) over(now time.Time) bool {
	hold := time.Duration(tr.check.Hold) * max(tr.t.h.TD(), time.Second)
	if now.Sub(tr.last) < hold {
		return false
	}
	switch tr.check.When {
	case checks.OnUpdate, checks.OnKey:
		return true
	case checks.OnPlaylist, checks.OnRemoved:
		return tr.clean >= 1
	default:
		return tr.clean >= 2
	}
}

// end ends what was found: the next finding is another story, that begins with
// it and is as bad as it says.
func (tr *tracker) end() {
	tr.active = false
	tr.began, tr.evidence, tr.worst = time.Time{}, nil, 0
}
