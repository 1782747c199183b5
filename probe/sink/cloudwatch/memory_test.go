package cloudwatch

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// memory is a spool that does what the store does, without a disk.
type memory struct {
	mu     sync.Mutex
	rows   []probe.Unsent
	last   int64
	newest time.Time
	sick   error
	read   int // sealed rows that were given
	most   int // samples in the open rows that were given at once
}

func (m *memory) UnsentParts(_ context.Context, before time.Time) (at time.Time, parts []int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := map[time.Time][]int{}
	for _, r := range m.rows {
		if !r.Sealed && r.At.Before(before) {
			of[r.At] = append(of[r.At], r.Part)
		}
	}
	if len(of) == 0 {
		return time.Time{}, nil, m.sick
	}
	at = slices.MinFunc(slices.Collect(maps.Keys(of)), time.Time.Compare)
	slices.Sort(of[at])
	return at, slices.Compact(of[at]), m.sick
}

func (m *memory) Unsent(_ context.Context, at time.Time, part int) ([]probe.Unsent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(m.rows), func(r probe.Unsent) bool {
		return r.Sealed || !r.At.Equal(at) || r.Part != part
	})
	samples := 0
	for i := range list {
		samples += list[i].Samples
	}
	m.most = max(m.most, samples)
	return list, m.sick
}

func (m *memory) SealedUnsent(_ context.Context, limit int) ([]probe.Unsent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(m.rows), func(r probe.Unsent) bool { return !r.Sealed })
	slices.SortFunc(list, func(a, b probe.Unsent) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	list = list[:min(len(list), limit)]
	m.read += len(list)
	return list, m.sick
}

func (m *memory) ExchangeUnsent(_ context.Context, remove []int64, add []probe.Unsent) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sick != nil {
		return m.sick
	}
	m.rows = slices.DeleteFunc(m.rows, func(r probe.Unsent) bool { return slices.Contains(remove, r.ID) })
	for _, r := range add {
		m.last++
		r.ID = m.last
		m.rows = append(m.rows, r)
		if r.Sealed && r.At.After(m.newest) {
			m.newest = r.At
		}
	}
	return nil
}

func (m *memory) MarkUnsent(_ context.Context, ids []int64, tried time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.rows {
		if slices.Contains(ids, m.rows[i].ID) {
			m.rows[i].Tried = tried
		}
	}
	return m.sick
}

func (m *memory) NewestSealed(context.Context) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.newest, nil
}

func (m *memory) TrimUnsent(_ context.Context, before time.Time, _ int64) (samples int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = slices.DeleteFunc(m.rows, func(r probe.Unsent) bool {
		if r.At.Before(before) {
			samples += r.Samples
		}
		return r.At.Before(before)
	})
	return samples, nil
}

func (m *memory) left() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		n += r.Samples
	}
	return n
}

func (m *memory) ail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sick = err
}

// clone is what another process finds.
func (m *memory) clone() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{rows: slices.Clone(m.rows), last: m.last, newest: m.newest}
}
