package configs

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/streamwatch/streamwatch/probe"
)

// Interval is the time between two polls of one playlist; 0 is auto, paced by
// the target duration.
type Interval time.Duration

// String returns the duration, or auto.
func (i Interval) String() string {
	if i == 0 {
		return "auto"
	}
	return time.Duration(i).String()
}

// MarshalText writes the interval as it is configured.
func (i Interval) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

func (i *Interval) decodeNode(d *decoder, n *yaml.Node, path string) {
	text, ok := d.text(n, path, "auto or a duration such as 2s")
	if !ok || text == "auto" {
		*i = 0
		return
	}
	v, err := time.ParseDuration(text)
	switch {
	case err != nil:
		d.report(n, path, "must be auto or a duration, got "+d.quote(n), durationHint(n.Value))
	case v < 200*time.Millisecond || v > time.Hour:
		d.report(n, path, "must be auto or from 200ms to 1h, got "+d.quote(n), "")
	default:
		*i = Interval(v)
	}
}

// Renditions chooses which renditions of a stream are watched.
type Renditions struct {
	All   bool
	First bool
	Names []string // names, or indexes counting from 0 in the order of the multivariant playlist
}

// Chosen reports whether the rendition with an index and a name is watched.
func (r Renditions) Chosen(index int, name string) bool {
	switch {
	case r.All:
		return true
	case r.First:
		return index == 0
	default:
		return slices.Contains(r.Names, name) || slices.Contains(r.Names, strconv.Itoa(index))
	}
}

// MarshalYAML writes the choice as it is configured.
func (r Renditions) MarshalYAML() (any, error) {
	switch {
	case r.All:
		return "all", nil
	case r.First:
		return "first", nil
	default:
		return r.Names, nil
	}
}

func (r *Renditions) decodeNode(d *decoder, n *yaml.Node, path string) {
	const want = "all, first or a list of names or indexes"
	if n.Kind == yaml.SequenceNode {
		*r = Renditions{}
		for i, item := range n.Content {
			if name, ok := d.text(item, index(path, i), "a name or an index"); ok {
				r.Names = append(r.Names, name)
			}
		}
		if len(n.Content) == 0 {
			d.report(n, path, "must be "+want+", got an empty list", "")
		}
		return
	}
	text, ok := d.text(n, path, want)
	if !ok {
		return
	}
	*r = Renditions{All: text == "all", First: text == "first"}
	if !r.All && !r.First {
		d.report(n, path, "must be "+want+", got "+d.quote(n), cmp.Or(didYouMean(text, []string{"all", "first"}), "a single rendition is a list too: [720p]"))
	}
}

// Manifest is where a stream's playlist is: one path that is valid on both
// sides, or a full URL for each.
type Manifest struct {
	Path   URL // absolute path, with its query
	Edge   URL
	Origin URL
}

// MarshalYAML writes the manifest as it is configured.
func (m Manifest) MarshalYAML() (any, error) {
	if m.Path != "" {
		return m.Path.String(), nil
	}
	return map[string]string{"edge": m.Edge.String(), "origin": m.Origin.String()}, nil
}

func (m *Manifest) decodeNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.MappingNode {
		var sides struct {
			Edge   URL `yaml:"edge" required:"true"`
			Origin URL `yaml:"origin" required:"true"`
		}
		d.into(n, path, &sides)
		m.Edge, m.Origin = sides.Edge, sides.Origin
		for _, s := range []struct {
			key string
			url URL
		}{{"edge", m.Edge}, {"origin", m.Origin}} {
			if s.url != "" {
				d.checkURL(path+"."+s.key, s.url)
			}
		}
		return
	}
	text, ok := d.text(n, path, "an absolute path, or {edge: URL, origin: URL}")
	if !ok {
		return
	}
	u, err := url.Parse(text)
	switch {
	case err == nil && u.Host != "" && u.Scheme != "":
		d.report(n, path, "must be a path, which is valid on both sides", "write "+strconv.Quote(u.EscapedPath())+", or {edge: URL, origin: URL}")
	case err != nil || !strings.HasPrefix(text, "/") || u.Host != "" || strings.ContainsAny(text, " \t\r\n"):
		d.report(n, path, "must be an absolute path", `such as "/myStream/playlist.m3u8"`)
	default:
		m.Path = URL(text)
	}
}

// ManifestURL returns where a stream's playlist is on one side of the event.
// The edge's base URL is known once there is a distribution.
func (e *Event) ManifestURL(s *Stream, side probe.Side, edge string) string {
	base, full := e.Origin.URL.Reveal(), s.Manifest.Origin
	if side == probe.Edge {
		base, full = edge, s.Manifest.Edge
	}
	if full != "" {
		return full.Reveal()
	}
	return strings.TrimRight(base, "/") + s.Manifest.Path.Reveal()
}

// MarshalText writes the severity as it is configured.
func (s CheckSeverity) MarshalText() ([]byte, error) {
	if s.Off {
		return []byte("off"), nil
	}
	return s.Severity.MarshalText()
}

func (s *CheckSeverity) decodeNode(d *decoder, n *yaml.Node, path string) {
	words := []string{"off", "info", "warning", "error", "critical"}
	text, ok := d.text(n, path, list(words))
	if !ok {
		return
	}
	i := slices.Index(words, text)
	if i < 0 {
		d.report(n, path, "must be "+list(words)+", got "+d.quote(n), didYouMean(text, words))
		return
	}
	*s = CheckSeverity{Severity: probe.Severity(i), Off: i == 0}
}
