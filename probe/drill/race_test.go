//go:build race

package drill_test

// raceDetector says that this test binary is several times slower.
const raceDetector = true
