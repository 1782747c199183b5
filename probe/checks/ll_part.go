package checks

import (
	"iter"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Low latency: what the tags of one playlist say of its partial segments. The
// checks cost a comparison where no EXT-X-PART is listed.

var llPartInf = register(Check{
	ID:      "ll.partinf",
	Summary: "partial segments without a part target duration",
	Doc: "EXT-X-PART is listed without EXT-X-PART-INF, or EXT-X-PART-INF has no PART-TARGET or one of zero. Players " +
		"then cannot pace their reloads.",
	Spec:     "RFC 8216bis §4.4.3.7",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		p.reportProblem("ll.partinf", probe.Error)
		if pl := p.Obs.Playlist; pl.Parts > 0 && !pl.PartTarget.Stated {
			p.Reportf(probe.Error, "%s and no EXT-X-PART-INF", Count(pl.Parts, "EXT-X-PART tag"))
		}
	},
})

var llPartLong = register(Check{
	ID:      "ll.part.long",
	Summary: "partial segments are longer than the part target duration",
	Doc: "The DURATION of an EXT-X-PART exceeds PART-TARGET by more than a millisecond. Players that rely on " +
		"PART-TARGET for their hold-back run dry.",
	Spec:     "RFC 8216bis §4.4.4.9",
	Severity: probe.Error,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Explains: []string{"ll.part.sum", "ll.sync"},
	Run: func(p *Pass) {
		for parent := range p.parents() {
			for i := range parent.parts {
				if d, pt := parent.parts[i].Duration, p.Obs.Playlist.PartTarget.Value; d > pt+time.Millisecond {
					p.Reportf(probe.Error, "part %d of segment %d lasts %s, part target %s", i, parent.msn, d, pt)
				}
			}
		}
	},
})

var llPartShort = register(Check{
	ID:      "ll.part.short",
	Summary: "partial segments are shorter than allowed",
	Doc: "More than a tenth of the parts are shorter than 0.85 of PART-TARGET: warning. Fewer: info. Exempt are " +
		"independent parts, gaps, the part before either, the last part of a segment, and the newest part of all, which " +
		"may turn out to be the last of its segment.",
	Spec:     "RFC 8216bis §4.4.4.9",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Explains: []string{"ll.part.sum"},
	Run: func(p *Pass) {
		pt, short, where, which := p.Obs.Playlist.PartTarget.Value, 0, parent{}, 0
		for parent := range p.parents() {
			for i := range parent.parts[:len(parent.parts)-1] {
				a, b := &parent.parts[i], &parent.parts[i+1]
				if a.Duration*100 < pt*85 && !a.Independent && !a.Gap && !b.Independent && !b.Gap {
					short, where, which = short+1, parent, i
				}
			}
		}
		if short == 0 {
			return
		}
		s := probe.Info
		if short*10 > p.Obs.Playlist.Parts {
			s = probe.Warning
		}
		p.Reportf(s, "%s of %d, such as part %d of segment %d with %s, part target %s",
			Count(short, "part"), p.Obs.Playlist.Parts, which, where.msn, where.parts[which].Duration, pt)
	},
})

var llPartSum = register(Check{
	ID:      "ll.part.sum",
	Summary: "parts do not add up to their segment",
	Doc: "The parts of a complete segment add up to more or less than its EXTINF, by more than 0.1 s. The oldest " +
		"segment with parts may have lost some, so for that one only a longer sum counts.",
	Spec:     "RFC 8216bis §3.2",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		const slack = 100 * time.Millisecond
		oldest := true
		for parent := range p.parents() {
			if !parent.complete {
				return
			}
			if over := parent.sum() - parent.duration; over > slack || -over > slack && !oldest {
				p.Reportf(probe.Warning, "the parts of segment %d last %s, EXTINF is %s", parent.msn, parent.sum(), parent.duration)
			}
			oldest = false
		}
	},
})

var llPartIndep = register(Check{
	ID:      "ll.part.indep",
	Summary: "a segment has no independent part",
	Doc: "No part of a complete segment is marked INDEPENDENT=YES, so players cannot start or switch inside that " +
		"segment. Info, since independent parts are only advised. The oldest segment with parts is left out, because it " +
		"may have lost some.",
	Spec:     "RFC 8216bis §4.4.4.9, Appendix B.1",
	Severity: probe.Info,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		oldest := true
		for parent := range p.parents() {
			if parent.complete && !oldest && !parent.independent() {
				p.Reportf(probe.Info, "none of the %d parts of segment %d has INDEPENDENT=YES", len(parent.parts), parent.msn)
			}
			oldest = false
		}
	},
})

var llPartKeep = register(Check{
	ID:      "ll.part.keep",
	Summary: "old partial segments are still listed",
	Doc: "EXT-X-PART tags are still listed for a segment that ended more than four target durations before the end of " +
		"the playlist. Three suffice, and every reload has to carry the rest. Info, since removing them is only advised.",
	Spec:     "RFC 8216bis §6.2.2",
	Severity: probe.Info,
	Blame:    probe.BlameEncoder,
	When:     OnPlaylist,
	Run: func(p *Pass) {
		pl := p.Obs.Playlist
		if pl.Parts == 0 || !pl.Live() {
			return
		}
		var after time.Duration // from the end of the segment to the end of the playlist
		for i := range pl.TrailingParts {
			after += pl.TrailingParts[i].Duration
		}
		for i := len(pl.Segments) - 1; i >= 0; i-- {
			s := &pl.Segments[i]
			if len(s.Parts) > 0 && after > 4*p.History.TD() {
				p.Reportf(probe.Info, "parts of segment %d, which ended %s ago", s.MSN, Seconds(after))
			}
			after += s.Duration
		}
	},
})

// parent is a segment with its partial segments, complete or in progress.
type parent struct {
	msn      uint64
	duration time.Duration // EXTINF; zero while in progress
	complete bool
	parts    []probe.Part // at least one
}

// parents yields the segments that list parts, the oldest first, when the
// playlist states a part target duration.
func (p *Pass) parents() iter.Seq[parent] {
	pl := p.Obs.Playlist
	return func(yield func(parent) bool) {
		if pl.Parts == 0 || pl.PartTarget.Value <= 0 {
			return
		}
		for i := range pl.Segments {
			s := &pl.Segments[i]
			if len(s.Parts) > 0 && !yield(parent{s.MSN, s.Duration, true, s.Parts}) {
				return
			}
		}
		if len(pl.TrailingParts) > 0 {
			yield(parent{msn: pl.NextMSN(), parts: pl.TrailingParts})
		}
	}
}

func (in *parent) sum() time.Duration {
	var d time.Duration
	for i := range in.parts {
		d += in.parts[i].Duration
	}
	return d
}

// independent reports whether a part is marked, or a gap, of which nothing can be said.
func (in *parent) independent() bool {
	for i := range in.parts {
		if in.parts[i].Independent || in.parts[i].Gap {
			return true
		}
	}
	return false
}
