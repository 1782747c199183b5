package beacon

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	slotLength = 30 * time.Second // as long as players wait between two beacons
	slotCount  = 10               // so many make what is recent
	valueCount = 256              // newest values of which the median is taken
)

// recent sums up the reports of one stream in the last five minutes. Its size
// does not depend on what is reported.
type recent struct {
	began    time.Time // of the first report
	slots    [slotCount]slot
	startups ring
	latency  ring
}

// slot holds the sums of half a minute.
type slot struct {
	at                     int64 // which half minute
	played, stalls, errors float64
}

// ring holds the newest values.
type ring struct {
	values [valueCount]float64
	at     [valueCount]time.Time
	next   int
}

func slotOf(now time.Time) int64 { return now.Unix() / int64(slotLength/time.Second) }

// note takes a value that was reported.
func (r *recent) note(m *probe.Metric, v float64, now time.Time) {
	if r.began.IsZero() {
		r.began = now
	}
	at := slotOf(now)
	s := &r.slots[at%slotCount]
	if s.at != at {
		*s = slot{at: at}
	}
	switch m {
	case probe.ViewerStartup:
		r.startups.add(v, now)
	case probe.ViewerLatency:
		r.latency.add(v, now)
	case probe.ViewerPlayed:
		s.played += v
	case probe.ViewerStalls:
		s.stalls += v
	case probe.ViewerErrors:
		s.errors += v
	}
}

// summary is what the page shows. Nothing is said of stalls before somebody
// has watched for a minute.
func (r *recent) summary(now time.Time) *probe.Viewers {
	v := &probe.Viewers{Startup: r.startups.median(now), Latency: r.latency.median(now)}
	var played, stalls, minute float64
	newest := slotOf(now)
	for _, s := range r.slots {
		age := newest - s.at
		if age < 0 || age >= slotCount {
			continue
		}
		played += s.played
		stalls += s.stalls
		v.Errors += int(s.errors)
		if age == 1 || age == 2 {
			minute += s.played
		}
	}
	if !r.began.IsZero() && slotOf(r.began) <= newest-2 {
		v.Watching = probe.State(minute / (2 * slotLength).Seconds())
	}
	if played >= 60 {
		v.StallsPerMinute = probe.State(stalls / (played / 60))
	}
	return v
}

func (r *ring) add(v float64, now time.Time) {
	r.values[r.next], r.at[r.next] = v, now
	r.next = (r.next + 1) % valueCount
}

// median is that of the values which are recent enough.
func (r *ring) median(now time.Time) (p50 probe.Fact[time.Duration]) {
	var list []float64
	for i, at := range r.at {
		if !at.IsZero() && now.Sub(at) < slotCount*slotLength {
			list = append(list, r.values[i])
		}
	}
	if len(list) == 0 {
		return p50
	}
	slices.Sort(list)
	return probe.State(probe.Seconds(list[len(list)/2]))
}
