package checks

import "github.com/streamwatch/streamwatch/probe"

var llSkip = register(Check{
	ID:      "ll.skip",
	Summary: "delta updates are wrong",
	Doc: "A playlist requested with _HLS_skip cannot be merged with the full one of a moment before: a segment has " +
		"another number, segments in between are missing, segments newer than CAN-SKIP-UNTIL (less one target duration) " +
		"are skipped, or the status is an error. A full playlist in answer, although segments could be skipped, is info. " +
		"Two of three answers open an incident.",
	Spec:     "RFC 8216bis §6.2.5.1",
	Severity: probe.Error,
	Blame:    probe.BlameOrigin,
	When:     OnLowLatency,
	After:    2, Of: 3,
	Hold: 8,
	Run: func(p *Pass) {
		l, _, ok := p.delivers(probe.AskDelta)
		if !ok {
			return
		}
		ex, got := &p.Obs.Exchange, l.Playlist
		switch {
		case ex.Failure == "" && !ex.OK():
			p.Reportf(probe.Error, "status %d", ex.Status)
		case got == nil || !got.Live() || len(got.Segments) == 0:
			p.Silent = true
		case !got.Skipped.Stated:
			if until := l.Known.ServerControl.Value.CanSkipUntil.Value; l.Known.Window() > until+2*p.History.TD() {
				p.Reportf(probe.Info, "no EXT-X-SKIP, though segments are older than %s", Seconds(until))
			}
		case got.Skipped.Value == 0:
			// Nothing was skipped, as where nothing is old enough: no fault.
		default:
			p.judgeDelta(l.Known, got)
		}
	},
})

// judgeDelta merges a delta update with the full playlist before it.
func (p *Pass) judgeDelta(full, delta *probe.Playlist) {
	newest, first := last(full).MSN, delta.Segments[0].MSN
	if first > newest+1 && first < newest+1000 {
		p.Reportf(probe.Error, "it goes on with segment %d, the newest before was %d", first, newest)
		return
	}
	for i := range delta.Segments {
		b := &delta.Segments[i]
		if a, known := full.Find(b.MSN); known && !sameResource(a, b) {
			p.Reportf(probe.Error, "SKIPPED-SEGMENTS is %d: segment %d is %s, in the full playlist %s",
				delta.Skipped.Value, b.MSN, shortURI(b.URI), shortURI(a.URI))
			return
		}
	}
	left := delta.Window()
	for i := range delta.TrailingParts {
		left += delta.TrailingParts[i].Duration
	}
	if until := full.ServerControl.Value.CanSkipUntil.Value; left < until-p.History.TD() {
		p.Reportf(probe.Error, "%s are left, CAN-SKIP-UNTIL is %s", Seconds(left), Seconds(until))
	}
}

var llSkipDR = register(Check{
	ID:      "ll.skip.dr",
	Summary: "delta update does not say which date ranges went",
	Doc: "A playlist requested with _HLS_skip=v2 has EXT-X-SKIP without RECENTLY-REMOVED-DATERANGES, and does not " +
		"list an EXT-X-DATERANGE that the full playlist had. Players cannot tell whether that date range was removed. " +
		"Two of three answers open an incident.",
	Spec:     "RFC 8216bis §4.4.5.2, §6.2.5.1",
	Severity: probe.Warning,
	Blame:    probe.BlameOrigin,
	When:     OnLowLatency,
	After:    2, Of: 3,
	Hold: 8,
	Run: func(p *Pass) {
		l, _, ok := p.delivers(probe.AskDelta)
		if !ok || l.Playlist == nil || !l.Playlist.Skipped.Stated || !l.Known.ServerControl.Value.CanSkipDateRanges {
			return
		}
		if n := len(l.Known.DateRanges); n > 0 && !l.Playlist.RemovedDateRanges.Stated && len(l.Playlist.DateRanges) < n {
			p.Reportf(probe.Warning, "%d of %s and no RECENTLY-REMOVED-DATERANGES",
				len(l.Playlist.DateRanges), Count(n, "date range"))
		}
	},
})
