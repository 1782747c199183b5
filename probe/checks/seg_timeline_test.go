package checks

import (
	"testing"
	"time"
)

func TestTimeBetween(t *testing.T) {
	sec := time.Second
	for _, c := range []struct {
		a, b  time.Duration
		wraps bool
		want  time.Duration
	}{
		{sec, 3 * sec, true, 2 * sec},
		{wrap - sec, sec, true, 2 * sec},
		{sec, wrap - sec, true, -2 * sec},
		{wrap - sec, sec, false, 2*sec - wrap},
	} {
		if got := timeBetween(c.a, c.b, c.wraps); got != c.want {
			t.Errorf("from %s to %s: %s, want %s", c.a, c.b, got, c.want)
		}
	}
}
