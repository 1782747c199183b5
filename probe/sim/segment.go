package sim

import (
	"fmt"
	"net/http"
	"time"

	"github.com/streamwatch/streamwatch/probe/sim/media"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// serveSegment answers for what stands beside a media playlist: a segment, an
// init segment, a key or a part.
func (o *Origin) serveSegment(w http.ResponseWriter, r *http.Request, t *track, name string, now time.Time) {
	faults := o.faults(t, now)
	a := answer{kind: segment}
	w.Header().Set("Cache-Control", o.config.SegmentCache)
	if o.config.FMP4 && name == "init.mp4" {
		a.apply(faults, now)
		a.serve(w, r, edge.NewBlob(media.Init(t.encode(faults, now)), "video/mp4", t.stream.start))
		return
	}
	if generation, ok := keyGeneration(name); ok && o.config.Encrypt {
		a.kind, a.generation = keyFile, generation
		a.apply(faults, now)
		a.serve(w, r, &edge.Blob{Body: []byte(streamKey), Type: keyType, Modified: t.stream.start})
		return
	}
	if number, index, ok := partNumber(name, o.config.FMP4); ok && o.config.Part > 0 {
		o.servePart(w, r, t, number, index, now)
		return
	}
	o.serveWhole(w, r, t, name, now)
}

// serveWhole answers for a complete segment.
func (o *Origin) serveWhole(w http.ResponseWriter, r *http.Request, t *track, name string, now time.Time) {
	faults := o.faults(t, now)
	number, ok := segmentNumber(name, t.suffix)
	tl, shown := o.shown(t, faults, now)
	if shown.After(now) { // what is listed early is not there early
		shown = now
	}
	number = owner(faults, tl, number, shown)
	// What left the playlist stays for two more windows (RFC 8216bis §6.2.2).
	if newest := tl.last(shown); !ok || number > newest || number <= newest-3*int64(o.config.Window) {
		w.Header().Set("Cache-Control", "max-age=1")
		http.NotFound(w, r)
		return
	}
	begin, length := tl.segment(number)
	a := answer{kind: segment, published: tl.published(number)}
	a.apply(faults, now)
	from, seconds := int64(begin/time.Second)+a.ahead, int64(length/time.Second)
	if t.text() {
		a.serve(w, r, edge.NewBlob(media.Text(from, seconds), "text/vtt", a.published))
		return
	}
	a.serve(w, r, o.segment(t.encode(faults, a.published), from, seconds, a.take).At(a.published))
}

// encode is which of the embedded videos a rendition shows in what was made at
// a moment.
func (t *track) encode(faults []*injected, at time.Time) int {
	if recoded(faults, at) {
		return t.index + 1
	}
	return t.index
}

// segment returns the bytes of a segment. Streams share them: the newest ones
// are kept, though they could be made again at any time.
func (o *Origin) segment(index int, begin, seconds int64, take int) *edge.Blob {
	key := fmt.Sprintf("%d-%d-%d-%d", index, begin, seconds, take)
	if kept := o.segments.Find(key); kept != nil {
		return kept.Blob
	}
	b := &edge.Blob{Type: "video/mp2t", ETag: `"` + key + `"`}
	if o.config.FMP4 {
		b.Type, b.Body = "video/mp4", o.fragment(index, begin, seconds, take)
	} else {
		b.Body = media.TS(index, begin, seconds, take)
	}
	if o.config.Encrypt {
		b.Body = encrypt(b.Body)
	}
	o.segments.Store(&edge.Object{Key: key, Blob: b})
	return b
}
