package main

import (
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/progress"
)

// progress returns what shows the events of an operation, and what ends the
// showing.
func (c *cli) progress(format string) (provision.Progress, func()) {
	switch {
	case format == "json":
		return progress.JSON(c.stdout), func() {}
	case terminal(c.stdout) && !c.dumb():
		return progress.Live(c.stdout, progress.Screen{Size: c.size, Paint: c.paint()})
	default:
		return progress.Lines(c.stdout), func() {}
	}
}
