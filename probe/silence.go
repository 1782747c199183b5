package probe

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// SilenceState says where in its life a silence is.
type SilenceState string

// States of a silence.
const (
	SilencePending SilenceState = "pending" // a maintenance that has not begun
	SilenceActive  SilenceState = "active"
	SilenceExpired SilenceState = "expired"
)

// Silence mutes notifications and alarms about incidents from From until Until.
// Checks go on, and incidents open as they do without it.
type Silence struct {
	ID          string       `json:"id"`
	State       SilenceState `json:"state"`       // as of the moment it was asked for
	Maintenance bool         `json:"maintenance"` // planned in event.yaml
	Streams     []string     `json:"streams"`     // that it is for; empty is every stream
	Check       string       `json:"check"`       // that it is for; "" is every check
	Scope       Scope        `json:"scope"`       // likewise
	From        time.Time    `json:"from"`
	Until       time.Time    `json:"until"` // when it ends, or was ended
	By          string       `json:"by"`
	Reason      string       `json:"reason"`
}

// At returns the silence with its state at a time.
func (s Silence) At(now time.Time) Silence {
	switch {
	case now.Before(s.From):
		s.State = SilencePending
	case now.Before(s.Until):
		s.State = SilenceActive
	default:
		s.State = SilenceExpired
	}
	return s
}

// Active reports whether it mutes at a time.
func (s *Silence) Active(now time.Time) bool { return !now.Before(s.From) && now.Before(s.Until) }

// Whole reports whether it mutes all there is of a stream, whatever the check
// and the scope are.
func (s *Silence) Whole(stream string) bool { return s.Check == "" && s.Scope == "" && s.of(stream) }

// Covers reports whether it is for an incident as far as that hits a stream.
func (s *Silence) Covers(in *Incident, stream string) bool {
	return (s.Check == "" || s.Check == in.Check) && (s.Scope == "" || s.Scope == in.Scope) && s.of(stream)
}

func (s *Silence) of(stream string) bool {
	return len(s.Streams) == 0 || slices.Contains(s.Streams, stream)
}

// Where says in words what it mutes: "everything", "main, second: upd.stale,
// scope edge".
func (s *Silence) Where() string {
	var what []string
	if s.Check != "" {
		what = append(what, s.Check)
	}
	if s.Scope != "" {
		what = append(what, "scope "+string(s.Scope))
	}
	switch who := strings.Join(s.Streams, ", "); {
	case who == "" && len(what) == 0:
		return "everything"
	case who == "":
		return strings.Join(what, ", ")
	default:
		return join(who, strings.Join(what, ", "))
	}
}

// Muting says why no message is sent about an incident, or about a stream.
type Muting struct {
	ID          string    `json:"id"` // of the silence; of several, the one that ends first
	Until       time.Time `json:"until"`
	By          string    `json:"by"`
	Reason      string    `json:"reason"`
	Maintenance bool      `json:"maintenance"`
}

// String says it in words: "silenced until 2026-11-28 21:00:00 UTC by ana: new encoder".
func (m *Muting) String() string {
	what := "silenced"
	if m.Maintenance {
		what = "maintenance"
	}
	until := m.Until.UTC().Format("2006-01-02 15:04:05 UTC")
	return what + " until " + until + prefixed(" by ", m.By) + prefixed(": ", m.Reason)
}

// Mutes returns what mutes each of some streams at a time: of the silences that
// do, the one that ends first once each stream has its longest; nil unless all
// streams are muted. does says whether a silence is for a stream.
func Mutes(list []Silence, streams []string, now time.Time, does func(s *Silence, stream string) bool) *Muting {
	var first *Silence
	for _, stream := range streams {
		var longest *Silence
		for i := range list {
			s := &list[i]
			if s.Active(now) && does(s, stream) && (longest == nil || s.Until.After(longest.Until)) {
				longest = s
			}
		}
		if longest == nil {
			return nil
		}
		if first == nil || longest.Until.Before(first.Until) {
			first = longest
		}
	}
	if first == nil {
		return nil
	}
	return &Muting{first.ID, first.Until, first.By, first.Reason, first.Maintenance}
}

// MarshalJSON writes the silence as the API gives it.
func (s Silence) MarshalJSON() ([]byte, error) {
	type plain Silence
	if s.Streams == nil {
		s.Streams = []string{}
	}
	return json.Marshal(struct {
		plain
		From  stamp `json:"from"`
		Until stamp `json:"until"`
	}{plain(s), stamp(s.From), stamp(s.Until)})
}

// MarshalJSON writes the muting as the API gives it.
func (m Muting) MarshalJSON() ([]byte, error) {
	type plain Muting
	return json.Marshal(struct {
		plain
		Until stamp `json:"until"`
	}{plain(m), stamp(m.Until)})
}
