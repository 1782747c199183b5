// Package eventfile reads event.yaml as the whole of streamwatch understands it:
// the shape is that of configs, what the values mean is told to the room that
// uses them, and what any of these would refuse is a problem with its place in the
// file.
//
// The rule that keeps it simple: an event goes in, values come out: options of the
// monitor, the embeds, the stack, the alarms, the receivers. Nothing here asks the
// network or starts anything; the only files that are read are those that the event
// names.
package eventfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// Reader reads event files.
type Reader struct {
	Stdin   io.Reader                   // what "-" names
	Env     func(string) (string, bool) // for ${NAME}
	Secrets *fetch.Secrets              // gets what is secret in each event
}

// Load reads an event file and checks what only the packages know that use its
// values.
func (r *Reader) Load(path string) (*configs.Event, error) { return r.load(path, false, noFile) }

// Tolerant is Load for a process that watches for hours: a file of streams that is
// wrong does not hold back the others. Aside of the event says what is wrong.
func (r *Reader) Tolerant(path string) (*configs.Event, error) { return r.load(path, true, noFile) }

// noFile is what to do where there is no event file.
const noFile = "streamwatch demo needs no file"

// load reads an event file. absent is what to do where there is none.
func (r *Reader) load(path string, tolerant bool, absent string) (*configs.Event, error) {
	event, err := r.read(path)
	path = NameOf(path)
	problems, wrong := errors.AsType[*configs.Problems](err)
	switch {
	case wrong && event == nil:
		problems.Name = path
		return nil, problems
	case wrong: // values are not allowed: there may be more that is wrong
	case err != nil:
		if errors.Is(err, os.ErrNotExist) {
			return nil, probe.Usage(err.Error(), absent)
		}
		return nil, probe.Usage(err.Error(), probe.HintOf(err))
	}
	var found []configs.Problem
	switch {
	case wrong:
		found = problems.List
	case tolerant && event.StreamsFrom != "":
		if event, err = event.Regather(nil, r.Env); err != nil {
			return nil, err
		}
	}
	if !tolerant {
		found = append(found, event.Aside()...)
	}
	besideFile(path, event)
	found = slices.Concat(found, notifyFiles(path, event), fleetFiles(path, event))
	if err := r.judge(event, path, found...); err != nil {
		return nil, err
	}
	return event, nil
}

// besideFile makes the names of files in an event count from the event file's folder.
func besideFile(path string, event *configs.Event) {
	if d := event.Distribution.CloudFormation; d != nil {
		d.StackPolicy = Beside(path, d.StackPolicy)
		if d.Signed != nil {
			d.Signed.PublicKey = Beside(path, d.Signed.PublicKey)
		}
	}
	if s, _ := Signing(event); s != nil {
		s.PrivateKeyFile = Beside(path, s.PrivateKeyFile)
	}
	for i := range event.Edges {
		if s := event.Edges[i].Sign; s != nil {
			s.PrivateKeyFile = Beside(path, s.PrivateKeyFile)
		}
	}
}

// Again is Tolerant for a run that is under way.
func (r *Reader) Again(path string) (*configs.Event, error) {
	if path == StandardInput || strings.HasPrefix(path, Variable) {
		return nil, probe.Usage(
			"the event came from "+NameOf(path)+" and cannot be read again",
			"give run a file, or change streams by the API",
		)
	}
	return r.load(path, true, "the event goes on as it was; put the file back")
}

// IsEvent reports whether a text is an event file rather than a playlist.
func IsEvent(text string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "event:") {
			return true
		}
		if strings.HasPrefix(strings.TrimPrefix(line, "\ufeff"), "#EXT") {
			return false
		}
	}
	return false
}

// Check finds what is wrong with an event that was changed otherwise, as Load does
// by itself. path is its file, for the places.
func (r *Reader) Check(event *configs.Event, path string) error {
	return r.judge(event, NameOf(path))
}

// judge finds what is wrong with an event that only the packages know which use
// its values. path is its file, for the places; found is what is known already.
func (r *Reader) judge(event *configs.Event, path string, found ...configs.Problem) error {
	Know(r.Secrets, event)
	found = slices.Concat(found, event.Dangling(), stackProblems(event), signProblems(event, r.Secrets))
	if len(found) > 0 {
		return event.Locate(path, found)
	}
	return nil
}

// RunWarnings returns what will surprise whoever runs an event.
func RunWarnings(e *configs.Event) []configs.Problem {
	return append(StackWarnings(e), tokenWarnings(e, time.Now())...)
}

// Warnings returns what is valid in an event and will surprise the user.
func Warnings(e *configs.Event) []configs.Problem {
	list := notifyWarnings(e)
	for _, w := range RunWarnings(e) {
		list = append(list, configs.Problem{Path: w.Path, Message: "warning: " + w.Message, Hint: w.Hint})
	}
	return list
}

const (
	// StandardInput is how people write that a file comes from there.
	StandardInput = "-"
	// Variable begins the name of an environment variable that holds the file's
	// text: env:EVENT. Where containers get no files, as in ECS, they get those.
	Variable = "env:"
)

// NameOf is what a file is called in messages.
func NameOf(path string) string {
	if path == StandardInput {
		return "standard input"
	}
	return path
}

// read reads an event file, or what stands in for one.
func (r *Reader) read(path string) (*configs.Event, error) {
	if name, ok := strings.CutPrefix(path, Variable); ok {
		text, set := r.Env(name)
		if !set {
			return nil, probe.Usage(
				"the environment variable "+name+" is not set",
				path+" is the event file's text in it; a file of that name is ./"+path,
			)
		}
		return configs.Read(path, []byte(text), ".", r.Env)
	}
	if path != StandardInput {
		return configs.Load(path, r.Env)
	}
	text, err := fetch.ReadPlaylist(r.Stdin)
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	return configs.Read(NameOf(path), text, ".", r.Env)
}

// Beside returns a file's name as it is seen from here, "" for none.
func Beside(event, name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(event), name)
}
