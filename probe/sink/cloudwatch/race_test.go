//go:build race

package cloudwatch

// raced says that the race detector is on: the database is ten times slower
// under it, so that long tests keep their spool in memory.
const raced = true
