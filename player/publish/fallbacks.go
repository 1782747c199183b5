package publish

import (
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe"
)

// fallbacks returns where players find a stream when its edge fails: at the
// event's other edges, in their order, then at the bases of player.fallback.
// An edge that lets only signed requests in is none.
func (e *Embeds) fallbacks(
	event *configs.Event, s *configs.Stream, manifest string, o player.Options,
) (list, warnings []string) {
	var bases []string
	for i := range event.Edges {
		if event.Edges[i].Sign == nil {
			bases = append(bases, event.Edges[i].URL.Reveal())
		}
	}
	edges := len(bases)
	for i, base := range append(bases, event.Player.Fallback...) {
		base = strings.TrimRight(base, "/")
		at := probe.Rebase(s.Manifest.Reveal(), base, event.Origin.URL.Reveal(), e.edge)
		if slices.Contains(list, at) || at == manifest {
			continue
		}
		if i < edges { // player.fallback was checked with the file
			if _, _, err := player.Address(at, o); err != nil {
				warnings = append(warnings, "players cannot go over to an edge: "+err.Error())
				continue
			}
		}
		list = append(list, at)
	}
	return list, warnings
}
