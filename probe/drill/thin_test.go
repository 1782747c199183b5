package drill_test

import "testing"

// thin says that rows are held with fewer offsets and streams.
func thin() bool { return testing.Short() || raceDetector }

// verify fails for each of the problems of a row.
func verify(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}
