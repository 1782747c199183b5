package playlist

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/grafov/m3u8"

	"github.com/streamwatch/streamwatch/probe"
)

// Bounds of what the second reader gets, which is slower than the scan, and of what
// is said of it.
const (
	maxSecondTags  = 1000
	maxSecondBytes = 256 << 10
	maxDisputed    = 8
)

// SecondOpinion has grafov/m3u8 read the attribute lists of a playlist too, and says
// where it disagrees with Decode: "line 7: two readers of EXT-X-KEY disagree". A list
// that breaks its grammar is left out: there the two may differ. It takes a scan of
// its own, for whoever looks once.
func SecondOpinion(body []byte, in Inputs) []string {
	r := reader{p: &probe.Playlist{Bytes: len(body)}, in: in, notes: true}
	r.scan(body)
	return r.readAgain()
}

// secondReading is one tag that grafov reads too, and what the scan made of it.
type secondReading struct {
	kind secondKind
	line int
	list string // what follows the tag's colon
	want fields
}

// fields are the values of a tag in a fixed order, as text.
type fields [10]string

type secondKind uint8

const (
	secondIsKey secondKind = iota
	secondIsMap
	secondIsCue
	secondIsRendition
	secondIsVariant
	secondIsIFrame
)

// tag returns the tag with its colon.
func (k secondKind) tag() string {
	switch k {
	case secondIsKey:
		return "#EXT-X-KEY:"
	case secondIsMap:
		return "#EXT-X-MAP:"
	case secondIsCue:
		return "#EXT-X-CUE-OUT:"
	case secondIsRendition:
		return "#EXT-X-MEDIA:"
	case secondIsVariant:
		return "#EXT-X-STREAM-INF:"
	case secondIsIFrame:
		return "#EXT-X-I-FRAME-STREAM-INF:"
	default:
		return ""
	}
}

// again notes a tag for the second reader, up to a limit.
func (r *reader) again(kind secondKind, list string, want fields) {
	if len(r.second) < maxSecondTags {
		r.second = append(r.second, secondReading{kind, r.number, list, want})
	}
}

func (r *reader) secondKey(list string, k *probe.Key) {
	if r.notes {
		r.again(secondIsKey, list, fields{k.Method, k.URI, k.IV, k.KeyFormat, k.KeyFormatVersions})
	}
}

func (r *reader) secondMap(list string, m *probe.Map) {
	if r.notes {
		r.again(secondIsMap, list, mapFields(m.URI, m.ByteRange.Value.Length, m.ByteRange.Value.Offset))
	}
}

func (r *reader) secondCue(list string, d fmt.Stringer) {
	if r.notes {
		r.again(secondIsCue, list, fields{d.String()})
	}
}

func (r *reader) secondRendition(list string, m *probe.Rendition) {
	if r.notes {
		r.again(secondIsRendition, list,
			fields{m.Type, m.GroupID, m.Language, m.Name, m.URI, strconv.FormatBool(m.Default)})
	}
}

func (r *reader) secondVariant(list string, v *probe.Variant) {
	if !r.notes {
		return
	}
	f := fields{v.Codecs, sizeText(v.Width, v.Height), v.Audio, v.Video, v.VideoRange, v.HDCPLevel}
	kind := secondIsIFrame
	if r.tag == "EXT-X-STREAM-INF" {
		kind = secondIsVariant
		f[6], f[7], f[8], f[9] = v.Subtitles, v.ClosedCaptions, v.Name, strconv.FormatFloat(v.FrameRate, 'f', 3, 64)
	}
	r.again(kind, list, f)
}

func mapFields(uri string, length, offset int64) fields {
	if length == 0 {
		return fields{uri}
	}
	return fields{uri, strconv.FormatInt(length, 10), strconv.FormatInt(offset, 10)}
}

func sizeText(width, height int) string {
	if width == 0 && height == 0 {
		return ""
	}
	return strconv.Itoa(width) + "x" + strconv.Itoa(height)
}

// readAgain lets grafov read the attribute lists and says where it disagrees.
func (r *reader) readAgain() (disputed []string) {
	if len(r.second) == 0 || r.problemCount["m3u.attr"] > maxPerCheck || r.problemCount["m3u.ws"] > maxPerCheck {
		return nil
	}
	bad := make(map[int]bool, len(r.p.Problems))
	for _, p := range r.p.Problems {
		bad[p.Line] = true
	}
	var sound []secondReading
	size := 0
	for i := range r.second {
		s := &r.second[i]
		s.list = r.expand(s.list)
		size += len(s.list)
		media := s.kind <= secondIsCue
		if !bad[s.line] && size < maxSecondBytes && media == (r.p.Kind == probe.Media) {
			sound = append(sound, *s)
		}
	}
	got, err := decodeAgain(sound)
	if err != nil {
		return []string{err.Error()}
	}
	for i := range sound {
		if same(got[i], sound[i].want) {
			continue
		}
		tag := strings.Trim(sound[i].kind.tag(), "#:")
		disputed = append(disputed, fmt.Sprintf("line %d: two readers of %s disagree", sound[i].line, tag))
		if len(disputed) == maxDisputed {
			break
		}
	}
	return disputed
}

// same compares what grafov has with what the scan wants.
func same(have, want fields) bool {
	for i := range have {
		if have[i] != strings.Trim(want[i], ` "`) {
			return false
		}
	}
	return true
}

// decodeAgain reads the tags with grafov's typed decoders. grafov panics on
// some inputs, none of which should get here.
func decodeAgain(tags []secondReading) (got []fields, err error) {
	defer func() {
		if p := recover(); p != nil {
			got, err = nil, fmt.Errorf("the second reader panicked: %v", p)
		}
	}()
	if len(tags) == 0 {
		return nil, nil
	}
	if tags[0].kind <= secondIsCue {
		return decodeMedia(tags)
	}
	return decodeMultivariant(tags)
}

// decodeMedia gives each tag a segment of its own.
func decodeMedia(tags []secondReading) ([]fields, error) {
	var text strings.Builder
	text.WriteString("#EXTM3U\n")
	for _, t := range tags {
		text.WriteString(t.kind.tag())
		text.WriteString(t.list)
		text.WriteString("\n#EXTINF:1,\nu\n")
	}
	p, err := m3u8.NewMediaPlaylist(0, uint(len(tags)))
	if err != nil {
		return nil, fmt.Errorf("preparing the second reader: %w", err)
	}
	if err := p.DecodeFrom(strings.NewReader(strings.TrimSuffix(text.String(), "\n")), false); err != nil {
		return nil, fmt.Errorf("reading a second time: %w", err)
	}
	if int(p.Count()) != len(tags) {
		return nil, fmt.Errorf("the second reader sees %d segments, want %d", p.Count(), len(tags))
	}
	got := make([]fields, len(tags))
	for i, t := range tags {
		switch s := p.Segments[i]; {
		case t.kind == secondIsKey && s.Key != nil:
			got[i] = fields{s.Key.Method, s.Key.URI, s.Key.IV, s.Key.Keyformat, s.Key.Keyformatversions}
		case t.kind == secondIsMap && s.Map != nil:
			got[i] = mapFields(s.Map.URI, s.Map.Limit, s.Map.Offset)
		case t.kind == secondIsCue && s.SCTE != nil:
			got[i] = fields{probe.Seconds(s.SCTE.Time).String()}
		}
	}
	return got, nil
}

// decodeMultivariant gives all renditions to one I-frame variant that it adds:
// grafov would compare each with every variant otherwise.
func decodeMultivariant(tags []secondReading) ([]fields, error) {
	var renditions, variants strings.Builder
	for _, t := range tags {
		b := &variants
		if t.kind == secondIsRendition {
			b = &renditions
		}
		b.WriteString(t.kind.tag())
		b.WriteString(t.list)
		b.WriteByte('\n')
		if t.kind == secondIsVariant {
			b.WriteString("u\n")
		}
	}
	text := "#EXTM3U\n" + renditions.String() + "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"u\"\n" + variants.String()
	p := m3u8.NewMasterPlaylist()
	if err := p.DecodeFrom(strings.NewReader(strings.TrimSuffix(text, "\n")), false); err != nil {
		return nil, fmt.Errorf("reading a second time: %w", err)
	}
	if len(p.Variants) == 0 || len(p.Variants)-1+len(p.Variants[0].Alternatives) != len(tags) {
		return nil, fmt.Errorf("the second reader sees other tags than the %d that it got", len(tags))
	}
	alternatives, rest := p.Variants[0].Alternatives, p.Variants[1:]
	got := make([]fields, len(tags))
	for i, t := range tags {
		if t.kind == secondIsRendition {
			a := alternatives[0]
			alternatives = alternatives[1:]
			got[i] = fields{a.Type, a.GroupId, a.Language, a.Name, a.URI, strconv.FormatBool(a.Default)}
			continue
		}
		v := rest[0]
		rest = rest[1:]
		size := v.Resolution
		if size == "0x0" {
			size = "" // as sizeText has it
		}
		got[i] = fields{v.Codecs, size, v.Audio, v.Video, v.VideoRange, v.HDCPLevel}
		if t.kind == secondIsVariant {
			got[i][6], got[i][7], got[i][8], got[i][9] = v.Subtitles, v.Captions, v.Name,
				strconv.FormatFloat(v.FrameRate, 'f', 3, 64)
		}
	}
	return got, nil
}
