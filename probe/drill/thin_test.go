package drill_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// thin says that this run is to be short: the race detector makes everything
// ten times slower, so make test runs this package once with it, thin, and once
// whole without.
func thin() bool { return testing.Short() || proctest.Race }

// some returns the rows of a table that are held: all, or each tenth in a thin
// run, three at most.
func some[T any](rows []T) (held []T) {
	if !thin() {
		return rows
	}
	for i := 0; i < len(rows); i += max(10, (len(rows)+2)/3) {
		held = append(held, rows[i])
	}
	return held
}

// rows are the names of a table's rows that are held, in order.
func rows[T any](table map[string]T) []string { return some(slices.Sorted(maps.Keys(table))) }

// one returns all of a few ways to hold a row, or the last in a thin run.
func one[T any](ways ...T) []T {
	if thin() {
		return ways[len(ways)-1:]
	}
	return ways
}

// span is how long an event in which nothing is wrong is watched: a tenth in a
// thin run, but a minute at least.
func span(long time.Duration) time.Duration {
	if thin() {
		return max(time.Minute, long/10)
	}
	return long
}

// verify fails for each of the problems of a row.
func verify(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}
