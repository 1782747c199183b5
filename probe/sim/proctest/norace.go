//go:build !race

package proctest

// Race says that this test binary was built with the race detector.
const Race = false
