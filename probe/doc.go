// Package probe is the vocabulary of streamwatch: what one fetch saw
// (Observation), what a playlist said (Playlist), what is wrong with it
// (Finding), what stays wrong (Incident), whose fault it is (Blame), how the
// stream is (Verdict), and every number that leaves the process (Metric,
// Sample, Batch, Sink, Snapshot).
//
// The rule that keeps it simple: it imports the standard library only, holds
// values and no behaviour that needs a clock, a socket or a goroutine. The
// packages below it fetch, read, judge and show these values.
package probe
