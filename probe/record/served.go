package record

import (
	"github.com/streamwatch/streamwatch/probe"
)

// Served is what both sides served when an incident opened, as
// /api/v1/incidents/ID/served gives it. Secrets are masked in it.
type Served struct {
	Incident  string    `json:"incident"` // its id
	Stream    string    `json:"stream"`
	Rendition string    `json:"rendition"` // of the playlists shown; "" is the multivariant playlist
	At        string    `json:"at"`        // when the incident opened; RFC 3339 with milliseconds
	Playlists []Choice  `json:"playlists"` // what else is recorded: ?stream=NAME&rendition=NAME asks for it
	Edge      *SideView `json:"edge"`      // null where the side is not watched or was not asked
	Origin    *SideView `json:"origin"`
	// Diff leads from the origin's playlist to the edge's; empty where they are
	// equal, null where one of the two is missing.
	Diff []DiffLine `json:"diff"`
}

// Choice names one playlist of a recording.
type Choice struct {
	Stream    string `json:"stream"`
	Rendition string `json:"rendition"` // "" is the multivariant playlist
}

// SideView is what one side answered last before an incident opened, and before that.
type SideView struct {
	Now    Answer  `json:"now"`
	Before *Answer `json:"before"` // the newest before it that had another playlist; null when there was none
	// Diff leads from the playlist before to the one now; empty where they are
	// equal, null where one of the two is missing.
	Diff []DiffLine `json:"diff"`
}

// Answer is one answer to a poll of a playlist, with its body.
type Answer struct {
	At            string             `json:"at"` // when it was complete; RFC 3339 with milliseconds
	URL           probe.ShownURL     `json:"url"`
	Curl          string             `json:"curl"`
	Status        int                `json:"status"` // 0 when no answer's head arrived
	Failure       probe.Failure      `json:"failure,omitempty"`
	Error         string             `json:"error,omitempty"`
	Fetch         float64            `json:"fetch_seconds"` // until it was complete, or had failed
	FirstByte     float64            `json:"first_byte_seconds"`
	Headers       []string           `json:"headers"`  // "Name: value" lines of the response, those that are recorded
	Playlist      probe.Fact[string] `json:"playlist"` // its text, the first 256 KiB; null when the answer had none
	Cut           bool               `json:"cut"`      // the text goes on
	Kind          probe.PlaylistKind `json:"kind"`     // media, multivariant or unknown
	MediaSequence probe.Fact[uint64] `json:"media_sequence"`
	Segments      int                `json:"segments"`
}
