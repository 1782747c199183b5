package probe

import "time"

// Ask is what a probe of low-latency delivery asks for.
type Ask string

// Asks of a LowLatencyProbe, RFC 8216bis §6.2.5 and §6.2.6.
const (
	AskNext  Ask = "next"  // a reload that waits for the part after the newest one that is known
	AskPast  Ask = "past"  // a reload for a part that is listed: it need not wait
	AskFar   Ask = "far"   // a reload for what is too far in the future: to be refused
	AskAlone Ask = "alone" // _HLS_part without _HLS_msn: to be refused
	AskDelta Ask = "delta" // _HLS_skip: a delta update
	AskHint  Ask = "hint"  // the part that EXT-X-PRELOAD-HINT names
	AskPart  Ask = "part"  // the newest part that is listed
)

// LowLatencyProbe is what one request for low-latency delivery asked for and
// what came of it.
type LowLatencyProbe struct {
	Ask      Ask
	MSN      uint64        // media sequence number of the part asked for
	Part     int           // its index
	URI      string        // of a part or a hint, as listed
	Deadline time.Duration // after which we gave up

	// Since is when the part before the one asked for was seen listed, by the
	// request before: the next is due a part target later. Zero when it was not
	// part of such a chain.
	Since time.Time
	// Listed is when an ordinary request that was made meanwhile, because the
	// answer was late, listed the part; stated and zero when none did.
	Listed Fact[time.Time]

	Known    *Playlist // what was known when asking; full, never a delta update
	Playlist *Playlist // what a reload brought; nil when it failed
}

// Waited reports whether a reload was held until the part that it asked for
// appeared: that is the newest one, and took more than a quarter of a part.
func (l *LowLatencyProbe) Waited(took time.Duration) bool {
	if l.Ask != AskNext || l.Playlist == nil || took*4 <= l.Known.PartTarget.Value {
		return false
	}
	msn, part := l.Playlist.LastPart()
	return msn == l.MSN && part == l.Part || msn == l.MSN+1 && part == 0
}

// Offers reports whether the playlist is one of low latency whose reloads can
// be blocked.
func (p *Playlist) Offers() bool {
	return p.Parts > 0 && p.Live() && p.PartTarget.Value > 0 && p.ServerControl.Value.CanBlockReload && len(p.Segments) > 0
}

// NextMSN is the media sequence number of the segment after the newest
// complete one: that of the trailing parts, if there are any.
func (p *Playlist) NextMSN() uint64 {
	if n := len(p.Segments); n > 0 {
		return p.Segments[n-1].MSN + 1
	}
	return p.MediaSequence.Value + p.Skipped.Value
}

// LastPart returns the newest partial segment: its segment's media sequence
// number and its index; -1 when the newest segment lists none.
func (p *Playlist) LastPart() (msn uint64, part int) {
	if n := len(p.TrailingParts); n > 0 {
		return p.NextMSN(), n - 1
	}
	if s, ok := p.Last(); ok {
		return s.MSN, len(s.Parts) - 1
	}
	return 0, -1
}

// Lists reports whether a part is listed, or its whole segment is, or a later
// one: whether a reload that waits for it is over. An index beyond the last of
// its segment is the first of the next one, RFC 8216bis §6.2.5.2.
func (p *Playlist) Lists(msn uint64, part int) bool {
	if s, ok := p.Last(); ok && s.MSN == msn && len(s.Parts) > 0 && part >= len(s.Parts) {
		msn, part = msn+1, 0
	}
	next := p.NextMSN()
	return msn < next || msn == next && part < len(p.TrailingParts)
}

// PartEdge is the program date-time at the end of the newest part; zero when
// there is none.
func (p *Playlist) PartEdge() time.Time {
	at := p.LiveEdge()
	if at.IsZero() {
		return at
	}
	for i := range p.TrailingParts {
		at = at.Add(p.TrailingParts[i].Duration)
	}
	return at
}
