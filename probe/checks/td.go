package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var tdExceeded = register(Check{
	ID:      "td.exceeded",
	Summary: "a segment is longer than the target duration",
	Doc: "EXTINF, rounded to the nearest second, is above TARGETDURATION: error; critical above 1.5 times. Version 5 and below meant the plain value, so there what is " +
		"above but rounds down is info.",
	Spec:     "RFC 8216bis §4.4.3.1",
	Severity: probe.Critical,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl := p.Obs.Playlist
		if !pl.TargetDuration.Stated || pl.TargetDuration.Value <= 0 {
			return
		}
		td := pl.TargetDuration.Value
		for i := range pl.Segments {
			s := &pl.Segments[i]
			switch {
			case s.Duration > td*3/2 && s.Duration >= td+time.Second/2:
				p.ReportAt(s.Line, probe.Critical, "segment %d lasts %s, target duration %s", s.MSN, seconds(s.Duration), seconds(td))
			case s.Duration >= td+time.Second/2:
				p.ReportAt(s.Line, probe.Error, "segment %d lasts %s, target duration %s", s.MSN, seconds(s.Duration), seconds(td))
			case s.Duration > td && pl.Version.Or(1) <= 5:
				p.ReportAt(s.Line, probe.Info, "segment %d lasts %s, target duration %s, version %d",
					s.MSN, s.Duration, seconds(td), pl.Version.Or(1))
			}
		}
	},
})

var tdChanged = register(Check{
	ID:      "td.changed",
	Summary: "target duration changed",
	Doc: "TARGETDURATION differs from that of the playlist before. Packagers that write the longest listed EXTINF, rounded, into each playlist (ffmpeg does) change it with segments of " +
		"uneven length: info, while the segments that both list are the same.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnUpdate,
	Hold:     5,
	Explains: []string{"hdr.changed", "ll.*", "td.exceeded", "win.short", "alt.td", "edge.body"},
	Run: func(p *Pass) {
		prev, cur := p.History.Previous.TargetDuration, p.Obs.Playlist.TargetDuration
		if prev.Stated && cur.Stated && prev.Value != cur.Value {
			s := probe.Error
			if a, b, ok := p.update(); ok && longestRounded(a) && longestRounded(b) && goesOn(a, b) {
				s = probe.Info
			}
			p.Reportf(s, "was %s, is %s", seconds(prev.Value), seconds(cur.Value))
		}
	},
})

// longestRounded reports whether the target duration is that of the longest
// listed segment, rounded or rounded up.
func longestRounded(pl *probe.Playlist) bool {
	var longest time.Duration
	for i := range pl.Segments {
		longest = max(longest, pl.Segments[i].Duration)
	}
	td := pl.TargetDuration.Value
	return td == longest.Round(time.Second) || td == (longest+time.Second-1).Truncate(time.Second)
}

// goesOn reports whether two playlists share segments, and list those alike.
func goesOn(a, b *probe.Playlist) bool {
	shared := false
	for i := range a.Segments {
		s, ok := b.Find(a.Segments[i].MSN)
		if !ok {
			continue
		}
		if shared = true; difference(&a.Segments[i], s) != "" {
			return false
		}
	}
	return shared
}
