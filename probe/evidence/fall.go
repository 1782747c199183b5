package evidence

import "time"

// Fall is the newest time at which media sequence numbers went back.
type Fall struct {
	From, To uint64 // of the first listed segment
	At       time.Time
	Back     bool // they came back sooner than new media can: copies of different age are served by turns
}

// FallOf returns the fall of a target whose text is new; nil where there was none lately.
func FallOf(h *History) *Fall {
	f, prev, cur, now := h.Fall, h.Previous, h.Playlist, h.Good.Exchange.Done
	if prev == nil || len(prev.Segments) == 0 || len(cur.Segments) == 0 {
		return nil
	}
	if f != nil && now.Sub(f.At) >= max(time.Minute, 2*swapKept*h.TD()) {
		f = nil
	}
	switch was, is := prev.Segments[0].MSN, cur.Segments[0].MSN; {
	case is < was:
		return &Fall{From: was, To: is, At: now, Back: f != nil && f.Back}
	case f == nil || f.Back || is < f.From || f.From-f.To >= FarApart:
		return f
	case now.Sub(f.At) < time.Duration(f.From-f.To)*cur.MeanDuration()*3/4:
		f = new(*f)
		f.Back = true
	}
	return f
}
