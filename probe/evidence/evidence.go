// Package evidence keeps what is known of each playlist of a stream: its
// newest answers, the texts that it had, the probes of its segments, the beat
// and the clock of its publication.
//
// The rule that keeps it simple: it changes only when File takes in an
// observation, in the goroutine of its stream. It draws no conclusions: checks
// read it and report, the diagnosis reads it and blames.
package evidence

import "github.com/streamwatch/streamwatch/probe"

func last(pl *probe.Playlist) *probe.Segment { return &pl.Segments[len(pl.Segments)-1] }
