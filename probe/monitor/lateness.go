package monitor

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// lateness counts by how much polls begin after they were planned: bucket n
// holds those below 2^n microseconds. It shows whether the machine keeps up.
type lateness struct {
	buckets [32]atomic.Uint64
}

func (l *lateness) add(d time.Duration) {
	n := bits.Len64(uint64(max(0, d.Microseconds())))
	l.buckets[min(n, len(l.buckets)-1)].Add(1)
}

// quantile returns the upper bound of the bucket in which a share of all polls
// is reached; zero when there were none.
func (l *lateness) quantile(q float64) time.Duration {
	total, counts := uint64(0), [len(l.buckets)]uint64{}
	for i := range l.buckets {
		counts[i] = l.buckets[i].Load()
		total += counts[i]
	}
	sum := uint64(0)
	for i, c := range counts {
		if sum += c; total > 0 && float64(sum) >= q*float64(total) {
			return time.Duration(1<<i) * time.Microsecond
		}
	}
	return 0
}

// Lateness returns by how much a share q (0 to 1) of all polls began late, at
// the most, as a power of two of microseconds.
func (m *Monitor) Lateness(q float64) time.Duration { return m.late.quantile(q) }
