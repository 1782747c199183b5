package configs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/configs/rule"
)

// Problem is one thing that is wrong in a file.
type Problem = rule.Problem

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
		fmt.Fprintf(&b, "%s:%d:%d: %s", cmp.Or(q.File, p.Name), q.Line, q.Col, q)
		if q.Hint != "" {
			b.WriteString("\n  hint: " + q.Hint)
		}
	}
	return b.String()
}

// add appends a problem, unless the list has it already.
func (p *Problems) add(q Problem) {
	if !slices.ContainsFunc(p.List, func(r Problem) bool {
		return r.Path == q.Path && r.Message == q.Message &&
			r.File == q.File
	}) {
		p.List = append(p.List, q)
	}
}

func (p *Problems) sort() {
	slices.SortStableFunc(p.List, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}
