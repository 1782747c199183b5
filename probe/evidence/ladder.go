package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// ladderKept is for how long a variant that is gone is missed: after that the
// ladder is another one.
const ladderKept = time.Hour

// fileLadder remembers the fullest multivariant playlist: the newest one that
// lacks nothing of those before.
func (h *History) fileLadder(pl *probe.Playlist, at time.Time) {
	if pl.Kind != probe.Multivariant {
		return
	}
	was := h.Fullest
	if was != nil && len(Missing(was, pl)) > 0 && at.Sub(h.FullestAt) <= ladderKept {
		return
	}
	if h.Fullest, h.FullestAt = pl, at; was != pl {
		h.Added = nil
		if was != nil {
			h.Added = Missing(pl, was)
		}
	}
}

// rung is what tells a variant or rendition from others: not its address, which
// may carry a session, nor its bandwidth, which some packagers compute anew.
type rung struct {
	kind, name, codecs, videoRange, audio string
	width, height                         int
}

func rungOf(v *probe.Variant) rung {
	return rung{
		kind: "variant", codecs: v.Codecs, videoRange: v.VideoRange, audio: v.Audio,
		width: v.Width, height: v.Height,
	}
}

// Missing lists the URIs of the playlists that a names and b does not. What has
// the same address is the same, then what has the same attributes, then what
// stands for it in another form: only as many are gone as there are fewer.
func Missing(a, b *probe.Playlist) (gone []string) {
	if a == nil || a == b {
		return nil
	}
	for _, list := range [...]func(*probe.Playlist) []listed{variants, renditions} {
		mine, theirs := list(a), list(b)
		if n := len(mine) - len(theirs); n > 0 {
			gone = append(gone, unmatched(mine, theirs, n)...)
		}
	}
	return gone
}

// Altered returns the URI of a variant whose attributes no variant had before;
// "" when there is none.
func Altered(prev, cur *probe.Playlist) string {
	for i := range cur.Variants {
		now := rungOf(&cur.Variants[i])
		if !slices.ContainsFunc(prev.Variants, func(v probe.Variant) bool { return rungOf(&v) == now }) {
			return cur.Variants[i].URI
		}
	}
	return ""
}

// Disjoint reports whether two multivariant playlists have nothing in common: no
// address, and no height of a picture. Where a variant states no height, nobody
// can tell.
func Disjoint(a, b *probe.Playlist) bool {
	if len(a.Variants) == 0 || len(b.Variants) == 0 {
		return false
	}
	for i := range a.Variants {
		for j := range b.Variants {
			x, y := &a.Variants[i], &b.Variants[j]
			if x.Height == 0 || y.Height == 0 || x.Height == y.Height || path(x.URI) == path(y.URI) {
				return false
			}
		}
	}
	return true
}

// listed is a playlist that a multivariant playlist names.
type listed struct {
	rung
	uri string
}

func variants(p *probe.Playlist) []listed {
	list := make([]listed, 0, len(p.Variants))
	for i := range p.Variants {
		v := &p.Variants[i]
		if one := (listed{rungOf(v), v.URI}); v.URI != "" && !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

func renditions(p *probe.Playlist) []listed {
	var list []listed
	for i := range p.Renditions {
		if r := &p.Renditions[i]; r.URI != "" {
			list = append(list, listed{rung{kind: r.Type, name: r.GroupID + "\x00" + r.Name, audio: r.Language}, r.URI})
		}
	}
	return list
}

// unmatched returns the URIs of at most n of a that have no counterpart in b.
func unmatched(a, b []listed, n int) (uris []string) {
	taken := make([]bool, len(b))
	match := func(same func(x, y *listed) bool) {
		rest := a[:0:0]
	next:
		for i := range a {
			for j := range b {
				if !taken[j] && same(&a[i], &b[j]) {
					taken[j] = true
					continue next
				}
			}
			rest = append(rest, a[i])
		}
		a = rest
	}
	match(func(x, y *listed) bool { return path(x.uri) == path(y.uri) })
	match(func(x, y *listed) bool { return x.rung == y.rung })
	for i := len(a) - 1; i >= 0 && len(uris) < n; i-- {
		uris = append(uris, a[i].uri)
	}
	return uris
}

func path(uri string) string {
	p, _, _ := strings.Cut(strings.TrimPrefix(uri, "./"), "?")
	return p
}
