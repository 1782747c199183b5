package probe

// Advice is what is worth knowing of a stream and hurts nobody yet: a finding
// of severity info. It opens no incident and sends no message; it is there for whoever looks.
type Advice struct {
	Check      string   `json:"check"`
	Blame      Blame    `json:"blame"` // whose it is to change
	Side       Side     `json:"side"`
	Edge       string   `json:"edge,omitempty"` // as in Place
	Renditions []string `json:"renditions"`     // all that it is about; "" is the multivariant playlist
	Summary    string   `json:"summary"`
	Line       int      `json:"line,omitempty"` // of the playlist; 0 is no line of its own
	Detail     string   `json:"detail"`         // as seen first in the first of the renditions
	Spec       string   `json:"spec"`
}
