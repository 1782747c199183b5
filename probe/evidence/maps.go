package evidence

import (
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// MapRecord is what the probes of one EXT-X-MAP resource gave.
type MapRecord struct {
	URI          string
	Offset       int64        // in the resource, of a byte range
	SegmentBytes              // of the newest probe that succeeded
	Since        time.Time    // when a probe with these bytes first succeeded
	Asked        time.Time    // when the newest probe that succeeded began
	Before       SegmentBytes // what it held before these; not OK while it never changed
}

// mapsKept is how many initialization sections of one playlist are remembered:
// the programme's, that of an advertisement, and those before.
const mapsKept = 4

// Map returns the record of the probes of an EXT-X-MAP resource. Names are
// compared without their queries, which may carry a token.
func (h *History) Map(uri string, offset int64) (*MapRecord, bool) {
	for i := len(h.Maps) - 1; i >= 0; i-- {
		if rec := &h.Maps[i]; path(rec.URI) == path(uri) && rec.Offset == offset {
			return rec, true
		}
	}
	return nil, false
}

// fileMap notes what a probe of an EXT-X-MAP resource gave.
func fileMap(h *History, o *probe.Observation) {
	s, ex := o.Segment, &o.Exchange
	if !ex.OK() {
		return
	}
	now := SegmentBytes{OK: true, Size: ex.ObjectBytes.Or(-1), Hash: s.Hash, HashBytes: s.HashBytes}
	rec, known := h.Map(s.URI, s.Offset)
	if !known {
		h.Maps = push(h.Maps, MapRecord{URI: strings.Clone(s.URI), Offset: s.Offset, SegmentBytes: now, Since: ex.Done},
			mapsKept)
		rec = &h.Maps[len(h.Maps)-1]
	}
	if rec.Differs(now) {
		rec.Before, rec.Since = rec.SegmentBytes, ex.Done
	}
	rec.SegmentBytes, rec.Asked = now, ex.Started
}

// Differs reports whether two probes saw different bytes. What only one of them
// read is not held against the other.
func (b SegmentBytes) Differs(other SegmentBytes) bool {
	if !b.OK || !other.OK {
		return false
	}
	if b.Size >= 0 && other.Size >= 0 && b.Size != other.Size {
		return true
	}
	return b.HashBytes == other.HashBytes && b.Hash != other.Hash
}
