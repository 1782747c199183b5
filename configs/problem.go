package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a file.
type Problem struct {
	File    string // that it is in; empty is that of the Problems
	Line    int    // counting from 1
	Col     int    // counting from 1, in characters
	Path    string // "streams[0].name"; empty is the file itself
	Message string
	Hint    string // how to mend it; may be empty
}

// Problems is everything that is wrong in one file, in the order of its lines.
type Problems struct {
	Name string // the file as the user named it
	List []Problem
}

// Error returns one line for each problem, and one for its hint.
func (p *Problems) Error() string {
	var b strings.Builder
	for i, q := range p.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", cmp.Or(q.File, p.Name), q.Line, q.Col, q.Message)
		if q.Hint != "" {
			b.WriteString("\n  hint: " + q.Hint)
		}
	}
	return b.String()
}

func (p *Problems) sort() {
	slices.SortStableFunc(p.List, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}
