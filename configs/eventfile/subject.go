package eventfile

import (
	"bytes"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
)

// Subject is what a command line asks to look at: an event, or a playlist on this
// machine.
type Subject struct {
	Event *configs.Event // nil is a playlist
	Text  []byte         // of a playlist that came by standard input
}

// Subject finds out what an argument names: a URL, an event file, a playlist, or
// standard input with one of the two. flags say more of a stream.
func (r *Reader) Subject(arg string, flags *Flags) (s Subject, err error) {
	if err := NotHLS(arg); err != nil {
		return s, err
	}
	switch {
	case IsURL(arg):
		s.Event, err = flags.Stream(arg)
	case len(flags.Edges) > 0:
		const hint = "an event file names its edges in `edges`; a playlist on this machine has none"
		err = probe.Usage("--edge with a file", hint)
	case arg == StandardInput:
		return r.standardInput()
	case strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml") || strings.HasPrefix(arg, Variable):
		if flags.Origin != "" {
			return s, probe.Usage("--origin with an event file", "the file names the origin")
		}
		s.Event, err = r.Load(arg)
	}
	return s, err
}

// standardInput finds out what came by it.
func (r *Reader) standardInput() (s Subject, err error) {
	text, err := fetch.ReadPlaylist(r.Stdin)
	if err != nil {
		return s, probe.Usage("reading the playlist: "+err.Error(), "")
	}
	if !IsEvent(string(text)) {
		s.Text = text
		return s, nil
	}
	again := *r
	again.Stdin = bytes.NewReader(text)
	s.Event, err = again.Load(StandardInput)
	return s, err
}

// EventOrURL loads an event file, or makes the event of one manifest URL.
func (r *Reader) EventOrURL(arg string) (*configs.Event, error) {
	if err := NotHLS(arg); err != nil {
		return nil, err
	}
	if IsURL(arg) {
		return OfURL(arg)
	}
	return r.Load(arg)
}
