// Package progress shows an operation on a stack while it runs: in place on a
// terminal, a line for each event elsewhere, or JSON lines.
//
// The rule that keeps it simple: it shows what it is told, and nothing in a pipe
// moves: every line there is final.
package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision"
)

// Screen is a terminal whose cursor can move.
type Screen struct {
	Size  func() (columns, lines int)
	Paint func(word string) string // colours verdicts
}

// Lines returns what writes a line for each event.
func Lines(out io.Writer) provision.Progress {
	return func(e provision.Event) {
		fmt.Fprintf(out, "%s  %s\n", e.At.UTC().Format("15:04:05"), eventLine(e, e.Elapsed))
	}
}

// JSON returns what writes a line of JSON for each event.
func JSON(out io.Writer) provision.Progress {
	return func(e provision.Event) { showJSON(out, e) }
}

// Live returns what shows one line for each resource at work, in place, and what
// ends the showing.
func Live(out io.Writer, on Screen) (show provision.Progress, end func()) {
	l := newLive(out, on.Size, on.Paint)
	return l.show, l.close
}

// showJSON writes an event as a line of JSON.
func showJSON(out io.Writer, e provision.Event) {
	line, err := json.Marshal(map[string]any{
		"at": probe.FormatTime(e.At), "elapsed_seconds": e.Elapsed.Seconds(), "resource": e.Resource, "physical_id": e.Physical,
		"type": e.Type, "status": e.Status, "reason": e.Reason,
	})
	if err == nil {
		fmt.Fprintf(out, "%s\n", line)
	}
}

// eventLine is one event in words. Status and reason stand last: they may be long.
func eventLine(e provision.Event, elapsed time.Duration) string {
	return strings.TrimRight(fmt.Sprintf("%6s  %-22s  %s  %s", elapsed.Round(time.Second), e.Resource, e.Status, e.Reason), " ")
}
