package monitor

import (
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/playlist"
)

// Choose keeps the renditions of a ladder that the event asks for, and returns
// the names and indexes that the ladder lacks. Where it has none of them, all
// are kept: a stream that is watched too much is better than one that is not.
func (s *Stream) Choose(entries []playlist.Entry) (kept []playlist.Entry, lacking []string) {
	if s.First && len(entries) > 1 {
		return entries[:1], nil
	}
	if len(s.Renditions) == 0 || len(entries) == 0 {
		return entries, nil
	}
	found := map[string]bool{}
	for i, e := range entries {
		index := strconv.Itoa(i)
		if slices.Contains(s.Renditions, e.Name) || slices.Contains(s.Renditions, index) {
			kept = append(kept, e)
		}
		found[e.Name], found[index] = true, true
	}
	for _, r := range s.Renditions {
		if !found[r] {
			lacking = append(lacking, r)
		}
	}
	if len(kept) == 0 {
		kept = entries
	}
	return kept, lacking
}

// LadderText names what a ladder has, for people: "360p, 720p, or 0 to 1".
func LadderText(entries []playlist.Entry) string {
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return strings.Join(names, ", ") + ", or 0 to " + strconv.Itoa(len(entries)-1)
}

// list returns what a multivariant playlist lists, by the names that it has at all
// places for as long as the stream is watched.
func (s *stream) list(o *probe.Observation) []playlist.Entry {
	entries := playlist.Ladder(o.Playlist, o.Exchange.Address)
	for i := range entries {
		entries[i].Name = s.m.opts.Secrets.Mask(entries[i].Name) // it stands in metrics and on the page
	}
	playlist.KeepNames(entries, s.known(o.Target.Place())...)
	return entries
}

// choose keeps the renditions that the event asks for, and says once of each
// that the ladder lacks it: only now is it known.
func (s *stream) choose(o *probe.Observation, entries []playlist.Entry) []playlist.Entry {
	kept, lacking := s.cfg.Choose(entries)
	if o.Playlist.CutOff {
		return kept // the rest of the ladder may list it
	}
	watched := "the others that are named"
	if len(lacking) == len(s.cfg.Renditions) {
		watched = "all, since none that is named is there"
	}
	for _, name := range lacking {
		if s.lacked[name] {
			continue
		}
		s.lacked[name] = true
		s.m.log.Warn("the event names a rendition that the ladder does not have",
			zap.String("stream", s.cfg.Name), zap.String("rendition", name), zap.String("has", LadderText(entries)),
			zap.String("watched", watched), zap.String("hint", "correct streams[].renditions"),
		)
	}
	return kept
}

// known are the ladders that names are taken from: that of the place itself, and
// then those of the others, so that a rendition has one name everywhere.
func (s *stream) known(at probe.Place) [][]playlist.Entry {
	var known [][]playlist.Entry
	for i, l := range s.ladders {
		switch {
		case l == nil:
		case i == s.m.at(at):
			known = slices.Insert(known, 0, l.listed)
		default:
			known = append(known, l.listed)
		}
	}
	return known
}
