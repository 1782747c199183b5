package sim

import (
	"net/http"
	"time"
)

// playlistFaults are those of time: the playlist shows another moment.
func playlistFaults() []Fault {
	return []Fault{
		{Name: "stall", Doc: "no new segment appears in any rendition; the backlog drains at four times real time when it " +
			"ends", Where: AtOrigin, clock: frozen},
		{Name: "stall-one", Doc: "stall in one rendition, the last unless named", Where: AtOrigin, last: true, clock: frozen},
		{
			Name: "lag", Doc: "the rendition is served from a node that is behind by the argument", Where: AtOrigin, Arg: "6s",
			last: true, clock: behind,
		},
		{Name: "lag-6s", Doc: "lag by 6 s", Where: AtOrigin, Arg: "6s", last: true, clock: behind},
		{Name: "lag-12s", Doc: "lag by 12 s", Where: AtOrigin, Arg: "12s", last: true, clock: behind},
		{
			Name: "early-listing", Doc: "the playlist lists each segment one duration before it can be fetched", Where: AtOrigin,
			clock: func(in *injected, now, shown time.Time, segment time.Duration) time.Time {
				if in.on(now) {
					return shown.Add(segment)
				}
				return shown
			},
		},
		{
			Name: "endlist", Doc: "EXT-X-ENDLIST ends a broadcast that is not over, and nothing new appears", Where: AtOrigin,
			clock: frozen,
			view:  func(in *injected, now time.Time, v *view) { v.endList = v.endList || in.on(now) },
		},
		{Name: "over-td", Doc: "segments become one second longer than the target duration", Where: AtOrigin, stretch: true},
	}
}

// drain is how much faster than real time a backlog is published.
const drain = 4

// frozen shows the moment at which the fault began, then catches up.
func frozen(in *injected, now, shown time.Time, _ time.Duration) time.Time {
	return earlier(shown, in.From, in, now)
}

// behind shows the past, then catches up.
func behind(in *injected, now, shown time.Time, _ time.Duration) time.Time {
	late := now
	if !in.on(now) {
		late = in.Until
	}
	return earlier(shown, late.Add(-in.duration), in, now)
}

// earlier returns the earlier of shown and held, where held has been catching
// up since the fault ended.
func earlier(shown, held time.Time, in *injected, now time.Time) time.Time {
	if !in.on(now) {
		held = held.Add(drain * now.Sub(in.Until))
	}
	if held.Before(shown) {
		return held
	}
	return shown
}

// listingFaults change what a media playlist says.
func listingFaults() []Fault {
	lower := func(in *injected, now time.Time, v *view) {
		if in.on(now) {
			v.sequence = max(0, v.sequence-in.count)
		}
	}
	return []Fault{
		{
			Name: "seq-back-2", Doc: "EXT-X-MEDIA-SEQUENCE falls by 2 and goes on from there", Where: AtOrigin, Arg: "2",
			view: lower,
		},
		{
			Name: "seq-back-5", Doc: "EXT-X-MEDIA-SEQUENCE falls by 5 and goes on from there", Where: AtOrigin, Arg: "5",
			view: lower,
		},
		{
			Name: "seq-reset", Doc: "EXT-X-MEDIA-SEQUENCE starts again at 0, as after a restart of the encoder", Where: AtOrigin,
			view: func(in *injected, now time.Time, v *view) {
				if in.on(now) {
					v.sequence = max(0, v.sequence-v.firstAt(in.From))
				}
			},
		},
		{
			Name: "seq-jump", Doc: "EXT-X-MEDIA-SEQUENCE jumps ahead", Where: AtOrigin, Arg: "20",
			view: func(in *injected, now time.Time, v *view) {
				if in.on(now) {
					v.sequence += in.count
				}
			},
		},
		{
			Name: "dseq-plus", Doc: "EXT-X-DISCONTINUITY-SEQUENCE rises by 1 though no discontinuity left", Where: AtOrigin,
			view: func(in *injected, now time.Time, v *view) {
				if in.on(now) {
					v.discSequence++
				}
			},
		},
		{
			Name: "dseq-uncounted", Doc: "every third new segment is a discontinuity, and none is counted when it leaves",
			Where: AtOrigin, view: uncounted,
		},
		{
			Name: "uri-changed", Doc: "two packagers alternate: known segments get other URIs every target duration",
			Where: AtOrigin, view: func(in *injected, now time.Time, v *view) {
				if in.on(now) {
					v.rename(1 + int(now.Sub(in.From)/v.targetDuration()))
				}
			},
		},
		{
			Name:  "two-packagers",
			Doc:   "two packagers answer by turns of a target duration, and the second lists two segments only",
			Where: AtOrigin, view: func(in *injected, now time.Time, v *view) {
				if in.on(now) && int(now.Sub(in.From)/v.targetDuration())%2 == 0 {
					v.keepLast(2)
				}
			},
		},
		{
			Name: "empty", Doc: "the media playlist lists no segment", Where: AtOrigin,
			view: func(in *injected, now time.Time, v *view) {
				if in.on(now) {
					v.segments = nil
				}
			},
		},
		{
			Name: "retract-2", Doc: "the newest segments vanish from the playlist and stay behind", Where: AtOrigin, Arg: "2",
			view: func(in *injected, now time.Time, v *view) {
				if in.on(now) {
					v.segments = v.segments[:max(0, len(v.segments)-int(in.count))]
				}
			},
		},
		{
			Name: "td-changed", Doc: "EXT-X-TARGETDURATION rises by one second", Where: AtOrigin,
			view: func(in *injected, now time.Time, v *view) {
				if in.on(now) {
					v.target++
				}
			},
		},
		{
			Name: "hdr-changed", Doc: "EXT-X-VERSION rises and EXT-X-INDEPENDENT-SEGMENTS goes", Where: AtOrigin,
			view: func(in *injected, now time.Time, v *view) {
				if in.on(now) {
					v.version++
					v.independent = false
				}
			},
		},
		{
			Name: "pdt-jump", Doc: "EXT-X-PROGRAM-DATE-TIME of new segments is ahead, without a discontinuity", Where: AtOrigin,
			Arg: "60s", view: func(in *injected, _ time.Time, v *view) {
				for i := range v.segments {
					if s := &v.segments[i]; in.covers(s.published) && !s.at.IsZero() {
						s.at = s.at.Add(in.duration)
					}
				}
			},
		},
		{
			Name: "gap", Doc: "new segments are marked EXT-X-GAP and cannot be fetched", Where: AtOrigin, kinds: segment,
			view: func(in *injected, _ time.Time, v *view) {
				for i := range v.segments {
					v.segments[i].gap = v.segments[i].gap || in.covers(v.segments[i].published)
				}
			}, reply: func(in *injected, _ time.Time, a *answer) {
				if in.covers(a.published) {
					a.status = http.StatusNotFound
				}
			},
		},
		{
			Name: "variant-gone", Doc: "a rendition is missing from the multivariant playlist, the last unless named",
			Where: AtOrigin, last: true,
		},
	}
}

// uncounted marks discontinuities and leaves them out of the sequence.
func uncounted(in *injected, _ time.Time, v *view) {
	begun := v.firstAt(in.From) + int64(v.window)
	for i := range v.segments {
		s := &v.segments[i]
		s.disc = s.disc || in.covers(s.published) && (s.number-begun)%3 == 0
	}
}

// segmentFaults concern segments.
func segmentFaults() []Fault {
	missing := func(in *injected, now time.Time, a *answer) {
		if in.on(now) && in.covers(a.published) {
			a.status = http.StatusNotFound
		}
	}
	return []Fault{
		{Name: "seg-404", Doc: "new segments are listed but answer 404", Where: AtOrigin, kinds: segment, reply: missing},
		{
			Name: "seg-404-one", Doc: "seg-404 in one rendition, the last unless named", Where: AtOrigin, last: true,
			kinds: segment, reply: missing,
		},
		{
			Name: "bytes-changed", Doc: "two packagers write one name: a segment's bytes differ every two seconds",
			Where: AtOrigin, kinds: segment, reply: func(in *injected, now time.Time, a *answer) {
				if in.on(now) {
					a.take = 1 + int(now.Sub(in.From)/(2*time.Second))
				}
			},
		},
		{
			Name: "slow-segments", Doc: "a segment takes as long as the argument, half of it before the first byte",
			Where: AtOrigin, Arg: "3s", kinds: segment, reply: slow,
		},
		{
			Name:  "cut-segment",
			Doc:   "new segments end after two fifths, in the middle of a packet, with a Content-Length that agrees",
			Where: AtOrigin, kinds: segment, reply: func(in *injected, now time.Time, a *answer) {
				if in.on(now) && in.covers(a.published) {
					a.body = func(b []byte) []byte { return b[:len(b)*2/5|1] }
				}
			},
		},
	}
}

// slow spreads an answer over the argument.
func slow(in *injected, now time.Time, a *answer) {
	if in.on(now) {
		a.wait, a.spread = in.duration/2, in.duration/2
	}
}
