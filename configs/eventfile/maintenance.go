package eventfile

import (
	"fmt"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// Maintenance returns the planned times of an event as silences. Each is named
// by its beginning, so that it has the same id after a restart.
func Maintenance(e *configs.Event) (list []probe.Silence) {
	taken := map[string]bool{}
	for i := range e.Maintenance {
		m := &e.Maintenance[i]
		base := "maintenance-" + m.From.UTC().Format("20060102T150405Z")
		id := base
		for n := 2; taken[id]; n++ {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		taken[id] = true
		list = append(list, probe.Silence{
			ID: id, Maintenance: true, Streams: m.Streams, From: m.From.UTC(), Until: m.To.UTC(),
			By: "event file", Reason: m.Reason,
		})
	}
	return list
}
