// Package rule holds what the rules of event.yaml are told with: a Problem, and
// the forms that a rule about one value has.
//
// The rule that keeps it simple: it knows no key of event.yaml. Who uses a value
// says what it may be (provision.Spec, player.Options), and configs says where in
// the file a problem is.
package rule

import (
	"strconv"
	"strings"
)

// Problem is one thing that is wrong with what a user wrote.
type Problem struct {
	Path    string // key in event.yaml: "distribution.cloudformation.tags.team"; empty is the file itself
	Message string // a sentence without a stop, which names the path; it holds no secret
	Got     string // the value that is refused, as it was given; empty says nothing of it
	Hint    string // what to do about it; may be empty

	// Of the file that it is in, and empty until configs has found the place.
	File      string // that it is in; empty is the event file
	Line, Col int    // counting from 1, in characters
}

// String returns the message, and the value that it is about.
func (p Problem) String() string {
	if p.Got == "" {
		return p.Message
	}
	return p.Message + ", got " + strconv.Quote(p.Got)
}

// Problems is everything that is wrong, as an error of whoever owns the rules.
type Problems []Problem

// Error returns one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Hint returns the first hint that there is.
func (ps Problems) Hint() string {
	for _, p := range ps {
		if p.Hint != "" {
			return p.Hint
		}
	}
	return ""
}

// Refuse returns one problem as an error. text says what is wrong and follows
// the path.
func Refuse(path, text, hint string) error {
	return Problems{{Path: path, Message: path + " " + text, Hint: hint}}
}
