package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var altWindow = register(Check{
	ID:      "alt.window",
	Summary: "one rendition lists far less of the past than another",
	Doc: "By program date-time, this rendition's window begins more than a target duration later than another's: " +
		"info. It is a warning when the difference is more than three target durations, this window is less than half as " +
		"long as the other, the other is at least a minute long, and both have already removed segments, so that neither " +
		"is still growing. A viewer who has gone back in time and switches then falls out of the window. Packagers that " +
		"keep a number of segments differ a little where segments are long; that is normal.",
	Spec:     "RFC 8216bis §6.2.4; HLS Authoring Specification 8.3",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    4, Of: 4,
	AcrossRenditions: true,
	Run: func(p *Pass) {
		ref, td := p.reference(true), p.History.TD()
		if ref == nil || td == 0 || len(p.Obs.Playlist.Segments) == 0 || len(ref.Playlist.Segments) == 0 {
			return
		}
		a, b := p.Obs.Playlist, ref.Playlist
		wa, wb := a.Window(), b.Window()
		apart := a.LiveEdge().Add(-wa).Sub(b.LiveEdge().Add(-wb)).Abs()
		switch {
		case apart <= td:
		case apart > 3*td && 2*min(wa, wb) < max(wa, wb) && max(wa, wb) >= time.Minute && removed(p.History) && removed(ref):
			p.Reportf(probe.Warning, "window of %s here, %s in %s", Seconds(wa), Seconds(wb), ref.Target.Rendition)
		default:
			p.Reportf(probe.Info, "the first segment is %s apart from that of %s", Seconds(apart), ref.Target.Rendition)
		}
	},
})

var altDaterange = register(Check{
	ID:      "alt.daterange",
	Summary: "renditions announce different date ranges",
	Doc: "Another rendition, whose text is older, lists an EXT-X-DATERANGE that begins within this rendition's " +
		"window. This one does not list it, although it lists others: an ad or a program starts for some viewers only. " +
		"Three texts in a row open an incident. Ranges with SCTE-35 count, and ranges of a CLASS that this rendition " +
		"lists too. Any other is info, because packagers often put ranges that describe the program into the video " +
		"playlists only. Of long lists the newest 256 are compared.",
	Spec:     "RFC 8216bis §6.2.4",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    3, Of: 3,
	AcrossRenditions: true,
	Run: func(p *Pass) {
		ref := p.reference(true)
		if ref == nil || ref.Good.Exchange.Done.After(p.Obs.Exchange.Started) || len(p.Obs.Playlist.Segments) == 0 {
			return
		}
		pl := p.Obs.Playlist
		end := pl.LiveEdge()
		start := end.Add(-pl.Window())
		p.missingRanges(ref, pl, start, end)
	},
})

// rangesKept is how many of the newest date ranges are compared.
const rangesKept = 256

// missingRanges reports the date ranges of another rendition that begin between
// start and end and are not here.
func (p *Pass) missingRanges(ref *evidence.History, pl *probe.Playlist, start, end time.Time) {
	theirs := ref.Playlist.DateRanges
	theirs = theirs[max(0, len(theirs)-rangesKept):]
	missing := map[string]bool{}
	for i := range theirs {
		if d := &theirs[i]; d.ID != "" && !d.StartDate.Before(start) && d.StartDate.Before(end) {
			missing[d.ID] = true
		}
	}
	for i := range pl.DateRanges {
		if len(missing) == 0 {
			return
		}
		delete(missing, pl.DateRanges[i].ID)
	}
	for i := range theirs {
		d := &theirs[i]
		if !missing[d.ID] {
			continue
		}
		s := probe.Info
		if d.SCTE35 != "" && len(pl.DateRanges) > 0 || announces(p.History, d.Class) {
			s = probe.Warning
		}
		p.Reportf(s, "%q is in %s and not here", shortURI(d.ID), ref.Target.Rendition)
	}
}

// announces reports whether the newest two texts list a date range of a class.
func announces(h *evidence.History, class string) bool {
	for _, pl := range []*probe.Playlist{h.Playlist, h.Previous} {
		for i := 0; class != "" && pl != nil && i < len(pl.DateRanges); i++ {
			if pl.DateRanges[i].Class == class {
				return true
			}
		}
	}
	return false
}

var altBound = register(Check{
	ID:      "alt.bound",
	Summary: "renditions are cut at different times",
	Doc: "By program date-time, none of at least three segments begins within a tenth of a second of a segment in " +
		"another rendition. Players cope, but fetch more when they switch; AirPlay copes badly.",
	Spec:             "HLS Authoring Specification 8.22",
	Severity:         probe.Info,
	Blame:            probe.BlameEncoder,
	When:             OnPlaylist,
	AcrossRenditions: true,
	Run: func(p *Pass) {
		ref := p.reference(true)
		if ref == nil {
			return
		}
		_, here := dated(p.Obs.Playlist)
		_, there := dated(ref.Playlist)
		compared := 0
		for _, a := range here {
			for _, b := range there {
				if a.Sub(b).Abs() <= time.Second/10 {
					return
				}
			}
			if len(there) > 0 && a.After(there[0]) && a.Before(there[len(there)-1]) {
				compared++
			}
		}
		if compared >= 3 {
			p.Reportf(probe.Info, "no segment begins when one of %s does", ref.Target.Rendition)
		}
	},
})
