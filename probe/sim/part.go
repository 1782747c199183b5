package sim

import (
	"net/http"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/media"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// servePart answers for a partial segment: one that is published at once, the
// one that is hinted when it is complete, others not at all.
func (o *Origin) servePart(w http.ResponseWriter, r *http.Request, t *track, number int64, index int, now time.Time) {
	begun := now
	for {
		faults := o.faults(t, now)
		tl, shown := o.shown(t, faults, now)
		if shown.After(now) {
			shown = now
		}
		newest := tl.last(shown)
		at := tl.part(number, index, o.config.Part).published
		a := answer{kind: partial, hinted: at.After(shown)}
		a.apply(faults, now)
		next := tl.inProgress(newest, o.config.Part, shown)
		hinted := number == newest+1 && index <= len(next) || number == newest+2 && index == 0
		switch {
		case index >= tl.parts(number, o.config.Part), number <= newest-3*int64(o.config.Window), a.hinted && !hinted,
			now.Sub(begun) >= 3*o.config.TargetDuration:
			w.Header().Set("Cache-Control", "max-age=1")
			http.NotFound(w, r)
			return
		case !a.hinted || a.status != 0 || a.hang || a.abort:
			a.serve(w, r, o.partBlob(t, tl, number, index).At(at))
			return
		}
		wait := faultStep
		if len(o.config.Faults.all()) == 0 {
			wait = max(time.Millisecond, at.Sub(now))
		}
		pause(r.Context(), wait)
		now = time.Now()
	}
}

// partBlob returns the bytes of a partial segment. Together those of a segment
// are its bytes.
func (o *Origin) partBlob(t *track, tl *timeline, number int64, index int) *edge.Blob {
	begin, length := tl.segment(number)
	second := int64(begin / time.Second)
	from := media.FrameAt(time.Duration(index) * o.config.Part)
	to := media.FrameAt(min(time.Duration(index+1)*o.config.Part, length))
	if o.config.FMP4 {
		return edge.NewBlob(media.Chunk(t.index, second, from, to, 0), "video/mp4", t.stream.start)
	}
	whole := o.segment(t.index, second, int64(length/time.Second), 0)
	bytes := whole.Body[media.Offset(t.index, second, from, 0):media.Offset(t.index, second, to, 0)]
	return edge.NewBlob(bytes, whole.Type, t.stream.start)
}

// fragment returns a segment as fragmented MP4: as its parts, if it has any.
func (o *Origin) fragment(index int, begin, seconds int64, take int) []byte {
	if o.config.Part == 0 {
		return media.Fragment(index, begin, seconds, take)
	}
	var out []byte
	length := time.Duration(seconds) * time.Second
	for from := time.Duration(0); from < length; from += o.config.Part {
		out = append(out, media.Chunk(index, begin, media.FrameAt(from), media.FrameAt(min(from+o.config.Part, length)),
			take)...)
	}
	return out
}
