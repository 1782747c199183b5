package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe/fleet"
	"github.com/streamwatch/streamwatch/probe/logmask"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/deploy"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// Session is an event from its file to its end: its distribution is brought up, it
// is watched, and what the file says is to end with it ends.
type Session struct {
	Options
	Account  *deploy.Account
	Update   bool                           // bring a stack that exists to the event file
	Cache    func(edge.Config) http.Handler // that a local edge is; nil is a sound one
	Progress func() (show provision.Progress, end func())

	// Files reads the event again from Path, for a reload; nil is an event without a
	// file, which cannot be changed.
	Files *eventfile.Reader
	Path  string
}

// Begin reports whether there is anything to watch, and logs what of the event will
// surprise people. Of an event that is over it closes what the last process left
// open.
func (s *Session) Begin(ctx context.Context) bool {
	if ends := s.Event.Ends; !ends.IsZero() && !ends.After(time.Now()) {
		s.Log.Info(EventOver, zap.Time("ends", ends))
		Conclude(ctx, s.Event, EventOver, s.Log)
		return false
	}
	for _, w := range eventfile.RunWarnings(s.Event) {
		s.Log.Warn(w.String(), logmask.Given("hint", w.Hint))
	}
	return true
}

// Run watches the event until ctx is done or its time is up, and cleans up after it.
func (s *Session) Run(ctx context.Context) error {
	over, err := s.watch(ctx)
	if err != nil {
		return err
	}
	return s.launch("").CleanUp(ctx, over)
}

// OpenHub joins the fleet as a hub. Until that is done the address of the page says
// that this hub stands by.
func (s *Session) OpenHub(ctx context.Context, o fleet.HubOptions) (hub *fleet.Hub, err error) {
	nobody := func() (string, bool) { return "", false }
	err = StandBy(ctx, s.Event.Monitor.Listen, nobody, s.Log, func(ctx context.Context) (err error) {
		hub, err = fleet.OpenHub(ctx, o)
		return err
	})
	return hub, err
}

// Lead watches the event whenever the hub leads, until ctx is done or its time is
// up, and cleans up after it. The file may have changed while the hub stood by, so
// it is read again; what came by standard input cannot be, and a file that is wrong
// meanwhile changes nothing.
func (s *Session) Lead(ctx context.Context, hub *fleet.Hub) error {
	s.Hub = hub
	for {
		var leading context.Context
		var release func()
		err := StandBy(ctx, s.Event.Monitor.Listen, hub.Leader, s.Log, func(ctx context.Context) (err error) {
			leading, release, err = hub.Lead(ctx)
			return err
		})
		if err != nil {
			if ctx.Err() != nil {
				return nil // told to end while standing by
			}
			return err
		}
		now := *s
		if s.Path != eventfile.StandardInput {
			if event, err := s.Files.Tolerant(s.Path); err == nil {
				now.Event = event
			} else {
				s.Log.Error("leading by the event file as it was when the hub started", zap.Error(err))
			}
		}
		over, err := now.watch(leading)
		lost := errors.Is(context.Cause(leading), fleet.ErrLost)
		release()
		if lost {
			s.Log.Warn("standing by again", zap.Error(err))
			continue
		}
		if err != nil {
			return err
		}
		return now.launch("").CleanUp(ctx, over)
	}
}

// watch brings the event's distribution into being and watches it until ctx is
// done. over says that the event is, and not only this process. What can fail
// fails before anything is started.
func (s *Session) watch(ctx context.Context) (over bool, err error) {
	d, err := New(ctx, s.options())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	found, err := s.launch(d.Folder()).Up(ctx)
	if err != nil {
		return false, err
	}
	s.announce(d, found.EdgeURL)
	err = d.Run(ctx, *found)
	return d.Over(), err
}

// options are those of the daemon that watches.
func (s *Session) options() Options {
	o := s.Options
	o.AWS = s.Account.Options
	if s.Files != nil {
		o.Load = func() (*configs.Event, error) { return s.Files.Again(s.Path) }
		o.Check = func(event *configs.Event) error { return s.Files.Check(event, s.Path) }
	}
	return o
}

// launch is what brings the event's distribution up.
func (s *Session) launch(folder string) *deploy.Launch {
	return &deploy.Launch{
		Account: s.Account, Event: s.Event, Folder: folder, Update: s.Update, Cache: s.Cache, Log: s.Log, Say: s.Say,
		Progress: s.Progress,
	}
}

// announce says where everything is.
func (s *Session) announce(d *Daemon, edge string) {
	fmt.Fprintf(s.Out, "watching %s\n", s.Event.Event)
	if page := d.Page(); page != "" {
		s.Say("page", page)
	}
	s.Say("edge", edge)
	for i := range s.Event.Edges {
		s.Say(s.Event.Edges[i].Name, s.Event.Edges[i].URL.String())
	}
	s.Say("origin", s.Event.Origin.URL.String())
	s.Say("embeds", filepath.Join(d.Folder(), s.Event.Player.Out))
}
