//go:build race

package proctest

// Race says that this test binary was built with the race detector. Everything is
// up to ten times slower with it: what only computes for long runs without it.
const Race = true
