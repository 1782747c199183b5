package web

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// The text of an open incident moves on while it is open: "for 21 s". That is no
// news for people, so no batch tells of it, but a page that is open shows it.
const (
	currentEvery = 2 * time.Second
	currentMost  = 20 // incidents per turn; more take turns
)

// current remembers how each open incident was last shown to the pages. It
// belongs to the goroutine of hub.run.
type current struct {
	shown map[string][]byte // its JSON by id
	turn  int               // where the next look begins
	last  time.Time
}

// stale returns the open incidents that read otherwise than the pages have them.
func (c *current) stale(now time.Time, open []probe.Incident) []probe.Incident {
	if now.Sub(c.last) < currentEvery {
		return nil
	}
	c.last = now
	shown := make(map[string][]byte, len(open))
	var list []probe.Incident
	for i := range open {
		in := &open[(c.turn+i)%len(open)]
		was, known := c.shown[in.ID]
		if len(list) == currentMost {
			if known {
				shown[in.ID] = was
			}
			continue
		}
		text, err := json.Marshal(in)
		if err == nil && !bytes.Equal(text, was) {
			list = append(list, *in)
			if len(list) == currentMost {
				c.turn = (c.turn + i + 1) % len(open)
			}
		}
		shown[in.ID] = text
	}
	c.shown = shown
	return list
}
