package evidence

import (
	"hash/maphash"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// KeyTurns is how the key of a rendition was changed.
type KeyTurns struct {
	ID      uint64        // of the newest segment's key, a hash of its URI; 0 is none
	Turned  time.Time     // when it was last changed; zero while it was not
	Longest time.Duration // between two changes
	Count   int           // of such times
}

// keepTime takes in that segments after number high appeared. failed says that
// the poll before did. What breaks the time of media begins a new clock.
func keepTime(h *History, o *probe.Observation, high uint64, failed bool) {
	if h.Target.Side == probe.Edge && h.Pair != nil {
		return // the origin tells, without a cache between
	}
	now, edge := o.Exchange.Done, o.Playlist.LiveEdge()
	added, whole := appeared(o.Playlist, high)
	d := o.Playlist.MeanDuration()
	late := failed || h.Gap > d*3/2
	unsure := h.Gap + h.Allowance()
	if !o.Playlist.Live() || h.Clock == nil || !whole || !h.Clock.Add(now, added, edge, unsure, late) {
		h.Clock = NewClock(now, edge)
	}
}

// appeared sums up what the segments after number high last. It reports false
// when they do not join those before.
func appeared(pl *probe.Playlist, high uint64) (sum time.Duration, whole bool) {
	if pl.Segments[0].MSN > high+1 {
		return 0, false
	}
	for i := len(pl.Segments) - 1; i >= 0 && pl.Segments[i].MSN > high; i-- {
		if pl.Segments[i].Discontinuity {
			return 0, false
		}
		sum += pl.Segments[i].Duration
	}
	return sum, true
}

var keySeed = maphash.MakeSeed()

// turnKeys notes when the newest segment's key is another one.
func turnKeys(h *History, s *probe.Segment, now time.Time) {
	k := &h.Keys
	if len(s.Keys) == 0 {
		*k = KeyTurns{}
		return
	}
	uri, _, _ := strings.Cut(s.Keys[0].URI, "?")
	id := maphash.String(keySeed, uri)
	if id == k.ID {
		return
	}
	if k.ID != 0 {
		if !k.Turned.IsZero() {
			k.Longest = max(k.Longest, now.Sub(k.Turned))
			k.Count++
		}
		k.Turned = now
	}
	k.ID = id
}
