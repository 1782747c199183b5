package store

import (
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
	list := func(sealed bool) []probe.Unsent {
		t.Helper()
		l, err := s.Unsent(ctx, sealed, start.Add(time.Hour), 10)
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
	got := list(true)
	if len(got) != 2 || !got[0].At.Equal(start.Add(time.Minute)) || len(got[0].Data) != 100 || got[0].Samples != 3 ||
		!got[0].Tried.IsZero() {
		t.Fatalf("sealed pieces: %+v", got)
	}
	if newest, err := s.NewestSealed(ctx); err != nil || !newest.Equal(start.Add(2*time.Minute)) {
		t.Errorf("newest sealed: %v, %v", newest, err)
	}
	if open := list(false); len(open) != 1 || open[0].Sealed {
		t.Fatalf("open pieces: %+v", open)
	}
	if err := s.MarkUnsent(ctx, []int64{got[0].ID}, start); err != nil {
		t.Fatal(err)
	}
	if got = list(true); !got[0].Tried.Equal(start) || !got[1].Tried.IsZero() {
		t.Errorf("tried: %v, %v", got[0].Tried, got[1].Tried)
	}
	samples, err := s.TrimUnsent(ctx, start.Add(90*time.Second), 1<<20)
	if err != nil || samples != 3 || len(list(true)) != 1 {
		t.Errorf("trimming by age removed %d samples, %v; left %d", samples, err, len(list(true)))
	}
	for i := range 5 {
		add(10+i, true, 100)
	}
	samples, err = s.TrimUnsent(ctx, start, 350)
	if err != nil || samples != 12 || len(list(true)) != 3 {
		t.Errorf("trimming by size removed %d samples, %v; left %d", samples, err, len(list(true)))
	}
}
