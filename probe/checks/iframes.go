package checks

import (
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/evidence"
)

var iframesFetch = register(Check{
	ID:      "iframes.fetch",
	Summary: "I-frame playlist cannot be had",
	Doc: "A playlist that EXT-X-I-FRAME-STREAM-INF names could not be fetched, or is no media playlist, at two looks " +
		"in a row. The stream plays, but viewers see no pictures while seeking, and some players give up fast playback. " +
		"It is fetched once a minute, and every five seconds while it fails.",
	Spec:     "RFC 8216bis §4.4.6.3",
	Severity: probe.Warning,
	Blame:    probe.BlameOrigin,
	When:     OnIFrames,
	Explains: []string{"iframes.behind"},
	Run: func(p *Pass) {
		for i := range p.History.IFrames {
			rec := &p.History.IFrames[i]
			if rec.Failed < 2 || !p.pairLooked(rec) {
				continue
			}
			what := "a text that is no media playlist"
			switch {
			case rec.Failure != "":
				what = string(rec.Failure)
			case rec.Status >= 300:
				what = fmt.Sprintf("status %d", rec.Status)
			}
			p.Reportf(probe.Warning, "I-frame playlist %s: %s", rec.Name, what)
		}
	},
})

// pairLooked reports whether the other side, where it is watched, was asked for
// an I-frame playlist since it began to fail here: only then is it known whose fault
// that is.
func (p *Pass) pairLooked(rec *evidence.IFrames) bool {
	origin, ok := p.origin()
	if !ok {
		return true
	}
	theirs, known := origin.IFramesOf(rec.Name)
	return known && theirs.Asked.After(rec.Since) && (theirs.Failed == 0 || theirs.Failed >= 2)
}

var iframesBehind = register(Check{
	ID:      "iframes.behind",
	Summary: "I-frame playlist fell behind its variants",
	Doc: "An I-frame playlist got no new segment for more than three target durations, is that far behind by program " +
		"date-time, or has ended, while a variant on the same side moves on. At the edge the cache's allowance is added. " +
		"The pictures that viewers see while seeking are of another moment, or missing.",
	Spec:     "RFC 8216bis §4.4.6.3, §6.2.4",
	Severity: probe.Warning,
	Blame:    probe.BlameEncoder,
	When:     OnIFrames,
	Run: func(p *Pass) {
		for i := range p.History.IFrames {
			rec := &p.History.IFrames[i]
			if rec.Playlist == nil || rec.Failed > 0 {
				continue
			}
			if what := p.behind(rec); what != "" {
				p.Reportf(probe.Warning, "I-frame playlist %s %s", rec.Name, what)
			}
		}
	},
})

// behind says how an I-frame playlist lags behind a variant on its side, "" when
// it does not.
func (p *Pass) behind(rec *evidence.IFrames) string {
	h := p.History
	limit := 3*h.TD() + 2*h.Allowance() // each playlist is cached by itself
	stood := rec.Asked.Sub(rec.Advanced)
	for _, s := range h.Siblings {
		if s.Target.Role != probe.RoleVideo || s.Playlist == nil || !s.Playlist.Live() || s.Failing() {
			continue
		}
		seen, known := s.SeenBefore(rec.Asked)
		switch {
		case !rec.Playlist.Live():
			return "has ended, while " + s.Target.Rendition + " moves on"
		case stood > limit && s.Advanced.After(rec.Advanced.Add(limit)):
			return fmt.Sprintf("got no new segment for %s (limit %s), while %s moves on",
				Seconds(stood), Seconds(limit), s.Target.Rendition)
		case !known || rec.Playlist.LiveEdge().IsZero() || seen.LiveEdge == 0:
		case seen.LiveEdge.Time().Sub(rec.Playlist.LiveEdge()) > limit:
			lag := seen.LiveEdge.Time().Sub(rec.Playlist.LiveEdge()).Round(100 * time.Millisecond)
			return fmt.Sprintf("is %s behind %s by program date-time", Seconds(lag), s.Target.Rendition)
		}
	}
	return ""
}
