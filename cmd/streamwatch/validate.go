package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

func (c *cli) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate EVENT.yaml|-",
		Short: "Report every problem of an event file, with line and column",
		Long: `Read an event file as run would, and report all of its problems at once, each
with its line and column and a hint. Nothing is started and nothing is asked
of the network. Variables such as ${ORIGIN_SECRET} must be set, as for run. With
- the file comes from standard input, and the files that it names count from here.`,
		Example: "  streamwatch validate event.yaml\n  envsubst < event.tmpl | streamwatch validate -",
		Args:    argument(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			event, err := c.load(args[0])
			if err != nil {
				return err
			}
			c.warn(event, args[0])
			_, err = fmt.Fprintf(c.stdout, "%s is valid: event %s, %s\n", nameOf(args[0]), event.Event, plural(len(event.Streams), "stream"))
			return err
		},
	}
}

// load reads an event file and checks what only the packages know that use its
// values.
func (c *cli) load(path string) (*configs.Event, error) {
	event, err := c.read(path)
	path = nameOf(path)
	problems, wrong := errors.AsType[*configs.Problems](err)
	switch {
	case wrong && event == nil:
		problems.Name = path
		return nil, problems
	case wrong: // values are not allowed: there may be more that is wrong
	case err != nil:
		if errors.Is(err, os.ErrNotExist) {
			return nil, probe.Usage(err.Error(), "streamwatch demo needs no file")
		}
		return nil, probe.Usage(err.Error(), "")
	}
	if d := event.Distribution.CloudFormation; d != nil { // files count from the event file's folder
		d.StackPolicy = beside(path, d.StackPolicy)
		if d.Signed != nil {
			d.Signed.PublicKey = beside(path, d.Signed.PublicKey)
		}
	}
	if s, _ := signing(event); s != nil {
		s.PrivateKeyFile = beside(path, s.PrivateKeyFile)
	}
	for i := range event.Edges {
		if s := event.Edges[i].Sign; s != nil {
			s.PrivateKeyFile = beside(path, s.PrivateKeyFile)
		}
	}
	found := notifyFiles(path, event)
	if wrong {
		found = append(found, problems.List...)
	}
	if err := c.judge(event, path, found...); err != nil {
		return nil, err
	}
	return event, nil
}

// loadAgain loads an event file for a run that is under way.
func (c *cli) loadAgain(path string) (*configs.Event, error) {
	if path == standardInput {
		return nil, probe.Usage(
			"the event came by standard input and cannot be read again", "give run a file, or change streams by the API",
		)
	}
	return c.load(path)
}

// judge finds what is wrong with an event that only the packages know which use
// its values. path is its file, for the places; found is what is known already.
func (c *cli) judge(event *configs.Event, path string, found ...configs.Problem) error {
	c.know(event)
	found = slices.Concat(found, event.Dangling(), stackProblems(event), c.signProblems(event))
	if len(found) > 0 {
		return event.Locate(path, found)
	}
	return nil
}

// standardInput is how people write that a file comes from there.
const standardInput = "-"

// nameOf is what a file is called in messages.
func nameOf(path string) string {
	if path == standardInput {
		return "standard input"
	}
	return path
}

// read reads an event file, or standard input.
func (c *cli) read(path string) (*configs.Event, error) {
	if path != standardInput {
		return configs.Load(path, c.env)
	}
	text, err := io.ReadAll(io.LimitReader(c.stdin, fetch.PlaylistBytes))
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	return configs.Read(nameOf(path), text, ".", c.env)
}

// beside returns a file's name as it is seen from here, "" for none.
func beside(event, name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(event), name)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
