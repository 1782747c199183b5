package configs

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Recordings says what is kept of what was served around incidents. It is
// written as off, or as a mapping of these keys.
type Recordings struct {
	Keep     Space         `yaml:"keep"`                     // of all recordings together
	Incident Space         `yaml:"incident"`                 // of one recording: the middle of a longer one is left out
	Count    int           `yaml:"count" range:"1..1000000"` // of recordings
	Age      time.Duration `yaml:"age" range:"1h..8760h"`    // after which one is deleted
	Off      bool          `yaml:"off"`                      // keep none; as off in place of this mapping
}

// plainRecordings is Recordings without a way of its own to be read.
type plainRecordings Recordings

func defaultRecordings() Recordings {
	return Recordings{Keep: 100 << 20, Incident: 4 << 20, Count: 1000, Age: 14 * 24 * time.Hour}
}

func (r *Recordings) decodeNode(d *decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && (n.Value == "off" || n.Tag == "!!bool" && n.Value == "false"):
		r.Off = true
	case n.Kind == yaml.ScalarNode && !null(n):
		d.report(n, path, "must be off or a mapping of keys to values, got "+d.quote(n), "such as {keep: 100MiB}")
	default:
		d.structure(n, path, reflect.ValueOf((*plainRecordings)(r)).Elem())
	}
}

// Space is a number of bytes on disk.
type Space int64

const (
	leastSpace = 64 << 10
	mostSpace  = 1 << 40
)

var spaceUnits = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// String returns the space as it is configured: "100MiB".
func (s Space) String() string {
	for _, u := range spaceUnits {
		if s > 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return fmt.Sprintf("%dbytes", int64(s))
}

// MarshalText writes the space as it is configured.
func (s Space) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s *Space) decodeNode(d *decoder, n *yaml.Node, path string) {
	text, ok := d.text(n, path, "a size such as 100MiB")
	if !ok {
		return
	}
	number, unit := strings.TrimSuffix(text, "bytes"), int64(1)
	for _, u := range spaceUnits {
		if before, found := strings.CutSuffix(text, u.name); found {
			number, unit = before, u.bytes
		}
	}
	v, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	switch {
	case err != nil:
		d.report(n, path, "must be a size, got "+d.quote(n), "such as 100MiB or 2GiB")
	case v < 0 || v > mostSpace/unit || v*unit < leastSpace:
		d.report(n, path, "must be from 64KiB to 1024GiB, got "+d.quote(n), "")
	default:
		*s = Space(v * unit)
	}
}
