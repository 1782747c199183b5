package checks

import "github.com/streamwatch/streamwatch/probe"

var llHint = register(Check{
	ID:      "ll.hint",
	Summary: "preload hints are wrong",
	Doc: "A hint in a playlist with EXT-X-ENDLIST, or two hinted parts that then appeared under other URIs: error. " +
		"More than one hint of a type: warning. A live playlist with parts that does not hint at the next one: info, " +
		"since hints are only advised. A discontinuity cancels a hint. Two findings in eight texts open an incident.",
	Spec:     "RFC 8216bis §4.4.5.3, §6.2.6, Appendix B.1",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2, Of: 8,
	Hold:     2,
	Explains: []string{"ll.hint.avail"},
	Run: func(p *Pass) {
		pl := p.Obs.Playlist
		if pl.Parts == 0 && len(pl.PreloadHints) == 0 {
			return
		}
		parts, maps := 0, 0
		for i := range pl.PreloadHints {
			switch pl.PreloadHints[i].Type {
			case "PART":
				parts++
			case "MAP":
				maps++
			}
		}
		switch {
		case pl.EndList && parts+maps > 0:
			p.Reportf(probe.Error, "EXT-X-PRELOAD-HINT and EXT-X-ENDLIST")
		case parts > 1, maps > 1:
			p.Reportf(probe.Warning, "%s for parts and %d for maps", Count(parts, "hint"), maps)
		case parts == 0 && pl.Live():
			p.Reportf(probe.Info, "parts and no hint for the next one")
		}
		p.compareHint()
	},
})

// compareHint looks for the part that the playlist before hinted at, which
// must have appeared under the URI of the hint, RFC 8216bis §6.2.6.
func (p *Pass) compareHint() {
	prev := p.History.Previous
	if prev == nil || len(prev.Segments) == 0 {
		return
	}
	hint, hinted := partHint(prev)
	if !hinted {
		return
	}
	msn, part := prev.NextMSN(), len(prev.TrailingParts)
	got, listed := findPart(p.Obs.Playlist, msn, part)
	if !listed { // the newest part was the last of its segment
		if s, known := p.Obs.Playlist.Find(msn); known && len(s.Parts) == part && part > 0 {
			msn, part = msn+1, 0
			got, listed = findPart(p.Obs.Playlist, msn, part)
		}
	}
	if s, known := p.Obs.Playlist.Find(msn); !listed || known && s.Discontinuity {
		return
	}
	if !samePath(got.URI, hint.URI) {
		p.Reportf(probe.Error, "part %d of segment %d was hinted as %s, is %s",
			part, msn, shortURI(hint.URI), shortURI(got.URI))
	}
}

// partHint is the first hint of a part.
func partHint(pl *probe.Playlist) (probe.PreloadHint, bool) {
	for _, h := range pl.PreloadHints {
		if h.Type == "PART" {
			return h, true
		}
	}
	return probe.PreloadHint{}, false
}

// findPart returns a partial segment by its segment's media sequence number
// and its index.
func findPart(pl *probe.Playlist, msn uint64, index int) (probe.Part, bool) {
	parts := pl.TrailingParts
	if s, ok := pl.Find(msn); ok {
		parts = s.Parts
	} else if msn != pl.NextMSN() {
		return probe.Part{}, false
	}
	if index >= len(parts) {
		return probe.Part{}, false
	}
	return parts[index], true
}
