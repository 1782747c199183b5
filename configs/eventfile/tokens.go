package eventfile

import (
	"fmt"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// tokenWarnings says which streams cannot be watched to the end, because the token
// in their address ends before. Without an end of the event each such token will.
func tokenWarnings(e *configs.Event, now time.Time) (list []configs.Problem) {
	for i := range e.Streams {
		end, stated := probe.TokenEnd(e.Streams[i].Manifest.Reveal())
		if !stated || !e.Ends.IsZero() && !end.Before(e.Ends) {
			continue
		}
		what := "expires on"
		if end.Before(now) {
			what = "expired on"
		}
		list = append(list, configs.Problem{
			Path: fmt.Sprintf("streams[%d].manifest", i),
			Message: fmt.Sprintf("stream %s: the token in its address %s %s",
				e.Streams[i].Name, what, end.Format(probe.TokenTime)),
			Hint: "take one that outlasts the event; a reload takes a new one without a restart",
		})
	}
	return list
}
