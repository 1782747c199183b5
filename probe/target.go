package probe

import (
	"cmp"
	"fmt"
)

// Side is where a request was answered: at the origin or at the edge (the CDN).
type Side uint8

// The two sides. The zero Side means the stream as a whole.
const (
	NoSide Side = iota
	Origin
	Edge
)

// Sides lists both sides in the order in which they are polled.
var Sides = [...]Side{Origin, Edge}

// String returns "origin", "edge" or "".
func (s Side) String() string {
	switch s {
	case Origin:
		return "origin"
	case Edge:
		return "edge"
	default:
		return ""
	}
}

// Other returns the opposite side.
func (s Side) Other() Side {
	if s == Origin {
		return Edge
	}
	return Origin
}

// MarshalText writes the side's name.
func (s Side) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a side's name.
func (s *Side) UnmarshalText(b []byte) error {
	switch string(b) {
	case "origin":
		*s = Origin
	case "edge":
		*s = Edge
	case "":
		*s = NoSide
	default:
		return fmt.Errorf("side %q, want edge or origin", b)
	}
	return nil
}

// Place is where requests are answered: at the origin, or at one of the edges.
type Place struct {
	Side Side
	Edge string // the edge's name where an event has several; empty at the origin, and where there is one edge
}

// String names the place for people: "origin", "edge", "edge second".
func (p Place) String() string {
	if p.Edge == "" {
		return p.Side.String()
	}
	return p.Side.String() + " " + p.Edge
}

// Role says what a rendition is to a viewer.
type Role uint8

// Roles.
const (
	RoleVideo     Role = iota // a variant, or the only playlist
	RoleAudio                 // EXT-X-MEDIA of TYPE=AUDIO
	RoleSubtitles             // EXT-X-MEDIA of TYPE=SUBTITLES: nobody stalls without it
	RoleExtra                 // what a player may do without: TYPE=VIDEO, trick play
)

// Target is one playlist at the origin or at one edge: what a poll loop watches.
type Target struct {
	Stream    string
	Rendition string // "" is the multivariant playlist
	Side      Side
	Edge      string // as in Place
	URL       string // as requested; may carry a token, so never shown: see Exchange.URL

	Role          Role
	Peak, Average uint64 // BANDWIDTH and AVERAGE-BANDWIDTH of the variant, bits per second; 0 when not stated
}

// Place is where the target is asked.
func (t Target) Place() Place { return Place{t.Side, t.Edge} }

// String names the target without its URL: "main/720p@edge", "main/720p@second"
// where there are several edges.
func (t Target) String() string {
	r := t.Rendition
	if r == "" {
		r = "multivariant"
	}
	return t.Stream + "/" + r + "@" + cmp.Or(t.Edge, t.Side.String())
}
