package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision"
)

// progress returns what shows the events of an operation: one line for each
// resource, updated in place, on a terminal; a line for each event elsewhere;
// JSON lines when asked for.
func (c *cli) progress(format string) provision.Progress {
	switch {
	case format == "json":
		return func(e provision.Event) {
			line, err := json.Marshal(map[string]any{
				"at": probe.FormatTime(e.At), "elapsed_seconds": e.Elapsed.Seconds(), "resource": e.Resource, "physical_id": e.Physical,
				"type": e.Type, "status": e.Status, "reason": e.Reason,
			})
			if err == nil {
				fmt.Fprintf(c.stdout, "%s\n", line)
			}
		}
	case terminal(c.stdout):
		var order []string
		return func(e provision.Event) {
			i := slices.Index(order, e.Resource)
			if i < 0 {
				i = len(order)
				order = append(order, e.Resource)
				fmt.Fprintln(c.stdout)
			}
			up := len(order) - i
			fmt.Fprintf(c.stdout, "\x1b[%dA\r\x1b[K%s\x1b[%dB\r", up, short(eventLine(e), 79), up)
		}
	default:
		return func(e provision.Event) {
			fmt.Fprintf(c.stdout, "%s  %s\n", e.At.UTC().Format("15:04:05"), eventLine(e))
		}
	}
}

func eventLine(e provision.Event) string {
	kind := e.Type[strings.LastIndexByte(e.Type, ':')+1:]
	return strings.TrimRight(fmt.Sprintf("%-24s %-22s %6s  %s  %s", e.Status, e.Resource, e.Elapsed.Round(time.Second), kind, e.Reason), " ")
}

// short cuts a line where the terminal would break it.
func short(line string, most int) string {
	r := []rune(line)
	if len(r) <= most {
		return line
	}
	return string(r[:most-1]) + "…"
}
