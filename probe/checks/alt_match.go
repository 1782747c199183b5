package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

// Checks of what renditions of one side must have in common. Each rendition is
// held against the first one: that is enough to find the odd one, and costs as
// much for many renditions as for few. Like any fault that shows on both sides they
// are reported at the origin: an edge that mixes texts is for the edge checks to find.

var altDseq = register(Check{
	ID:      "alt.dseq",
	Summary: "renditions count discontinuities differently",
	Doc: "At the same program date-time two renditions have different discontinuity sequence numbers, in the middle " +
		"of each of at least three segments that both list. Players that switch align by that number. Renditions without " +
		"program date-times are not compared.",
	Spec:     "RFC 8216bis §6.2.4",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2, Of: 3,
	Explains:         []string{"alt.pdt"},
	AcrossRenditions: true,
	Run: func(p *Pass) {
		ref := p.reference(true)
		if ref == nil {
			return
		}
		compared, differ := 0, 0
		var here, there uint64
		matched(p.Obs.Playlist, ref.Playlist, func(a, b *probe.Segment) {
			compared++
			if a.DSN != b.DSN {
				differ, here, there = differ+1, a.DSN, b.DSN
			}
		})
		if compared >= 3 && differ == compared {
			p.Reportf(p.noticed(probe.Error), "discontinuity %d here, %d in %s at the same time",
				here, there, ref.Target.Rendition)
		}
	},
})

var altPDT = register(Check{
	ID:      "alt.pdt",
	Summary: "renditions give one moment different program date-times",
	Doc: "The segment that follows one discontinuity, matched by discontinuity sequence number, has different program " +
		"date-times in two renditions. A difference of more than 0.5 s, and more than either segment lasts, is an error. " +
		"A smaller one above 0.5 s is info: audio may begin at once while video waits for its first key frame. Both " +
		"playlists must state EXT-X-DISCONTINUITY-SEQUENCE. Program date-times in one rendition and none in the other " +
		"are info. Where there is no discontinuity, see alt.edge.",
	Spec:     "RFC 8216bis §6.2.4",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2, Of: 3,
	Explains:         []string{"alt.edge"},
	AcrossRenditions: true,
	Run: func(p *Pass) {
		ref := p.reference(false)
		if ref == nil {
			return
		}
		a, b := p.Obs.Playlist, ref.Playlist
		if a.LiveEdge().IsZero() != b.LiveEdge().IsZero() {
			p.Reportf(probe.Info, "program date-times here and in %s: one has none", ref.Target.Rendition)
			return
		}
		if !a.DiscontinuitySequence.Stated || !b.DiscontinuitySequence.Stated {
			return
		}
		matchedBreaks(a, b, func(s, o *probe.Segment) {
			switch off := s.PDT.Sub(o.PDT); {
			case off.Abs() > max(s.Duration, o.Duration, time.Second/2):
				p.Reportf(p.noticed(probe.Error), "discontinuity %d is %s away from that in %s", s.DSN, off, ref.Target.Rendition)
			case off.Abs() > time.Second/2:
				p.Reportf(probe.Info, "discontinuity %d is %s away from that in %s", s.DSN, off, ref.Target.Rendition)
			}
		})
	},
})

// matchedBreaks calls f with each segment of a that a discontinuity begins with
// and its like in b, by the discontinuity's number, where both have dates. The
// numbers rise, so both lists are walked together.
func matchedBreaks(a, b *probe.Playlist, f func(a, b *probe.Segment)) {
	k := 0
	for i := range a.Segments {
		s := &a.Segments[i]
		if !s.Discontinuity || s.PDT.IsZero() {
			continue
		}
		for k < len(b.Segments) && (b.Segments[k].DSN < s.DSN || b.Segments[k].DSN == s.DSN && !b.Segments[k].Discontinuity) {
			k++
		}
		if k < len(b.Segments) && b.Segments[k].DSN == s.DSN && !b.Segments[k].PDT.IsZero() {
			f(s, &b.Segments[k])
		}
	}
}

var altSC = register(Check{
	ID:      "alt.sc",
	Summary: "renditions have different EXT-X-SERVER-CONTROL",
	Doc: "One rendition lets players block their reloads or skip segments and another does not: warning, since " +
		"players leave low latency when they switch. A rendition that has neither parts nor EXT-X-SERVER-CONTROL, next " +
		"to one with parts, is info: packagers leave subtitles like that. Different hold-back values are info too, " +
		"because packagers derive them from each rendition's own parts.",
	Spec:     "RFC 8216bis §6.2.4",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	After:    2, Of: 2,
	AcrossRenditions: true,
	Run: func(p *Pass) {
		ref := p.reference(false)
		if ref == nil {
			return
		}
		a, b := p.Obs.Playlist.ServerControl, ref.Playlist.ServerControl
		switch {
		case plainBeside(p.Obs.Playlist, ref.Playlist), plainBeside(ref.Playlist, p.Obs.Playlist):
			p.Reportf(probe.Info, "low latency is not offered both here and in %s", ref.Target.Rendition)
		case a.Value.CanBlockReload != b.Value.CanBlockReload:
			p.Reportf(probe.Warning, "CAN-BLOCK-RELOAD is not the same in %s", ref.Target.Rendition)
		case a.Value.CanSkipUntil.Stated != b.Value.CanSkipUntil.Stated:
			p.Reportf(probe.Warning, "CAN-SKIP-UNTIL is not the same in %s", ref.Target.Rendition)
		case a != b:
			p.Reportf(probe.Info, "HOLD-BACK or PART-HOLD-BACK is not the same in %s", ref.Target.Rendition)
		}
	},
})

// plainBeside reports whether a rendition offers no low latency at all beside
// one that has parts.
func plainBeside(a, b *probe.Playlist) bool {
	return !a.ServerControl.Stated && !a.PartTarget.Stated && b.PartTarget.Stated
}

var altType = register(Check{
	ID:      "alt.type",
	Summary: "some renditions have ended or another type",
	Doc: "EXT-X-PLAYLIST-TYPE differs between renditions that have not ended. Or one has EXT-X-ENDLIST while another " +
		"got a new segment two target durations later. A stream that ends before its time is endlist.",
	Spec:     "RFC 8216bis §6.2.4",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	After:    2, Of: 3,
	AcrossRenditions: true,
	Run: func(p *Pass) {
		h, pl := p.History, p.Obs.Playlist
		if pl == nil || pl.Kind != probe.Media || !p.first() || len(h.Versions) == 0 {
			return
		}
		since := h.Versions[len(h.Versions)-1].First.Add(2 * h.TD())
		for _, s := range h.Siblings {
			switch {
			case s.Playlist == nil || s.Playlist.EndList || s.Failing() || !p.comparable(s):
			case pl.EndList && s.Advanced.After(since):
				p.Reportf(p.noticed(probe.Error), "ended, while %s goes on", s.Target.Rendition)
			case !pl.EndList && pl.Type != s.Playlist.Type:
				p.Reportf(p.noticed(probe.Error), "EXT-X-PLAYLIST-TYPE is %q here, %q in %s",
					pl.Type, s.Playlist.Type, s.Target.Rendition)
			}
		}
	},
})

// comparable reports whether this rendition may be held against another one:
// video and audio are not held against subtitles, without which nobody stalls.
func (p *Pass) comparable(other *evidence.History) bool {
	return other != p.History && other.Leads()
}

// noticed is the severity of a difference between renditions, by what viewers
// notice of it: of subtitles it is a warning at most.
func (p *Pass) noticed(s probe.Severity) probe.Severity {
	if !p.History.Leads() {
		return min(s, probe.Warning)
	}
	return s
}

// inOrder reports whether the program date-times of a rendition can be held
// against those of others: they are not the odd ones, which pdt.odd tells.
func inOrder(h *evidence.History) bool {
	_, than := h.OddDates()
	return than == nil
}

// reference returns the rendition that this one is held against, the first one
// of video or audio that is live; nil for that one itself, and at an edge that
// has its origin beside it. dated asks for program date-times on both, and ones
// that are in order.
func (p *Pass) reference(dated bool) *evidence.History {
	h := p.History
	if !p.first() || !p.Obs.Playlist.Live() || dated && p.Obs.Playlist.LiveEdge().IsZero() {
		return nil
	}
	for _, s := range h.Siblings {
		if s == h {
			return nil
		}
		switch {
		case !s.Leads() || s.Playlist == nil || !s.Playlist.Live() || s.Failing():
		case !dated:
			return s
		case !s.Playlist.LiveEdge().IsZero() && inOrder(s):
			if !inOrder(h) {
				return nil
			}
			return s
		}
	}
	return nil
}

// matchedSegments is how many of the newest segments are compared.
const matchedSegments = 64

// matched calls f with each of the newest segments of a and the segment of b in
// which its middle lies, by program date-time.
func matched(a, b *probe.Playlist, f func(a, b *probe.Segment)) {
	as, atA := dated(a)
	bs, atB := dated(b)
	for i := range as {
		middle := atA[i].Add(as[i].Duration / 2)
		for k := range bs {
			if !atA[i].IsZero() && !atB[k].IsZero() && !middle.Before(atB[k]) && middle.Before(atB[k].Add(bs[k].Duration)) {
				f(&as[i], &bs[k])
				break
			}
		}
	}
}

// dated returns the newest segments and when each begins, zero where no program
// date-time tells.
func dated(pl *probe.Playlist) ([]probe.Segment, []time.Time) {
	from := max(0, len(pl.Segments)-matchedSegments)
	begins := make([]time.Time, 0, len(pl.Segments)-from)
	var at time.Time
	for i := range pl.Segments {
		s := &pl.Segments[i]
		if !s.PDT.IsZero() {
			at = s.PDT
		} else if s.Discontinuity {
			at = time.Time{}
		}
		if i >= from {
			begins = append(begins, at)
		}
		if !at.IsZero() {
			at = at.Add(s.Duration)
		}
	}
	return pl.Segments[from:], begins
}
