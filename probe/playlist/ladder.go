package playlist

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"github.com/streamwatch/streamwatch/probe"
)

// Kind says what an entry of the ladder is.
type Kind string

// Kinds of entry: a variant, or an EXT-X-MEDIA of that type.
const (
	KindVariant   Kind = "variant"
	KindAudio     Kind = "audio"
	KindVideo     Kind = "video"
	KindSubtitles Kind = "subtitles"
	KindIFrames   Kind = "iframes"
)

// Entry is one media playlist that a multivariant playlist lists.
type Entry struct {
	Name      string // unique in the ladder, of [A-Za-z0-9._-]: "720p", "audio-en"
	URL       string // absolute
	Kind      Kind
	Variant   *probe.Variant   // nil unless Kind is KindVariant
	Rendition *probe.Rendition // nil if Kind is KindVariant
	Bandwidth uint64           // bits per second as stated; 0 when it is not
}

// Role says what the entry is to a viewer.
func (e *Entry) Role() probe.Role {
	switch e.Kind {
	case KindAudio:
		return probe.RoleAudio
	case KindSubtitles:
		return probe.RoleSubtitles
	case KindVideo:
		return probe.RoleExtra
	default:
		return probe.RoleVideo
	}
}

// Ladder names the media playlists of a multivariant playlist: its variants and
// then its EXT-X-MEDIA with a URI, in order. base is where the playlist came
// from, after redirects.
// What has the same URL is one entry, and what cannot be fetched or comes after
// the first 256 is left out: Decode has reported it. The names depend on what is listed, not on the order,
// unless two entries cannot be told apart otherwise.
func Ladder(p *probe.Playlist, base probe.Address) []Entry {
	root, err := url.Parse(base.Reveal())
	if err != nil || p.Kind != probe.Multivariant {
		return nil
	}
	l := ladder{root: root, listed: make(map[string]bool)}
	for i := range p.Variants {
		v := &p.Variants[i]
		l.add(v.URI, Entry{Name: variantName(v), Kind: KindVariant, Variant: v, Bandwidth: v.Bandwidth.Value}, kilobits(v))
	}
	for i := range p.Renditions {
		m := &p.Renditions[i]
		kind := Kind(strings.ToLower(m.Type))
		if kind == KindAudio || kind == KindVideo || kind == KindSubtitles {
			name := clean(string(kind) + "-" + cmp.Or(m.Language, m.Name, m.GroupID))
			l.add(m.URI, Entry{Name: name, Kind: kind, Rendition: m}, clean(m.GroupID))
		}
	}
	return l.unique()
}

// IFrames names the I-frame playlists of a multivariant playlist, as Ladder does
// its media playlists: "iframes-720p".
func IFrames(p *probe.Playlist, base probe.Address) []Entry {
	root, err := url.Parse(base.Reveal())
	if err != nil || p.Kind != probe.Multivariant {
		return nil
	}
	l := ladder{root: root, listed: make(map[string]bool)}
	for i := range p.IFrames {
		v := &p.IFrames[i]
		l.add(v.URI, Entry{Name: "iframes-" + variantName(v), Kind: KindIFrames, Variant: v, Bandwidth: v.Bandwidth.Value},
			kilobits(v))
	}
	return l.unique()
}

type ladder struct {
	root    *url.URL
	listed  map[string]bool
	entries []Entry
	finer   []string // what tells an entry from others of its name
}

func (l *ladder) add(uri string, e Entry, finer string) {
	u, err := l.root.Parse(uri)
	if uri == "" || err != nil || len(l.entries) == maxLadder {
		return
	}
	if u.Scheme != "http" && u.Scheme != "https" && u.Scheme != l.root.Scheme {
		return
	}
	if e.URL = u.String(); l.listed[e.URL] {
		return
	}
	l.listed[e.URL] = true
	l.entries = append(l.entries, e)
	l.finer = append(l.finer, finer)
}

// unique tells entries of one name apart: by bandwidth or group, then by number.
func (l *ladder) unique() []Entry {
	named := make(map[string]int)
	for _, e := range l.entries {
		named[e.Name]++
	}
	taken := make(map[string]bool)
	number := make(map[string]int)
	for i := range l.entries {
		e := &l.entries[i]
		if named[e.Name] > 1 && l.finer[i] != "" && l.finer[i] != e.Name {
			e.Name += "-" + l.finer[i]
		}
		name := e.Name
		for number[name] = max(1, number[name]); taken[e.Name]; {
			number[name]++
			e.Name = name + "-" + strconv.Itoa(number[name])
		}
		taken[e.Name] = true
	}
	return l.entries
}

// KeepNames gives entries the names that the same ones had in earlier ladders, of
// which the first comes first: a name may hold a bandwidth, and some packagers
// compute that anew while they run. The same is what has one kind and height, and
// one address, name or set of other attributes, in this order.
func KeepNames(entries []Entry, earlier ...[]Entry) {
	k := keeper{entries: entries, named: make([]bool, len(entries)), taken: make(map[string]bool)}
	for _, before := range earlier {
		k.match(before, func(now, was *Entry) bool { return address(now.uri()) == address(was.uri()) })
		k.match(before, func(now, was *Entry) bool { return now.Name == was.Name })
		k.match(before, func(now, was *Entry) bool { return now.attributes() == was.attributes() })
	}
	for i := range entries {
		e := &entries[i]
		if k.named[i] {
			continue
		}
		for name, n := e.Name, 2; k.taken[e.Name]; n++ {
			e.Name = name + "-" + strconv.Itoa(n)
		}
		k.taken[e.Name] = true
	}
}

type keeper struct {
	entries []Entry
	named   []bool // by entry: it has its name
	taken   map[string]bool
}

// match gives each entry that has no name yet that of the first one that is the
// same and whose name is free.
func (k *keeper) match(before []Entry, same func(now, was *Entry) bool) {
	for i := range k.entries {
		e := &k.entries[i]
		for j := range before {
			was := &before[j]
			if !k.named[i] && !k.taken[was.Name] && e.Kind == was.Kind && e.height() == was.height() && same(e, was) {
				e.Name, k.named[i], k.taken[was.Name] = was.Name, true, true
			}
		}
	}
}

func (e *Entry) height() int {
	if e.Variant == nil {
		return 0
	}
	return e.Variant.Height
}

// uri is the entry's address as the playlist has it.
func (e *Entry) uri() string {
	if e.Variant != nil {
		return e.Variant.URI
	}
	return e.Rendition.URI
}

// attributes are what tells an entry from others besides its address and its
// bandwidth.
func (e *Entry) attributes() string {
	if v := e.Variant; v != nil {
		return strings.Join([]string{strconv.Itoa(v.Width), v.Codecs, v.VideoRange, v.Audio, v.Name}, "\x00")
	}
	m := e.Rendition
	return strings.Join([]string{m.GroupID, m.Language, m.Name}, "\x00")
}

// address is a URI without its query, which may carry a token.
func address(uri string) string {
	p, _, _ := strings.Cut(strings.TrimPrefix(uri, "./"), "?")
	return p
}

func variantName(v *probe.Variant) string {
	if v.Height > 0 {
		return strconv.Itoa(v.Height) + "p"
	}
	return cmp.Or(kilobits(v), clean(v.Name), "variant")
}

// kilobits is a variant's bandwidth in a name: "1200k".
func kilobits(v *probe.Variant) string {
	if v.Bandwidth.Value == 0 {
		return ""
	}
	return strconv.FormatUint(max(1, (v.Bandwidth.Value+500)/1000), 10) + "k"
}

const maxName = 60 // characters of a name that come from the playlist

// clean keeps [A-Za-z0-9._-] and makes one dash of everything between.
func clean(s string) string {
	var b strings.Builder
	dash := false
	for i := 0; i < len(s) && b.Len() < maxName; i++ {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '_', c == '.' && b.Len() > 0:
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteByte(c)
			dash = false
		default:
			dash = true
		}
	}
	return b.String()
}
