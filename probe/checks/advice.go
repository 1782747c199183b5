package checks

import "github.com/streamwatch/streamwatch/probe"

// How a stream is made. It plays all the same, so the most of it is info.

var pdtPresent = register(Check{
	ID:      "pdt.present",
	Summary: "playlist has no program date-time",
	Doc: "A live playlist has no EXT-X-PROGRAM-DATE-TIME: info, since latency cannot be measured and renditions " +
		"cannot be compared. Segments that had one and are now listed without it: warning, because players that use it " +
		"to keep renditions together lose it.",
	Spec:     "HLS Authoring Specification 8.4",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Hold:     10,
	Run: func(p *Pass) {
		pl := p.Obs.Playlist
		if !pl.Live() || len(pl.Segments) == 0 || pl.Skipped.Stated || !pl.LiveEdge().IsZero() {
			return
		}
		if prev := p.History.Previous; prev != nil {
			for i := range prev.Segments {
				was := &prev.Segments[i]
				if is, listed := pl.Find(was.MSN); listed && !was.PDT.IsZero() && sameResource(was, is) {
					p.Reportf(probe.Warning, "segment %d had one and lost it", was.MSN)
					return
				}
			}
		}
		p.Reportf(probe.Info, "no EXT-X-PROGRAM-DATE-TIME")
	},
})

var start = register(Check{
	ID:      "start",
	Summary: "the playlist makes players start too near the end",
	Doc: "EXT-X-START of a live playlist lies within three target durations of its end: info. Within one: warning, " +
		"since a player that obeys has next to nothing to play. Not judged: low-latency playlists, and a start counted " +
		"from the beginning of a window shorter than three target durations.",
	Spec:     "RFC 8216bis §4.4.2.2",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl, td := p.Obs.Playlist, p.History.TD()
		if !p.first() || !pl.Live() || !pl.Start.Stated || pl.PartTarget.Stated || td == 0 || len(pl.Segments) == 0 {
			return
		}
		if pl.Start.Value >= 0 && pl.Window() < 3*td {
			return // a stream that has just begun: any start is near its end
		}
		left := -pl.Start.Value
		if pl.Start.Value >= 0 {
			left = max(0, pl.Window()-pl.Start.Value)
		}
		switch {
		case left < td:
			p.Reportf(probe.Warning, "%s before the end, target duration %s", Seconds(left), Seconds(td))
		case left < 3*td:
			p.Reportf(probe.Info, "%s before the end, three target durations are %s", Seconds(left), Seconds(3*td))
		}
	},
})

var tdSlack = register(Check{
	ID:      "td.slack",
	Summary: "target duration is far above the segments' durations",
	Doc: "EXT-X-TARGETDURATION is more than twice the longest of at least six segments: info, since players start and " +
		"time out later than they need to. If the window is shorter than two target durations, players cannot keep the " +
		"distance that they should: warning. If it is no longer than one, players that reload once per target duration " +
		"may fall out of it: error. For other checks, at most 1.5 times the longest segment then counts as the target " +
		"duration.",
	Spec:     "RFC 8216bis §4.4.3.1, §6.3.4",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl := p.Obs.Playlist
		longest, td := pl.Longest(), pl.TargetDuration.Value
		if !pl.Live() || len(pl.Segments) < 6 || td <= 2*longest {
			return
		}
		w := pl.Window()
		switch {
		case w <= td && removed(p.History):
			p.Reportf(probe.Error, "target duration %s, the longest segment lasts %s and the whole window %s",
				Seconds(td), Seconds(longest), Seconds(w))
		case w < 2*td && removed(p.History):
			p.Reportf(probe.Warning, "target duration %s, the longest segment lasts %s and the whole window %s",
				Seconds(td), Seconds(longest), Seconds(w))
		default:
			p.Reportf(probe.Info, "target duration %s, the longest segment lasts %s", Seconds(td), Seconds(longest))
		}
	},
})

var winFew = register(Check{
	ID:       "win.few",
	Summary:  "window has few segments",
	Doc:      "A playlist that removes segments lists fewer than six. One that is too short to play is win.short.",
	Spec:     "HLS Authoring Specification 8.11",
	Severity: probe.Info,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl := p.Obs.Playlist
		if n := len(pl.Segments); n > 0 && n < 6 && pl.Live() && !pl.Skipped.Stated && removed(p.History) {
			p.Reportf(probe.Info, "%s", Count(n, "segment"))
		}
	},
})
