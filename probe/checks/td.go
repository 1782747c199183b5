package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var tdExceeded = register(Check{
	ID:      "td.exceeded",
	Summary: "a segment is longer than the target duration",
	Doc: "An EXTINF, rounded to the nearest second, is above EXT-X-TARGETDURATION: error. Above 1.5 times: critical. " +
		"Up to version 5 the limit was not rounded, so an EXTINF there that is above it but rounds down is info.",
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
				p.ReportAt(s.Line, probe.Critical, "segment %d lasts %s, target duration %s",
					s.MSN, Seconds(s.Duration), Seconds(td))
			case s.Duration >= td+time.Second/2:
				p.ReportAt(s.Line, probe.Error, "segment %d lasts %s, target duration %s", s.MSN, Seconds(s.Duration), Seconds(td))
			case s.Duration > td && pl.Version.Or(1) <= 5:
				p.ReportAt(s.Line, probe.Info, "segment %d lasts %s, target duration %s, version %d",
					s.MSN, s.Duration, Seconds(td), pl.Version.Or(1))
			}
		}
	},
})

var tdChanged = register(Check{
	ID:      "td.changed",
	Summary: "target duration changed",
	Doc: "EXT-X-TARGETDURATION differs from that of the previous playlist. Some packagers, ffmpeg among them, always " +
		"write the longest listed EXTINF, rounded, so that it changes when segments vary in length. That is info, as " +
		"long as the segments that both playlists list are the same.",
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
			p.Reportf(s, "was %s, is %s", Seconds(prev.Value), Seconds(cur.Value))
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
