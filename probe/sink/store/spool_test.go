package store

import (
	"slices"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

func TestSpool(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s, err := Open(dir, "e", nil)
	if err != nil {
		t.Fatal(err)
	}
	start := time.UnixMilli(1_800_000_000_000)
	add := func(minutes int, sealed bool, size int) {
		t.Helper()
		u := probe.Unsent{
			At: start.Add(time.Duration(minutes) * time.Minute), Sealed: sealed, Samples: 3, Data: make([]byte, size),
		}
		if err := s.ExchangeUnsent(ctx, nil, []probe.Unsent{u}); err != nil {
			t.Fatal(err)
		}
	}
	sealed := func() []probe.Unsent {
		t.Helper()
		l, err := s.SealedUnsent(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	add(2, true, 100)
	add(1, true, 100)
	add(3, false, 100)
	if err := s.Close(); err != nil { // what is in the spool outlives the process
		t.Fatal(err)
	}
	if s, err = Open(dir, "e", nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := sealed()
	if len(got) != 2 || !got[0].At.Equal(start.Add(time.Minute)) || len(got[0].Data) != 100 || got[0].Samples != 3 ||
		!got[0].Tried.IsZero() {
		t.Fatalf("sealed pieces: %+v", got)
	}
	if newest, err := s.NewestSealed(ctx); err != nil || !newest.Equal(start.Add(2*time.Minute)) {
		t.Errorf("newest sealed: %v, %v", newest, err)
	}
	if open, err := s.Unsent(ctx, start.Add(3*time.Minute), 0); err != nil || len(open) != 1 || open[0].Sealed {
		t.Fatalf("open pieces: %+v, %v", open, err)
	}
	if err := s.MarkUnsent(ctx, []int64{got[0].ID}, start); err != nil {
		t.Fatal(err)
	}
	if got = sealed(); !got[0].Tried.Equal(start) || !got[1].Tried.IsZero() {
		t.Errorf("tried: %v, %v", got[0].Tried, got[1].Tried)
	}
	samples, err := s.TrimUnsent(ctx, start.Add(90*time.Second), 1<<20)
	if err != nil || samples != 3 || len(sealed()) != 1 {
		t.Errorf("trimming by age removed %d samples, %v; left %d", samples, err, len(sealed()))
	}
	for i := range 5 {
		add(10+i, true, 100)
	}
	samples, err = s.TrimUnsent(ctx, start, 350)
	if err != nil || samples != 12 || len(sealed()) != 3 {
		t.Errorf("trimming by size removed %d samples, %v; left %d", samples, err, len(sealed()))
	}
}

// A period is read in parts, the oldest first.
func TestSpoolParts(t *testing.T) {
	s, err := Open(t.TempDir(), "e", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, start := t.Context(), time.UnixMilli(1_800_000_000_000)
	wanted := func(before time.Time, at time.Time, parts ...int) {
		t.Helper()
		a, p, err := s.UnsentParts(ctx, before)
		if err != nil || !a.Equal(at) || !slices.Equal(p, parts) {
			t.Errorf("before %v: %v %v, %v", before, a, p, err)
		}
	}
	wanted(start.Add(time.Hour), time.Time{})
	var add []probe.Unsent
	for i, part := range []int{7, 2, 7} {
		add = append(add, probe.Unsent{At: start, Part: part, Samples: i, Data: []byte("x")})
	}
	add = append(add, probe.Unsent{At: start, Sealed: true, Data: []byte("x")},
		probe.Unsent{At: start.Add(time.Minute), Part: 1, Data: []byte("x")})
	if err := s.ExchangeUnsent(ctx, nil, add); err != nil {
		t.Fatal(err)
	}
	wanted(start, time.Time{})
	wanted(start.Add(time.Hour), start, 2, 7)
	of, err := s.Unsent(ctx, start, 7)
	if err != nil || len(of) != 2 || of[0].Samples != 0 || of[1].Samples != 2 || of[1].Part != 7 {
		t.Errorf("%+v, %v", of, err)
	}
}
