package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision"
)

// progress returns what shows the events of an operation, and what ends the
// showing: on a terminal one line for each resource at work, a line for each
// event elsewhere, JSON lines when asked for.
func (c *cli) progress(format string) (provision.Progress, func()) {
	switch {
	case format == "json":
		return c.showJSON, func() {}
	case terminal(c.stdout) && !c.dumb():
		l := newLive(c.stdout, c.size, c.paint())
		return l.show, l.close
	default:
		return func(e provision.Event) {
			fmt.Fprintf(c.stdout, "%s  %s\n", e.At.UTC().Format("15:04:05"), eventLine(e, e.Elapsed))
		}, func() {}
	}
}

func (c *cli) showJSON(e provision.Event) {
	line, err := json.Marshal(map[string]any{
		"at": probe.FormatTime(e.At), "elapsed_seconds": e.Elapsed.Seconds(), "resource": e.Resource, "physical_id": e.Physical,
		"type": e.Type, "status": e.Status, "reason": e.Reason,
	})
	if err == nil {
		fmt.Fprintf(c.stdout, "%s\n", line)
	}
}

// eventLine is one event in words. Status and reason stand last: they may be long.
func eventLine(e provision.Event, elapsed time.Duration) string {
	return strings.TrimRight(fmt.Sprintf("%6s  %-22s  %s  %s", elapsed.Round(time.Second), e.Resource, e.Status, e.Reason), " ")
}
