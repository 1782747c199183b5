package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// IFrames is what is known of one I-frame playlist of a ladder. No segment of it
// is probed: its pictures lie in the segments of the variants.
type IFrames struct {
	Name     string
	Looks    int
	Failed   int             // looks in a row that brought no I-frame playlist
	Since    time.Time       // when the first of those began
	Asked    time.Time       // when the newest look began
	Status   int             // of the newest look
	Failure  probe.Failure   // of the newest look
	Playlist *probe.Playlist // of the newest look that brought one; nil is none yet
	Newest   uint64          // media sequence number of its last segment
	Advanced time.Time       // when a look first brought that number
}

// iframesKept is how many I-frame playlists of a ladder are remembered.
const iframesKept = 32

// fileIFrames notes what a look at an I-frame playlist brought.
func fileIFrames(h *History, o *probe.Observation) {
	i := slices.IndexFunc(h.IFrames, func(r IFrames) bool { return r.Name == o.IFrames })
	if i < 0 {
		h.IFrames = push(h.IFrames, IFrames{Name: strings.Clone(o.IFrames)}, iframesKept)
		i = len(h.IFrames) - 1
	}
	rec, ex := &h.IFrames[i], &o.Exchange
	rec.Looks++
	rec.Asked, rec.Status, rec.Failure = ex.Started, ex.Status, ex.Failure
	pl := o.Playlist
	if !o.OK() || pl == nil || pl.Kind != probe.Media {
		if rec.Failed++; rec.Failed == 1 {
			rec.Since = ex.Started
		}
		return
	}
	rec.Failed = 0
	newest, _ := pl.Last()
	if rec.Playlist == nil || newest.MSN != rec.Newest {
		rec.Newest, rec.Advanced = newest.MSN, ex.Done
	}
	rec.Playlist = pl
}

// IFramesOf returns what is known of an I-frame playlist.
func (h *History) IFramesOf(name string) (*IFrames, bool) {
	for i := range h.IFrames {
		if h.IFrames[i].Name == name {
			return &h.IFrames[i], true
		}
	}
	return nil, false
}
