// Package drill breaks a simulated stream on purpose and requires that the
// monitor finds what broke, blames whom it should, and is quick about it. What
// the README claims about detection is what stands in this table.
//
// The rule that keeps it simple: a drill is a row of data. It runs the very
// monitor that watches real streams, on real or on synctest's time.
package drill

import (
	"slices"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Drill is one fault and what must come of it.
type Drill struct {
	Fault  string        // of the simulator; of two edges with the one that it is on, see OfEdges
	Checks []string      // any of these may be the incident's check
	Blame  []probe.Blame // any of these
	Side   probe.Side
	// Limit is the longest time from the beginning of the fault to the opened
	// incident, in target durations, besides Slack.
	Limit float64
	Slack time.Duration // for what is confirmed after a fixed time, or has a deadline
}

// sight is the limit for what one look shows: the next poll at the latest.
// Polls are a segment's duration apart, and the origin is asked before an edge
// is blamed.
const sight = 1.25

// confirmed is the slack for what a second look has to confirm.
const confirmed = 1500 * time.Millisecond

// ladder is the slack for what only the multivariant playlist shows: while it is
// well it is asked for twice a minute, since servers may open a session each time.
const ladder = 30 * time.Second

// session and sessionSlack are the limit for what a session of the low-latency
// prober shows: they begin two target durations apart, and six seconds at least.
const (
	session      = 2.25
	sessionSlack = 4 * time.Second
)

// All returns every drill in the order of the simulator's faults.
func All() []Drill {
	encoder, origin := []probe.Blame{probe.BlameEncoder}, []probe.Blame{probe.BlameOrigin}
	source := []probe.Blame{probe.BlameEncoder, probe.BlameOrigin}
	cdn := []probe.Blame{probe.BlameCDN}
	delivery := []probe.Blame{probe.BlameCDN, probe.BlameConfig}
	rules := []probe.Blame{probe.BlameOrigin, probe.BlameConfig}
	return []Drill{
		{"stall", []string{"upd.stale"}, encoder, probe.Origin, 1.75, 0},
		{"stall-one", []string{"alt.stuck", "upd.stale"}, encoder, probe.Origin, 1.75, 0},
		{"lag-6s", []string{"seq.regress", "win.shrunk", "alt.edge"}, source, probe.Origin, sight, 0},
		{"lag-12s", []string{"seq.regress", "win.shrunk", "alt.edge"}, source, probe.Origin, sight, 0},
		{"early-listing", []string{"avail.early", "seg.status"}, origin, probe.Origin, 2 * sight, confirmed},
		{"endlist", []string{"endlist"}, encoder, probe.Origin, sight, 0},
		{"over-td", []string{"td.exceeded"}, encoder, probe.Origin, 3.25, 0},
		{"seq-back-2", []string{"seq.regress"}, encoder, probe.Origin, sight, 0},
		{"seq-back-5", []string{"seq.regress"}, encoder, probe.Origin, sight, 0},
		{"seq-reset", []string{"seq.regress"}, encoder, probe.Origin, sight, 0},
		{"seq-jump", []string{"seq.jump"}, encoder, probe.Origin, sight, 0},
		{"dseq-plus", []string{"dseq.math"}, encoder, probe.Origin, sight, 0},
		{"dseq-uncounted", []string{"dseq.math", "dseq.missing"}, encoder, probe.Origin, 10, 0},
		{"uri-changed", []string{"seg.mutated", "http.hash.flap"}, source, probe.Origin, 2 * sight, 0},
		{"two-packagers", []string{"seq.regress", "win.shrunk", "win.short"}, source, probe.Origin, 2 * sight, 0},
		{"empty", []string{"win.empty"}, encoder, probe.Origin, sight, confirmed},
		{"retract-2", []string{"win.shrunk"}, origin, probe.Origin, sight, 0},
		{"td-changed", []string{"td.changed"}, encoder, probe.Origin, sight, 0},
		{"hdr-changed", []string{"hdr.changed"}, encoder, probe.Origin, sight, 0},
		{"pdt-jump", []string{"pdt.cont", "pdt.moved"}, encoder, probe.Origin, 2 * sight, 0},
		{"gap", []string{"gap"}, encoder, probe.Origin, 2 * sight, 0},
		{"variant-gone", []string{"mv.changed"}, encoder, probe.Origin, sight, ladder},
		{"seg-404", []string{"seg.status"}, origin, probe.Origin, 2 * sight, confirmed},
		{"seg-404-one", []string{"seg.status"}, origin, probe.Origin, 2 * sight, confirmed},
		{"bytes-changed", []string{"seg.hash"}, origin, probe.Origin, 6 * sight, 0},
		{"slow-segments", []string{"seg.slow"}, origin, probe.Origin, sight, 5 * time.Second},
		{"cut-segment", []string{"seg.size", "seg.ts.sync", "seg.hash"}, source, probe.Origin, 2 * sight, 0},
		{"pts-jump", []string{"seg.ts.pts", "seg.mp4.tfdt"}, encoder, probe.Origin, 2 * sight, 0},
		{"key-404", []string{"key.fetch"}, origin, probe.Origin, 2 * sight, confirmed},
		{"key-short", []string{"key.fetch"}, origin, probe.Origin, 2 * sight, confirmed},
		{"subtitles-ahead", []string{"pdt.moved", "pdt.odd", "alt.timestamps"}, encoder, probe.Origin, 2 * sight, 0},
		{"playlist-503", []string{"http.status"}, origin, probe.Origin, sight, confirmed},
		{"playlist-503-one", []string{"http.status"}, origin, probe.Origin, sight, confirmed},
		{"multivariant-503", []string{"http.status"}, origin, probe.Origin, sight, ladder + confirmed},
		{"html-200", []string{"m3u.header"}, origin, probe.Origin, sight, 0},
		{"hang", []string{"http.timeout"}, origin, probe.Origin, 2 * sight, 2*time.Second + confirmed},
		{"half-playlist", []string{"http.truncated"}, origin, probe.Origin, 2 * sight, 0},
		{"forbidden-one", []string{"http.status"}, rules, probe.Origin, sight, confirmed},
		{"wrong-type", []string{"http.ctype.playlist"}, rules, probe.Origin, sight, confirmed},
		{"etag-kept", []string{"edge.lag", "upd.stale"}, origin, probe.Edge, 3, confirmed},
		{"origin-down", []string{"http.unreachable"}, origin, probe.Origin, sight, confirmed},
		{"origin-500-stale", []string{"http.status"}, origin, probe.Origin, sight, confirmed},
		{"origin-refused", []string{"http.unreachable"}, origin, probe.Origin, sight, confirmed},
		{"part-stall", []string{"ll.part.rate"}, encoder, probe.Origin, session + 3, sessionSlack},
		{"part-long", []string{"ll.part.long"}, encoder, probe.Origin, 2 * sight, 0},
		{"part-404", []string{"ll.part.avail"}, origin, probe.Origin, session + 1, sessionSlack},
		{"hint-404", []string{"ll.hint.avail"}, origin, probe.Origin, session + 1, sessionSlack},
		{"hint-wrong", []string{"ll.hint"}, encoder, probe.Origin, 4 * sight, 0},
		{"report-lag", []string{"ll.report"}, encoder, probe.Origin, session + 1, sessionSlack},
		{"skip-wrong", []string{"ll.skip"}, origin, probe.Origin, 2*session + 1, 2 * sessionSlack},
		{"no-block", []string{"ll.block"}, origin, probe.Origin, session, sessionSlack},
		{"block-late", []string{"ll.block"}, origin, probe.Origin, session, sessionSlack + 4*time.Second},
		{"block-hang", []string{"ll.block"}, origin, probe.Origin, session, sessionSlack + 8*time.Second},
		{"stale-edge", []string{"edge.lag", "edge.age", "upd.stale"}, cdn, probe.Edge, 3.5, confirmed},
		{"long-ttl", []string{"edge.lag", "edge.age", "upd.stale"}, delivery, probe.Edge, 3.5, confirmed},
		{"edge-404-segment", []string{"edge.seg"}, cdn, probe.Edge, 2 * sight, confirmed},
		{
			"edge-old-node",
			[]string{"seq.regress", "edge.age", "edge.lag", "win.shrunk"},
			cdn,
			probe.Edge, 2 * sight, confirmed,
		},
		{"edge-no-block", []string{"ll.block.unsup"}, []probe.Blame{probe.BlameConfig}, probe.Edge, session, sessionSlack},
		{"edge-503", []string{"http.status"}, cdn, probe.Edge, sight, confirmed},
		{"edge-html", []string{"m3u.header"}, cdn, probe.Edge, sight, confirmed},
		{"edge-hang", []string{"http.timeout"}, cdn, probe.Edge, 2 * sight, 2*time.Second + confirmed},
		{"edge-refused", []string{"http.unreachable"}, cdn, probe.Edge, sight, confirmed},
		{"edge-slow", []string{"http.timeout", "seg.slow"}, cdn, probe.Edge, 2 * sight, 5 * time.Second},
		{"edge-truncated", []string{"seg.size"}, cdn, probe.Edge, 2 * sight, confirmed},
		{"edge-bytes", []string{"edge.bytes", "seg.hash"}, cdn, probe.Edge, 2 * sight, confirmed},
		{"edge-rewrite", []string{"edge.body", "hdr.changed", "seg.mutated"}, cdn, probe.Edge, 2 * sight, confirmed},
	}
}

// Find returns the drill for a fault.
func Find(fault string) (Drill, bool) {
	all := Every()
	i := slices.IndexFunc(all, func(d Drill) bool { return d.Fault == fault })
	if i < 0 {
		return Drill{}, false
	}
	return all[i], true
}

// Within is the longest time from the beginning of the fault to the opened
// incident, for a target duration.
func (d Drill) Within(td time.Duration) time.Duration {
	return time.Duration(d.Limit*float64(td)) + d.Slack
}

// Met reports whether an incident is the one that the drill requires.
func (d Drill) Met(in *probe.Incident) bool {
	right := slices.Contains(d.Checks, in.Check) && slices.Contains(d.Blame, in.Blame)
	return right && in.Side == d.Side && in.Edge == d.edge()
}
