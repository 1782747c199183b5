// Package sim is a live HLS origin and a CDN edge with faults that can be
// switched on. The demo plays from it, drills and tests break it, load tests
// poll it. Its edge is the caching proxy of `distribution: local` with a layer of
// faults around it.
//
// The rule that keeps it simple: what the origin says is a function of (media,
// config, faults, now). No goroutine publishes anything and nothing advances
// by itself, so thousands of streams cost nothing, time may be real or that of
// a synctest bubble, and a broken minute can be repeated exactly. Only the edge
// remembers, because a cache is memory.
//
// It imports nothing else of streamwatch but that proxy: a mistake in our reader
// cannot hide behind the same mistake in our writer.
package sim
