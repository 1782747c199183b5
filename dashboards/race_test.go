//go:build race

package dashboards_test

// everyNth drill is held: the race detector makes each ten times slower.
const everyNth = 9
