package checks

import (
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

var llBlock = register(Check{
	ID:      "ll.block",
	Summary: "blocking reload is answered wrongly",
	Doc: "A reload with _HLS_msn and _HLS_part is answered without the part that it waits for, or with an error " +
		"status. Or the answer comes more than a part target (at least 0.6 s) after an ordinary request had already " +
		"listed the part, or at the edge more than two part targets after the origin's answer. Two of four reloads open " +
		"an incident. An edge that does not block while its origin does is ll.block.unsup.",
	Spec:     "RFC 8216bis §6.2.5.2; CoreMedia error -15410",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	When:     OnLowLatency,
	After:    2, Of: 4,
	Hold:     4,
	Explains: []string{"ll.part.rate", "ll.block.past", "ll.block.long", "ll.block.unsup", "ll.sync"},
	Run: func(p *Pass) {
		l, _, ok := p.delivers(probe.AskNext)
		if !ok {
			return
		}
		ex, pt := &p.Obs.Exchange, p.partTarget()
		switch {
		case p.playlistFails():
			p.Silent = true
		case ex.Failure == "" && !ex.OK() && ex.Duration() < l.Deadline/2:
			p.Reportf(probe.Error, "part %d of segment %d: status %d", l.Part, l.MSN, ex.Status)
		case p.unblocked():
			if pair, known := p.pairBlocks(); !known {
				p.Silent = true
			} else if !pair {
				p.Reportf(probe.Error, "answered after %s without part %d of segment %d", Seconds(ex.Duration()), l.Part, l.MSN)
			}
		case !l.Listed.Value.IsZero() && ex.Done.Sub(l.Listed.Value) > max(pt, time.Second/2)+network:
			p.Reportf(probe.Error, "part %d of segment %d was listed, and %s later the reload that waits for it %s",
				l.Part, l.MSN, Seconds(ex.Done.Sub(l.Listed.Value)), answered(ex))
		default:
			p.compareArrival()
		}
	},
})

// answered says whether a reload was answered at last.
func answered(ex *probe.Exchange) string {
	if ex.OK() {
		return "was answered"
	}
	return "was not answered"
}

// unblocked reports whether a reload for the next part brought a live playlist
// without it, while its numbering goes on: it was not blocked.
func (p *Pass) unblocked() bool {
	l := p.Obs.LowLatency
	if !p.Obs.OK() || l.Playlist == nil || !l.Playlist.Live() {
		return false
	}
	if len(l.Playlist.Segments) == 0 || l.Playlist.Lists(l.MSN, l.Part) {
		return false
	}
	return l.Playlist.NextMSN()+2 > l.MSN // else it started again
}

// pairBlocks reports whether the other side holds reloads, as far as this side's
// fault can be told from it: an origin is not told from its edge. known is
// false while it was not asked yet.
func (p *Pass) pairBlocks() (blocks, known bool) {
	pair := p.History.Pair
	if p.History.Target.Side != probe.Edge || pair == nil || pair.Playlist == nil || !pair.Playlist.Offers() {
		return false, true
	}
	if pair.LowLatency == nil || pair.LowLatency.Waited.IsZero() && pair.LowLatency.Ignored.IsZero() {
		return false, false
	}
	return pair.LowLatency.Waited.After(pair.LowLatency.Ignored), true
}

// compareArrival holds when a part came at the edge against when it came at the
// origin. One request that the edge shares brings both at once.
func (p *Pass) compareArrival() {
	pt := p.partTarget()
	origin, ok := p.origin()
	if !ok || origin.LowLatency == nil || !p.Obs.LowLatency.Waited(p.Obs.Exchange.Duration()) {
		return
	}
	msn, part := p.Obs.LowLatency.Playlist.LastPart()
	for _, a := range origin.LowLatency.Arrivals {
		waiting := a.At.After(p.Obs.Exchange.Started) // else it could have come at once
		if late := p.Now.Sub(a.At); waiting && a.MSN == msn && a.Part == part && late > 2*pt+2*network {
			p.Accuse(probe.BlameCDN, probe.Error, "part %d of segment %d came %s after it came at the origin",
				part, msn, Seconds(late))
		}
	}
}

var llBlockUnsup = register(Check{
	ID:      "ll.block.unsup",
	Summary: "edge does not block reloads that the origin blocks",
	Doc: "The edge answers a blocking reload at once and without the requested part, while the origin holds such " +
		"requests. _HLS_msn and _HLS_part are not in the cache key, or not forwarded. Players then reload in vain, and " +
		"AVPlayer leaves low latency. Two of four reloads open an incident.",
	Spec:     "RFC 8216bis §6.2.5.2; CloudFront Developer Guide, Cache policies",
	Severity: probe.Error,
	Blame:    probe.BlameConfig,
	Side:     probe.Edge,
	When:     OnLowLatency,
	After:    2, Of: 4,
	Hold:     4,
	Explains: []string{"ll.part.rate", "ll.block.past", "ll.sync"},
	Run: func(p *Pass) {
		l, _, ok := p.delivers(probe.AskNext)
		if !ok || p.History.Target.Side != probe.Edge || !p.unblocked() {
			return
		}
		switch blocks, known := p.pairBlocks(); {
		case !known:
			p.Silent = true
		case blocks:
			p.Reportf(probe.Error, "answered after %s without part %d of segment %d; the origin waits for it",
				Seconds(p.Obs.Exchange.Duration()), l.Part, l.MSN)
		}
	},
})

var llBlockPast = register(Check{
	ID:      "ll.block.past",
	Summary: "reload for what is there is held or refused",
	Doc: "A reload with _HLS_msn and _HLS_part for a part that is already listed is answered with an error status, or " +
		"not within half a target duration (at least a second). Two of three open an incident.",
	Spec:     "RFC 8216bis §6.2.5.2",
	Severity: probe.Warning,
	Blame:    probe.BlameOrigin,
	When:     OnLowLatency,
	After:    2, Of: 3,
	Hold: 8,
	Run: func(p *Pass) {
		l, _, ok := p.delivers(probe.AskPast)
		if !ok {
			return
		}
		switch ex := &p.Obs.Exchange; {
		case ex.Failure == "" && !ex.OK():
			p.Reportf(probe.Warning, "part %d of segment %d: status %d", l.Part, l.MSN, ex.Status)
		case (ex.OK() || ex.Failure == probe.FailTimeout) && ex.Duration() > max(time.Second, l.Known.MeasuredTarget()/2):
			p.Reportf(probe.Warning, "part %d of segment %d is listed, and the reload took %s",
				l.Part, l.MSN, Seconds(ex.Duration()))
		}
	},
})

var llBlockFar = register(Check{
	ID:      "ll.block.far",
	Summary: "reload for the far future is not refused",
	Doc: "A reload with an _HLS_msn ten segments ahead is held or answered, where an immediate 400 is advised. It is " +
		"tried once and then rarely, at the origin.",
	Spec:     "RFC 8216bis §6.2.5.2",
	Severity: probe.Info,
	Blame:    probe.BlameOrigin,
	When:     OnLowLatency,
	Run:      unrefused(probe.AskFar),
})

var llBlockPart = register(Check{
	ID:      "ll.block.part",
	Summary: "_HLS_part without _HLS_msn is not refused",
	Doc: "A reload with _HLS_part but without _HLS_msn is not answered with 400. Players do not send such requests. " +
		"It is tried once and then rarely, at the origin.",
	Spec:     "RFC 8216bis §6.2.5.2",
	Severity: probe.Info,
	Blame:    probe.BlameOrigin,
	When:     OnLowLatency,
	Run:      unrefused(probe.AskAlone),
})

func unrefused(ask probe.Ask) func(*Pass) {
	return func(p *Pass) {
		if _, _, ok := p.delivers(ask); !ok {
			return
		}
		switch ex := &p.Obs.Exchange; {
		case ex.OK():
			p.Reportf(probe.Info, "status %d after %s, want 400", ex.Status, Seconds(ex.Duration()))
		case ex.Failure == probe.FailTimeout:
			p.Reportf(probe.Info, "no answer in %s, want 400", Seconds(ex.Duration()))
		}
	}
}

var llBlockLong = register(Check{
	ID:      "ll.block.long",
	Summary: "blocking reload is held for too long",
	Doc: "A reload waits for a part that, by the ordinary requests made meanwhile, does not appear. The specification " +
		"advises 503 after three target durations, and two seconds after that there is still no answer. Players hang " +
		"instead of trying another rendition.",
	Spec:     "RFC 8216bis §6.2.5.2",
	Severity: probe.Warning,
	Blame:    probe.BlameOrigin,
	When:     OnLowLatency,
	Hold:     4,
	Run: func(p *Pass) {
		l, _, ok := p.delivers(probe.AskNext)
		if !ok {
			return
		}
		took := p.Obs.Exchange.Duration()
		late := p.Obs.Exchange.Failure == probe.FailTimeout && took >= l.Deadline && took > 3*l.Known.MeasuredTarget()
		if notListed := l.Listed.Stated && l.Listed.Value.IsZero(); late && notListed {
			p.Reportf(probe.Warning, "no answer in %s, want 503", Seconds(took))
		}
	},
})
