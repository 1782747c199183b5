package checks

import (
	"fmt"
	"slices"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var segStatus = register(Check{
	ID:      "seg.status",
	Summary: "listed segment cannot be fetched",
	Doc: "A listed segment is not answered with 200 or 206, twice. Critical for the newest segment; error for an " +
		"older one, and while the edge still has it. At the edge this is judged only when the origin does not have the " +
		"segment either. One that only the edge is missing is edge.seg.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameOrigin,
	When:     OnSegment,
	Hold:     4, // a probe of another segment that succeeds does not end it; the lost one is asked for again, in turn
	Explains: []string{"edge.seg", "seg.slow", "avail.early", "ll.part.avail", "ll.hint.avail"},
	Run: func(p *Pass) {
		switch what := p.lostSegment(); {
		case what == "":
		case p.History.Target.Side != probe.Edge && p.pairHasSegment():
			p.Reportf(probe.Error, "%s; the edge still has it", what)
		case p.History.Target.Side != probe.Edge, !p.pairHasSegment() && !p.pairWillKnow():
			p.Reportf(p.severityOfSegment(), "%s", what)
		}
	},
})

var edgeSeg = register(Check{
	ID:      "edge.seg",
	Summary: "edge does not have a segment that the origin has",
	Doc: "A listed segment is available at the origin (200) and not at the edge, twice: a cached error, or a broken " +
		"path between the two. If the edge refuses a byte range with 416, its copy of a growing file is too old, and the " +
		"blame is config. Critical for the newest segment, error for an older one.",
	Spec:     "RFC 8216bis §6.2.1",
	Severity: probe.Critical,
	Blame:    probe.BlameCDN,
	When:     OnSegment,
	Hold:     4, // a probe of another segment that succeeds does not end it; the lost one is asked for again, in turn
	Explains: []string{"avail.early", "seg.slow", "ll.part.avail", "ll.hint.avail"},
	Run: func(p *Pass) {
		if p.History.Target.Side != probe.Edge {
			return
		}
		what := p.lostSegment()
		switch {
		case what == "" || !p.pairHasSegment():
		case p.outgrown() && p.History.Pair != nil:
			p.Accuse(probe.BlameConfig, p.severityOfSegment(),
				"%s; the edge keeps a copy of the file from before it grew, and the origin has the range", what)
		default:
			p.Reportf(p.severityOfSegment(), "%s; the %s has it", what, p.holder().Target.Place())
		}
	},
})

// outgrown reports whether a cache refuses a byte range because its copy of the
// growing file ends before it: the file must not be cached as a whole.
func (p *Pass) outgrown() bool {
	return p.Obs.Segment.Part && p.Obs.Exchange.Status == 416
}

// lostSegment says how the probes of a segment failed, when this is not the
// first one: a segment that can be had at the second try is avail.early's. A
// timeout is seg.slow's, a body that ends early seg.size's.
func (p *Pass) lostSegment() string {
	ex := &p.Obs.Exchange
	rec, ok := p.History.Segment(p.Obs.Segment.MSN)
	switch {
	case !ok, rec.Failed < 2,
		ex.OK(), ex.Failure == probe.FailTimeout, ex.Failure == probe.FailTruncated:
		return ""
	case ex.Failure != "":
		return fmt.Sprintf("segment %d (%s): %s", p.Obs.Segment.MSN, shortURI(p.Obs.Segment.URI), ex.Failure)
	default:
		return fmt.Sprintf("segment %d (%s): status %d%s", p.Obs.Segment.MSN, shortURI(p.Obs.Segment.URI), ex.Status,
			expired(ex))
	}
}

func (p *Pass) pairHasSegment() bool { return p.holder() != nil }

// holder is who has the segment: the origin, or where that is not watched
// another edge; of a look at the origin any edge. Nil is nobody.
func (p *Pass) holder() *evidence.History {
	for _, h := range p.others() {
		if mine, rec, ok := p.History.Both(h, p.Obs.Segment.MSN); ok && rec.OK && !p.doubtful(h, mine, rec) {
			return h
		}
	}
	return nil
}

// doubtful reports whether the origin had a segment before the edge failed to give
// it, and is still to be asked since: it may have lost the segment meanwhile.
func (p *Pass) doubtful(h *evidence.History, mine, theirs *evidence.SegmentRecord) bool {
	if h.Playlist == nil || h.Failing() || !theirs.OK || mine.OK || !theirs.Asked.Before(mine.FailedAt) {
		return false
	}
	_, listed := h.Playlist.Find(mine.MSN)
	return h == p.History.Pair && listed
}

// others are those that a look is held against, as of holder.
func (p *Pass) others() []*evidence.History {
	if origin, ok := p.origin(); ok {
		return []*evidence.History{origin}
	}
	return p.History.Edges
}

// pairWillKnow reports whether another is watched but has not been asked for the
// segment often enough to tell.
func (p *Pass) pairWillKnow() bool {
	return slices.ContainsFunc(p.others(), func(h *evidence.History) bool {
		rec, asked := h.Segment(p.Obs.Segment.MSN)
		mine, theirs, both := p.History.Both(h, p.Obs.Segment.MSN)
		return !h.Failing() && (!asked || !rec.OK && rec.Failed < 2 || both && p.doubtful(h, mine, theirs))
	})
}

// severityOfSegment is a warning while it may heal by itself: no answer, or an
// error of the server, as while a cache reloads, for less than a target duration.
func (p *Pass) severityOfSegment() probe.Severity {
	ex, rec := &p.Obs.Exchange, p.Obs.Segment
	if (ex.Failure != "" || ex.Status >= 500) && p.Now.Sub(rec.Listed) < p.History.TD() {
		return probe.Warning
	}
	if p.Obs.Segment.Newest {
		return probe.Critical
	}
	return probe.Error
}
