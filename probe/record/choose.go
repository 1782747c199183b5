package record

import (
	"slices"

	"github.com/streamwatch/streamwatch/probe"
)

// choose returns the streams to record, those that are recorded already among
// them: those that the incident hits, and others while there is room.
func (r *Recorder) choose(have []string, in *probe.Incident) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	room := mostTaken
	for _, t := range r.tapes {
		room -= len(t.streams)
	}
	most := min(mostStreams, max(fewStreams, len(have)+room))
	chosen := slices.Clone(have)
	add := func(most int, hit bool) {
		for _, name := range r.names {
			if len(chosen) < most && slices.Contains(in.Streams, name) == hit && !slices.Contains(chosen, name) {
				chosen = append(chosen, name)
			}
		}
	}
	if len(have) > 0 {
		add(most, true)
		return chosen
	}
	add(most-min(neighbours, max(0, len(r.names)-len(in.Streams))), true)
	add(most, false)
	return chosen
}
