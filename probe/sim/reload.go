package sim

import (
	"net/http"
	"strconv"
	"time"

	"github.com/streamwatch/streamwatch/provision/edge"
)

// faultStep is how often a blocked request looks again while faults decide when
// something appears.
const faultStep = 50 * time.Millisecond

// reload is what the delivery directives of a request ask for, RFC 8216bis §6.2.5.
type reload struct {
	msn   int64
	part  int // -1 is none
	block bool
	skip  bool
}

// reloadOf reads the directives. It reports false for what must be answered 400.
func reloadOf(r *http.Request) (reload, bool) {
	q := r.URL.Query()
	want := reload{part: -1, block: q.Has("_HLS_msn"), skip: q.Get("_HLS_skip") == "YES" || q.Get("_HLS_skip") == "v2"}
	var err error
	if want.block {
		if want.msn, err = strconv.ParseInt(q.Get("_HLS_msn"), 10, 64); err != nil || want.msn < 0 {
			return want, false
		}
	}
	if q.Has("_HLS_part") {
		if want.part, err = strconv.Atoi(q.Get("_HLS_part")); err != nil || want.part < 0 || !want.block {
			return want, false
		}
	}
	return want, true
}

// serveReload answers a request for a media playlist of low latency: at once,
// or when the playlist contains what is asked for.
func (o *Origin) serveReload(w http.ResponseWriter, r *http.Request, t *track, now time.Time) {
	want, ok := reloadOf(r)
	if !ok {
		http.Error(w, "delivery directives cannot be read", http.StatusBadRequest)
		return
	}
	a := o.reloadAnswer(t, want, now)
	begun, limit := now, 3*o.config.TargetDuration
	for want.block && !a.instant && !a.hang && !a.abort && a.status == 0 {
		v := o.current(t, now)
		if v == nil || v.endList || v.contains(want.msn, want.part) {
			break
		}
		if want.msn > v.lastMSN()+2 {
			http.Error(w, "the segment is too far in the future", http.StatusBadRequest)
			return
		}
		if now.Sub(begun) >= limit {
			http.Error(w, "the segment does not appear", http.StatusServiceUnavailable)
			return
		}
		pause(r.Context(), min(o.untilNext(t, want, now), begun.Add(limit).Sub(now)))
		now = time.Now()
		a = o.reloadAnswer(t, want, now)
	}
	if a.late > 0 && want.block && now.After(begun) {
		pause(r.Context(), a.late)
		now = time.Now()
	}
	b := o.lowLatencyPlaylist(t, want, now)
	if b == nil { // the broadcast has not begun
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", o.config.PlaylistCache)
	if want.block && !a.instant {
		w.Header().Set("Cache-Control", "max-age="+strconv.Itoa(int(6*o.config.TargetDuration/time.Second)))
	}
	a.serve(w, r, b)
}

// reloadAnswer is how faults want a reload to be answered.
func (o *Origin) reloadAnswer(t *track, want reload, now time.Time) answer {
	a := answer{kind: mediaPlaylist}
	if want.block {
		a.kind |= blocking
	}
	a.apply(o.faults(t, now), now)
	return a
}

// untilNext is how long to wait until the playlist may contain what is wanted:
// exactly, but while faults are about.
func (o *Origin) untilNext(t *track, want reload, now time.Time) time.Duration {
	if len(o.config.Faults.all()) > 0 {
		return faultStep
	}
	number, index := want.msn, want.part
	if last := t.timeline.parts(number, o.config.Part); index < 0 {
		index = last - 1
	} else if index >= last {
		number, index = number+1, 0
	}
	return max(time.Millisecond, t.timeline.part(number, index, o.config.Part).published.Sub(now))
}

// current is what a media playlist of low latency says at this moment, faults
// included; nil before the first segment.
func (o *Origin) current(t *track, now time.Time) *view {
	faults := o.faults(t, now)
	tl, shown := o.shown(t, faults, now)
	number := tl.last(shown)
	if number < 0 {
		return nil
	}
	v := o.view(t, tl, number)
	o.lowLatency(v, t, now, shown)
	for _, in := range faults {
		if in.fault.view != nil {
			in.fault.view(in, now, v)
		}
	}
	return v
}

// lowLatencyPlaylist writes the playlist of this moment. Without faults it is
// written once per part.
func (o *Origin) lowLatencyPlaylist(t *track, want reload, now time.Time) *edge.Blob {
	sound := len(o.config.Faults.all()) == 0 && !want.skip
	if sound {
		t.mu.Lock()
		defer t.mu.Unlock()
		number := t.timeline.last(now)
		parts := len(t.timeline.inProgress(number, o.config.Part, now))
		if number >= 0 && number == t.number && parts == t.parts {
			return t.blob
		}
		t.number, t.parts, t.blob = number, parts, nil
	}
	v := o.current(t, now)
	if v == nil {
		return nil
	}
	if want.skip {
		v.skip()
	}
	b := edge.NewBlob(v.encode(), playlistType, v.modified())
	if sound {
		t.blob = b
	}
	return b
}

// modified is when the newest that is listed was published.
func (v *view) modified() time.Time {
	if n := len(v.trailing); n > 0 {
		return v.trailing[n-1].published
	}
	if n := len(v.segments); n > 0 {
		return v.segments[n-1].published
	}
	return v.timeline.start
}
