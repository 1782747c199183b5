package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var altEdge = register(Check{
	ID:      "alt.edge",
	Summary: "one rendition lags behind the others",
	Doc: "The live edge by program date-time is behind that of another rendition, as listed before this one was asked, by more than one target duration: warning; two: " +
		"error; three: critical. Nothing is held against subtitles, nor against dates that are wrong (pdt.odd). At the edge the cache's allowance and one segment come on top, since each playlist is cached by itself.",
	Spec:     "RFC 8216bis §6.2.4",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2, Of: 3,
	Staleness:        true,
	Timed:            true,
	AcrossRenditions: true,
	Run: func(p *Pass) {
		h, td := p.History, p.History.TD()
		mine := p.Obs.Playlist.LiveEdge()
		if mine.IsZero() || td == 0 || !p.Obs.Playlist.Live() || !inOrder(h) {
			return
		}
		slack := td / 10
		if h.Target.Side == probe.Edge {
			slack += h.Allowance() + p.Obs.Playlist.MeanDuration()
		}
		var lead time.Duration
		var who string
		for _, s := range h.Siblings {
			if v, ok := s.SeenBefore(p.Obs.Exchange.Started); ok && s.Playlist.Live() && p.comparable(s) {
				if ahead := v.LiveEdge.Sub(mine); !v.LiveEdge.IsZero() && ahead > max(lead, td) && inOrder(s) {
					lead, who = ahead, s.Target.Rendition
				}
			}
		}
		s := probe.Warning
		switch lead -= slack; {
		case lead <= td:
			return
		case lead > 3*td:
			s = probe.Critical
		case lead > 2*td:
			s = probe.Error
		}
		p.Reportf(s, "%s behind %s", seconds(lead+slack), who)
	},
})

var altTD = register(Check{
	ID:       "alt.td",
	Summary:  "renditions have different target durations",
	Doc:      "TARGETDURATION differs between media playlists of one live stream: error; between subtitles and the others: warning.",
	Spec:     "RFC 8216bis §6.2.4",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2, Of: 2,
	Explains:         []string{"alt.window"}, // windows of as many segments
	AcrossRenditions: true,
	Run: func(p *Pass) {
		mine := p.Obs.Playlist.TargetDuration
		for _, s := range p.History.Siblings {
			if s.Playlist == nil || !mine.Stated || !p.comparable(s) {
				continue
			}
			if theirs := s.Playlist.TargetDuration; theirs.Stated && theirs.Value != mine.Value {
				p.Reportf(p.noticed(probe.Error), "%s here, %s in %s", seconds(mine.Value), seconds(theirs.Value), s.Target.Rendition)
				return
			}
		}
	},
})
