package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

const (
	versionsKept  = 64 // texts of one playlist that are remembered, at most
	segmentsKept  = 24 // segments of which the probes are remembered, of a long playlist
	segmentsLeast = 12 // the same, of a short one: twice what it lists
	sizesKept     = 24 // sizes of segments that are remembered
)

// file makes an observation part of its history. It reports whether it brought
// a playlist whose text is new.
func file(h *History, o *probe.Observation) (changed bool) {
	switch {
	case o.CORS:
		of := &h.Permission
		if o.Segment != nil {
			of = &h.SegmentPermission
		}
		of.Given = strings.Clone(o.Exchange.AllowOrigin)
		of.Ever = of.Ever || of.Given != ""
		return false
	case o.IFrames != "":
		fileIFrames(h, o)
		return false
	case o.LowLatency != nil:
		fileLowLatency(h, o)
		return false
	case o.Segment != nil:
		switch {
		case o.Segment.Media():
			h.Hits = HitsOf(h, o)
			fileSpeed(h, o)
			fileSegment(h, o)
		case o.Segment.Init:
			fileMap(h, o)
		case o.Segment.Removed && o.OK():
			h.StillThere++
		}
		return false
	}
	if h.Current != nil {
		h.Gap = o.Exchange.Done.Sub(h.Current.Exchange.Done)
		h.PopChanged = o.Exchange.Pop != h.Current.Exchange.Pop
	}
	h.Polls++
	h.Current = o
	if !o.OK() || o.Playlist == nil || o.Playlist.Kind == probe.UnknownKind {
		fileFailure(h, o)
		return false
	}
	failed := h.Failures > 0
	if failed {
		h.Recovered = o.Exchange.Done
		h.Failures = 0
		h.FailingSince = time.Time{}
	}
	if h.First.IsZero() {
		h.First = o.Exchange.Done
	}
	changed = h.Playlist == nil || h.Good.Hash != o.Hash || !o.Unchanged && h.Playlist != o.Playlist
	fileHeaders(h, o)
	h.Good = o
	if changed {
		h.Previous, h.Playlist = h.Playlist, o.Playlist
		h.fileTarget(o.Playlist, o.Exchange.Done)
		advance(h, o, failed)
		h.Swap, h.Fall, h.Breaks = SwapOf(h), FallOf(h), BreaksOf(h)
		if o.Playlist.Parts > 0 {
			filePosition(h, o.Playlist, o.Exchange.Done)
		}
	}
	h.fileLadder(o.Playlist, o.Exchange.Done)
	fileVersion(h, o)
	h.fileAge(o, changed)
	h.fileLate(o.Exchange.Done)
	return changed
}

// fileHeaders notes how long a cache may keep the playlist. A 304 that does not
// repeat the headers leaves them as they were, RFC 9111 §4.3.4.
func fileHeaders(h *History, o *probe.Observation) {
	ex := &o.Exchange
	if ex.Status == 304 && ex.CacheControl == "" {
		return
	}
	if h.Good != nil {
		was := &h.Good.Exchange
		if was.Status != 304 && was.CacheControl == ex.CacheControl && was.Expires == ex.Expires {
			return
		}
	}
	h.Kept = ex.TTL()
	if h.Kept.Stated {
		h.Kept.Value += probe.CacheDirectives(ex.CacheControl).StaleWhileRevalidate.Value
	}
}

// ownFailures gives a target that fails what until then it shares with others.
func (h *History) ownFailures() {
	if h.PollFailures == &noPollFailures {
		h.PollFailures = &PollFailures{}
	}
}

// soon is within what time of a recovery a failure makes a host one that answers
// by turns: a member of a pool that is down, or a limit of requests.
func soon(td time.Duration) time.Duration { return max(30*time.Second, 10*td) }

func fileFailure(h *History, o *probe.Observation) {
	h.ownFailures()
	at := o.Exchange.Done
	if h.Failures == 0 {
		h.FailingSince, h.FailedFrom = at, o.Exchange.Started
		if !h.Recovered.IsZero() && at.Sub(h.Recovered) < soon(h.TD()) {
			h.Relapsed = at
		}
	}
	h.Failures++
	h.LastFailure, h.FailedAs, h.FailedWith = at, o.Exchange.Failure, o.Exchange.Status
	if o.Exchange.Failure != "" || o.Exchange.Status >= 500 {
		h.LastError = at
	}
}

// advance notes when a segment appears that is newer than all before. A
// numbering that starts again, outside of the window before, counts as new.
func advance(h *History, o *probe.Observation, failed bool) {
	newest, ok := o.Playlist.Last()
	if !ok {
		if h.Advanced.IsZero() {
			h.Advanced = o.Exchange.Done
		}
		return
	}
	restarted, first := false, h.High == 0
	if h.Previous != nil && len(h.Previous.Segments) > 0 {
		restarted, first = newest.MSN < h.Previous.Segments[0].MSN, false
		if newest.MSN < last(h.Previous).MSN {
			h.Restarted = o.Exchange.Done
		}
	}
	if restarted {
		h.Clock, h.Keys = nil, KeyTurns{}
	}
	if restarted || h.Previous == nil {
		h.Began = newest.MSN
	}
	if first || newest.MSN > h.High || restarted {
		if o.Playlist.Kind == probe.Media {
			keepTime(h, o, h.High, failed)
			turnKeys(h, &newest, o.Exchange.Done)
		}
		h.Advanced, h.High = o.Exchange.Done, newest.MSN
	}
}

func fileVersion(h *History, o *probe.Observation) {
	if n := len(h.Versions); n > 0 && h.Versions[n-1].Hash == o.Hash {
		h.Versions[n-1].Stood = o.Exchange.Done.Sub(h.Versions[n-1].First)
		return
	}
	v := Version{
		Hash: o.Hash, First: o.Exchange.Done, LiveEdge: DateOf(o.Playlist.LiveEdge()), Validator: validator(&o.Exchange),
	}
	if n := len(o.Playlist.Segments); n > 0 {
		v.FirstMSN, v.LastMSN = o.Playlist.Segments[0].MSN, o.Playlist.Segments[n-1].MSN
	}
	old, oldest := 0, v.First.Add(-max(time.Minute, 4*h.TD()))
	for old < len(h.Versions)-1 && h.Versions[old].Last().Before(oldest) {
		old++
	}
	h.Versions = push(slices.Delete(h.Versions, 0, old), v, versionsKept)
}

// push appends to a list that keeps its newest elements, in place, and takes no
// more room than those need.
func push[T any](list []T, v T, keep int) []T {
	if len(list) < keep {
		if len(list) == cap(list) {
			list = append(make([]T, 0, min(len(list)+max(len(list)/4, 4), keep)), list...)
		}
		return append(list, v)
	}
	copy(list, list[1:])
	list[len(list)-1] = v
	return list
}

// kept returns a segment's URI without the text of the playlist that it is a part of:
// that which the other side has already, or a copy.
func (h *History) kept(s *probe.SegmentProbe) string {
	if h.Pair != nil {
		if rec, known := h.Pair.Segment(s.MSN); known && rec.URI == s.URI {
			return rec.URI
		}
	}
	return strings.Clone(s.URI)
}

func fileSegment(h *History, o *probe.Observation) {
	s, ex := o.Segment, &o.Exchange
	rec, known := h.Segment(s.MSN)
	// After a restart the number is another segment's.
	if !known || rec.URI != s.URI || rec.Offset != s.Offset || rec.Asked.Before(h.Restarted) {
		h.Segments = push(h.Segments, SegmentRecord{
			MSN: s.MSN, URI: h.kept(s), Offset: s.Offset, Duration: s.Duration, Listed: s.Listed,
			SegmentBytes: SegmentBytes{Size: -1}, SegmentFailures: &noFailures,
		}, h.segmentsKept())
		rec = &h.Segments[len(h.Segments)-1]
	}
	before := rec.SegmentBytes
	rec.Asked, rec.Fetch, rec.Before = ex.Started, ex.Duration(), nil
	if rec.OK = ex.OK(); !rec.OK {
		if rec.SegmentFailures == &noFailures {
			rec.SegmentFailures = &SegmentFailures{}
		}
		if before.OK || rec.FailedFrom.IsZero() {
			rec.FailedFrom, rec.FailedAt = ex.Started, ex.Done
		}
		rec.Failed++
		rec.Broken = rec.Broken || ex.Status < 400 || ex.Status >= 500 || ex.Status == 429
		rec.SegmentBytes = SegmentBytes{Size: -1}
		h.fileSize(rec)
		return
	}
	if !rec.had {
		rec.had, rec.after = true, ex.Done.Sub(rec.Listed)
		if !s.Repeat {
			h.Rate.Add(ex.ObjectBytes.Or(-1), s.Duration)
		}
	}
	rec.Size, rec.Hash, rec.HashBytes = ex.ObjectBytes.Or(-1), s.Hash, s.HashBytes
	if rec.Differs(before) {
		rec.Before = new(before)
	}
	h.fileSize(rec)
	if s.HashBytes > 0 {
		rec.Start, rec.Lasts, rec.Track, rec.Wraps = s.Start, s.Lasts, s.Track, s.Container != probe.ContainerMP4
	}
}
