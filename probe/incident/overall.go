package incident

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Overall returns the verdict of the event, which is the worst of its streams',
// and since when it is that. It writes nothing: how often somebody looks changes
// no time.
func (d *Desk) Overall() (v probe.Verdict, since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.overall, d.since
}

// Scheduled returns the beginning and the end of the event; zero is not stated.
func (d *Desk) Scheduled() (starts, ends time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opts.Starts.UTC(), d.opts.Ends.UTC()
}

// become gives a stream another verdict.
func (d *Desk) become(s *seat, v Verdict) {
	d.tally[s.verdict.Verdict]--
	d.tally[v.Verdict]++
	s.verdict = v
}

// sum brings the verdict of the event up to its streams'. It runs with each look
// at any of thousands of streams, so it goes by how many have which verdict.
func (d *Desk) sum(now time.Time) {
	var worst probe.Verdict
	for v, streams := range d.tally {
		if streams > 0 {
			worst = worst.Worse(v)
		}
	}
	if len(d.order) == 0 {
		worst = probe.Waiting // for the first stream
	}
	if worst != d.overall {
		d.overall, d.since = worst, now.UTC()
	}
}
