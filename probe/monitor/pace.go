package monitor

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// pace decides when to poll again. New segments appear at a steady beat with
// some jitter. A poll that finds one makes the next a segment's duration later,
// less a sixty-fourth, so that polls creep towards the moment of publication;
// one that comes too early looks again soon. In balance one poll in nine is
// early, and a new segment is seen within an eighth of its duration or so.
type pace struct {
	fixed    time.Duration // > 0: always this
	edge     bool
	td       time.Duration // target duration; zero while unknown
	d        time.Duration // mean duration of the listed segments
	polled   time.Time     // when the newest poll was done
	advanced time.Time     // when a new segment was last seen
	beats    int           // new segments seen, not counting the first playlist
	misses   int           // polls since then that found nothing new
	failures int           // polls in a row that failed
	polls    int           // all of them
	unsure   int           // good polls until one that failed is over
	crowd    time.Duration // between two polls that fail, where so many playlists do
	asked    time.Time     // for the multivariant playlist, since this one fails or stands still; zero while it is well
}

const (
	soonest     = 100 * time.Millisecond // between two looks for a segment that is due
	slowest     = 10 * time.Second       // between any two polls of a media playlist
	ladderEvery = 30 * time.Second       // between two polls of a multivariant playlist; players ask for it once
	ladderAgain = 10 * time.Second       // the same, while what it lists fails or stands still
	surely      = 4                      // good polls after a failure until a multivariant playlist is well again
	unknownTD   = 2 * time.Second        // stands in while no playlist could be read

	// failingApart is the time between polls of playlists that fail, of all of them
	// together: where thousands do, each is asked for as often as if it were well.
	failingApart = 300 * time.Microsecond
)

// after takes in a poll and returns how long to wait until the next.
func (p *pace) after(o *probe.Observation, advanced bool) time.Duration {
	p.polled = o.Exchange.Done
	good := o.OK() && o.Playlist != nil && o.Playlist.Kind != probe.UnknownKind
	if good {
		p.failures = 0
		p.unsure = max(p.unsure-1, 0)
	} else {
		p.failures++
		p.unsure = surely
	}
	if good && o.Playlist.Kind == probe.Media && o.Playlist.TargetDuration.Value > 0 {
		p.td = o.Playlist.MeasuredTarget()
		p.d = min(o.Playlist.MeanDuration(), p.td*3/2)
	}
	if advanced {
		if !p.advanced.IsZero() {
			p.beats++
		}
		p.advanced, p.misses = p.polled, 0
	} else {
		p.misses++
	}
	wait := p.wait(o, good)
	if p.fixed > 0 {
		wait = p.fixed
		if p.failures == 1 {
			wait = min(wait, p.confirmAfter())
		}
		wait -= o.Exchange.Duration()
	}
	if good && o.Playlist.Kind == probe.Multivariant && p.unsure == 0 {
		return max(wait, ladderEvery)
	}
	return min(max(wait, soonest/2), slowest)
}

// overdue reports whether the newest segment is older than any should become.
func (p *pace) overdue(now time.Time) bool {
	return p.td > 0 && !p.advanced.IsZero() && now.Sub(p.advanced) > p.td*3/2
}

func (p *pace) wait(o *probe.Observation, good bool) time.Duration {
	td := p.td
	if td == 0 {
		td = unknownTD
	}
	switch {
	case p.failures == 1:
		return p.confirmAfter()
	case p.failures > 1:
		return max(p.confirmAfter(), min(td/2, time.Duration(p.failures)*500*time.Millisecond), min(td, p.crowd))
	case good && o.Playlist.Kind == probe.Multivariant:
		return max(td, unknownTD)
	case good && !o.Playlist.Live():
		return td
	case p.misses == 0 && p.beats == 0:
		return p.d / 4 // the beat is not known yet
	case p.misses == 0:
		return p.d - p.d/64
	}
	return p.lookAgain(o)
}

// lookAgain is the wait while a new segment is due: an eighth of its duration,
// growing, but never past the moment at which the stream becomes stale.
func (p *pace) lookAgain(o *probe.Observation) time.Duration {
	since := p.polled.Sub(p.advanced)
	wait := max(soonest, p.d/8)
	if p.edge {
		// A cached copy stays what it is until it expires.
		if ttl, age := o.Exchange.TTL(), o.Exchange.Age; ttl.Stated && age.Stated {
			wait = max(wait, min(ttl.Value-age.Value+soonest/2, p.td/2))
		} else {
			wait = max(wait, p.d/6)
		}
	}
	if since > p.td*3 {
		return max(p.td/2, wait)
	}
	if since > p.td {
		wait = max(wait, p.td/6)
	}
	for _, limit := range [...]time.Duration{p.td * 3 / 2, p.td * 2, p.td * 3} {
		if left := limit - since; left >= 0 {
			return min(wait, left+time.Millisecond)
		}
	}
	return wait
}

// confirmAfter is the wait until a look that confirms or refutes a suspicion.
func (p *pace) confirmAfter() time.Duration {
	if p.td == 0 {
		return 500 * time.Millisecond
	}
	return min(500*time.Millisecond, max(p.td/10, soonest))
}
