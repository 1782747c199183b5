package sim

import (
	"fmt"
	"strings"
	"time"
)

// Script is a list of faults with their times, as in
// "stale-edge@20s+30s, lag(240p):12s@1m+20s".
type Script []Step

// Step is one fault of a script.
type Step struct {
	Fault     string
	Edge      string        // label of the edge that it is on; "" is the first
	Rendition string        // "" is every rendition
	Arg       string        // "" is the fault's default
	After     time.Duration // since the script began
	For       time.Duration // zero is until the end
}

// String writes the step as ParseScript reads it.
func (s Step) String() string {
	text := Injection{Fault: s.Fault, Edge: s.Edge, Rendition: s.Rendition, Arg: s.Arg}.String() + "@" + s.After.String()
	if s.For > 0 {
		text += "+" + s.For.String()
	}
	return text
}

// ParseScript reads steps of the form
//
//	[edge:]name[(rendition)][:argument][@start[+duration]]
//
// separated by commas. Without a start a step begins at once; without a
// duration it lasts. An error names the step and the column, counted from 1.
func ParseScript(text string) (Script, error) {
	var script Script
	column := 1
	for part := range strings.SplitSeq(text, ",") {
		lead := len(part) - len(strings.TrimLeft(part, " \t\n"))
		if word := strings.TrimSpace(part); word != "" {
			step, err := parseStep(word)
			if err != nil {
				return nil, fmt.Errorf("fault script, step %d (column %d) %q: %w", len(script)+1, column+lead, word, err)
			}
			script = append(script, step)
		}
		column += len(part) + 1
	}
	if len(script) == 0 {
		return nil, fmt.Errorf("fault script is empty, want for example %q", "stale-edge@20s+30s")
	}
	return script, nil
}

func parseStep(word string) (Step, error) {
	var step Step
	what, when, timed := strings.Cut(word, "@")
	if timed {
		start, length, bounded := strings.Cut(when, "+")
		var err error
		if step.After, err = parseTime("start", start, 0); err != nil {
			return Step{}, err
		}
		if bounded {
			if step.For, err = parseTime("duration", length, 1); err != nil {
				return Step{}, err
			}
		}
	}
	step.Edge, what = edgeOf(what)
	name, arg, hasArg := strings.Cut(what, ":")
	if hasArg && arg == "" {
		return Step{}, fmt.Errorf("nothing follows the colon")
	}
	name, rendition, inParens := strings.Cut(name, "(")
	if inParens {
		var closed bool
		if rendition, closed = strings.CutSuffix(rendition, ")"); !closed || rendition == "" {
			return Step{}, fmt.Errorf("want a rendition in parentheses, like %s(360p)", name)
		}
	}
	step.Fault, step.Rendition, step.Arg = name, rendition, arg
	_, err := resolve(Injection{Fault: name, Edge: step.Edge, Arg: arg})
	return step, err
}

// edgeOf splits off the edge that a fault is put on: what stands before a colon
// and the name of a fault, and is none itself.
func edgeOf(what string) (edge, rest string) {
	edge, rest, ok := strings.Cut(what, ":")
	name := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz0123456789-"))]
	_, fault := FindFault(edge)
	_, follows := FindFault(name)
	if !ok || fault || !follows || edge == "" {
		return "", what
	}
	return edge, rest
}

// parseTime reads a duration that is at least least.
func parseTime(what, text string, least time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < least {
		return 0, fmt.Errorf("%s %q is no duration, want for example 30s or 1m30s", what, text)
	}
	return d, nil
}

// unknownFault names the fault that was probably meant.
func unknownFault(name string) error {
	best, score := "", 4
	for _, f := range Faults() {
		if d := distance(name, f.Name); d < score {
			best, score = f.Name, d
		}
	}
	if best == "" {
		return fmt.Errorf("unknown fault %q (hint: `streamwatch drill --help` lists them)", name)
	}
	return fmt.Errorf("unknown fault %q (hint: did you mean %q?)", name, best)
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
