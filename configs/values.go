package configs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/streamwatch/streamwatch/configs/rule"
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

// Size is a number of bytes.
type Size int64

// String returns the size as it is configured: "16MiB".
func (s Size) String() string { return strings.ReplaceAll(probe.FormatBytes(int64(s)), " ", "") }

// MarshalText writes the size as it is configured.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

const (
	leastSize = 64 << 10  // a smaller limit would refuse honest playlists
	mostSize  = 256 << 20 // a larger one would let one answer fill the memory
)

func (s *Size) decodeNode(d *decoder, n *yaml.Node, path string) {
	text, ok := d.text(n, path, "a size such as 16MiB")
	if !ok {
		return
	}
	number, unit := text, int64(1)
	for suffix, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "bytes": 1} {
		if before, found := strings.CutSuffix(text, suffix); found {
			number, unit = strings.TrimSpace(before), bytes
		}
	}
	v, err := strconv.ParseInt(number, 10, 40)
	switch {
	case err != nil:
		d.report(n, path, "must be a size, got "+d.quote(n), "such as 16MiB or 512KiB")
	case v*unit < leastSize || v*unit > mostSize:
		d.report(n, path, "must be from 64KiB to 256MiB, got "+d.quote(n), "")
	default:
		*s = Size(v * unit)
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
		d.report(n, path, "must be "+want+", got "+d.quote(n),
			cmp.Or(rule.DidYouMean(text, []string{"all", "first"}), "a single rendition is a list too: [720p]"))
	}
}

// ManifestURL returns where a stream's playlist is on one side of the event.
// The edge's base URL is known once there is a distribution. A full URL below
// the base of one side moves to the other; one on a host of its own stays.
func (e *Event) ManifestURL(s *Stream, side probe.Side, edge string) string {
	to, origin := edge, e.Origin.URL.Reveal()
	if side == probe.Origin {
		to = origin
	}
	return probe.Rebase(s.Manifest.Reveal(), to, origin, edge)
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
	text, ok := d.text(n, path, rule.List(words))
	if !ok {
		return
	}
	i := slices.Index(words, text)
	if i < 0 {
		d.report(n, path, "must be "+rule.List(words)+", got "+d.quote(n), rule.DidYouMean(text, words))
		return
	}
	*s = CheckSeverity{Severity: probe.Severity(i), Off: i == 0}
}
