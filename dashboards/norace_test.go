//go:build !race

package dashboards_test

// everyNth drill is held: all.
const everyNth = 1
