package checks

import (
	"strconv"
	"strings"
)

// plural prints a count with its noun: "1 segment", "3 segments".
func plural(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.FormatUint(n, 10) + " " + noun
}

// samePath compares two URIs without their queries, which may carry a token
// that changes with each answer.
func samePath(a, b string) bool {
	if a == b {
		return true
	}
	a, _, _ = strings.Cut(strings.TrimPrefix(a, "./"), "?")
	b, _, _ = strings.Cut(strings.TrimPrefix(b, "./"), "?")
	return a == b
}

// shortURI is the end of a URI's path, without its query, for a person to read.
func shortURI(u string) string {
	u, _, _ = strings.Cut(u, "?")
	if i := strings.LastIndexByte(strings.TrimRight(u, "/"), '/'); i >= 0 {
		if j := strings.LastIndexByte(u[:i], '/'); j >= 0 {
			u = u[j+1:]
		}
	}
	if len(u) > 80 {
		u = "…" + u[len(u)-79:]
	}
	return u
}
