package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var altEdge = register(Check{
	ID:      "alt.edge",
	Summary: "one rendition lags behind the others",
	Doc: "By program date-time, the end of this playlist is behind that of another rendition that was fetched " +
		"earlier. More than one target duration is a warning, two an error, three critical. At the edge the cache's " +
		"allowance and the length of one segment are added, since each playlist is cached on its own. No rendition is " +
		"compared with subtitles, or with one whose dates are wrong (pdt.odd).",
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
				if ahead := v.LiveEdge.Time().Sub(mine); v.LiveEdge != 0 && ahead > max(lead, td) && inOrder(s) {
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
		p.Reportf(s, "%s behind %s", Seconds(lead+slack), who)
	},
})

var altTD = register(Check{
	ID:      "alt.td",
	Summary: "renditions have different target durations",
	Doc: "EXT-X-TARGETDURATION differs between the media playlists of one live stream: error. Between subtitles and " +
		"the others: warning.",
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
				p.Reportf(p.noticed(probe.Error), "%s here, %s in %s",
					Seconds(mine.Value), Seconds(theirs.Value), s.Target.Rendition)
				return
			}
		}
	},
})
