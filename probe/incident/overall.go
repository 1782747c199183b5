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

// sum brings the verdict of the event up to its streams'.
func (d *Desk) sum(now time.Time) {
	var worst probe.Verdict
	for _, r := range d.rows {
		worst = worst.Worse(r.verdict.Verdict)
	}
	if worst != "" && worst != d.overall { // without a stream nothing is known
		d.overall, d.since = worst, now.UTC()
	}
}
