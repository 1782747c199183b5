package evidence

import "time"

// Fall is the newest time at which media sequence numbers went back.
type Fall struct {
	From, To uint64    // of the first listed segment
	At       time.Time // zero is never
	Back     bool      // they came back sooner than new media can: copies of different age are served by turns
}

// FallOf returns the fall of a target whose text is new.
func FallOf(h *History) Fall {
	f, prev, cur, now := h.Fall, h.Previous, h.Playlist, h.Good.Exchange.Done
	if prev == nil || len(prev.Segments) == 0 || len(cur.Segments) == 0 {
		return Fall{}
	}
	was, is, since := prev.Segments[0].MSN, cur.Segments[0].MSN, now.Sub(f.At)
	lately := !f.At.IsZero() && since < max(time.Minute, 2*swapKept*h.TD())
	switch {
	case is < was:
		return Fall{From: was, To: is, At: now, Back: f.Back && lately}
	case !lately:
		return Fall{}
	case is >= f.From && f.From-f.To < FarApart && since < time.Duration(f.From-f.To)*cur.MeanDuration()*3/4:
		f.Back = true
	}
	return f
}
