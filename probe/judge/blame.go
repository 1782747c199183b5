package judge

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// blame is the truth table of hls.md 1.8, for one finding.
//
//	origin      edge            finding              blame
//	bad         –               at the origin        the check's own (encoder, origin, config)
//	unwatched   no answer       http.*               unknown
//	unwatched   bad             anything else        as if it were the origin, but for what only a cache does
//	failing     200, old        staleness            origin: the edge masks it with stale success
//	failing     5xx             http.*               origin
//	fresh       old, A ≤ T      staleness            config: the TTL is too long, or nothing states one
//	fresh       old, A > T      staleness            cdn
//	200         401, 403        http.status          config: token or access rule; so the other way round
//	200         other failure   http.*               cdn
//	good        bad bytes/text  anything else        cdn, unless the check names another
//	both unreachable                                 path
func (j *Judge) blame(tr *tracker) probe.Blame {
	h, c := tr.t.h, tr.check
	switch {
	case j.ours(tr):
		return probe.BlamePath
	case tr.report.Blame != "":
		return tr.report.Blame
	case refused(h, c):
		return probe.BlameConfig
	case tr.side() != probe.Edge || c.Side == probe.Edge:
		return c.Blame
	case h.Pair == nil || h.Pair.Polls == 0:
		return blameAlone(h, c)
	case originSick(tr):
		return probe.BlameOrigin
	case c.Blame == probe.BlameConfig:
		return probe.BlameConfig
	case transport(c):
		return probe.BlameCDN
	case staleness(c):
		return blameStale(h)
	case j.pairHas(h, c):
		return c.Blame // the edge repeats what the origin did
	default:
		return probe.BlameCDN
	}
}

// originSick reports whether the origin fails, or failed lately enough to
// explain an error or an old text at the edge: caches keep both for a while.
func originSick(tr *tracker) bool {
	h := tr.t.h
	if h.Pair.Failing() {
		return true
	}
	if !transport(tr.check) && !staleness(tr.check) {
		return false
	}
	reach := max(2*h.TD(), 5*time.Second) + min(h.Allowance(), 2*h.TD())
	return !h.Pair.LastError.IsZero() && h.Pair.LastError.After(tr.last.Add(-reach))
}

// refused reports whether one side only answers that we may not.
func refused(h *checks.History, c *checks.Check) bool {
	if c.ID != "http.status" || h.Pair == nil || h.Pair.Polls == 0 || h.Pair.Failing() {
		return false
	}
	s := h.Current.Exchange.Status
	return s == 401 || s == 403
}

// blameAlone is for an edge that is watched without its origin.
func blameAlone(h *checks.History, c *checks.Check) probe.Blame {
	if staleness(c) && h.Current != nil {
		if age := h.Current.Exchange.Age; age.Stated && age.Value > h.TD()*3/2 {
			return probe.BlameCDN
		}
	}
	if transport(c) && c.Blame != probe.BlameConfig {
		return probe.BlameUnknown // the CDN, or the origin behind it: one look cannot tell
	}
	return c.Blame
}

// blameStale tells a cache that keeps its promise, made by a wrong setting,
// from one that breaks it.
func blameStale(h *checks.History) probe.Blame {
	ttl, stated := h.TTL()
	age := h.Current.Exchange.Age
	switch {
	case !stated:
		return probe.BlameConfig
	case ttl > h.TD() && age.Stated && age.Value <= ttl+time.Second:
		return probe.BlameConfig
	default:
		return probe.BlameCDN
	}
}

// pairHas reports whether the origin shows, or lately showed, the same finding.
func (j *Judge) pairHas(h *checks.History, c *checks.Check) bool {
	t := j.find(h.Pair.Target)
	return t != nil && t.tracker(c) != nil
}

func transport(c *checks.Check) bool {
	switch c.ID {
	case "http.status", "http.timeout", "http.unreachable", "http.redirect", "m3u.header":
		return true
	default:
		return false
	}
}

func staleness(c *checks.Check) bool {
	switch c.ID {
	case "upd.stale", "alt.stuck", "alt.edge", "edge.lag", "edge.age":
		return true
	default:
		return false
	}
}
