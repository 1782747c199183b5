package inspect

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// unlisted returns the mistake of an event that names a rendition which the
// ladder of no side has. What one side lacks alone is a fault of the stream.
func unlisted(n int, s *monitor.Stream, looks []look) error {
	wanted := monitor.Stream{Renditions: s.Renditions}
	var lacking []string
	var entries []playlist.Entry
	for i := range looks {
		o := &looks[i].obs
		if o.Target.Rendition != "" || o.Playlist == nil || o.Playlist.Kind != probe.Multivariant {
			continue
		}
		if o.Playlist.CutOff {
			return nil // the rest of the ladder may list it
		}
		here := playlist.Ladder(o.Playlist, o.Exchange.Address)
		if _, without := wanted.Choose(here); entries == nil {
			lacking = without
		} else {
			lacking = slices.DeleteFunc(lacking, func(r string) bool { return !slices.Contains(without, r) })
		}
		entries = here
	}
	if len(lacking) == 0 {
		return nil
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return probe.Usage(
		fmt.Sprintf("streams[%d].renditions: stream %q has no rendition %q", n, s.Name, lacking[0]),
		cmp.Or(rule.DidYouMean(lacking[0], names), "it has "+monitor.LadderText(entries)),
	)
}
