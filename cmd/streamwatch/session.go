package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/deploy"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// session is one run of one event: its distribution is brought up, and then it is
// watched.
type session struct {
	c      *cli
	event  *configs.Event
	log    *zap.Logger
	board  *sim.Board // only in the demo: the edge shows its faults too
	update bool       // bring a stack that exists to the event file
}

// run brings the event's distribution into being and watches it until ctx is
// done. over says that the event is, and not only this process. What can fail
// fails before anything is started.
func (s *session) run(ctx context.Context, o daemon.Options) (over bool, err error) {
	o.Event, o.Log, o.Secrets, o.Out, o.Say, o.AWS = s.event, s.log, s.c.known(), s.c.stdout, s.c.say, s.c.account().Options
	o.Version, o.Runbook, o.Env = ownVersion(), report.Runbook, s.c.env
	d, err := daemon.New(ctx, o)
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

// cleanUp ends what the event says is to end with it.
func (s *session) cleanUp(ctx context.Context, over bool) error {
	return s.launch("").CleanUp(ctx, over)
}

// launch is what brings the event's distribution up.
func (s *session) launch(folder string) *deploy.Launch {
	return &deploy.Launch{
		Account: s.c.account(), Event: s.event, Folder: folder, Update: s.update, Cache: s.cache(), Log: s.log, Say: s.c.say,
		Progress: func() (provision.Progress, func()) { return s.c.progress("text") },
	}
}

// announce says where everything is.
func (s *session) announce(d *daemon.Daemon, edge string) {
	fmt.Fprintf(s.c.stdout, "watching %s\n", s.event.Event)
	if page := d.Page(); page != "" {
		s.c.say("page", page)
	}
	s.c.say("edge", edge)
	for i := range s.event.Edges {
		s.c.say(s.event.Edges[i].Name, s.event.Edges[i].URL.String())
	}
	s.c.say("origin", s.event.Origin.URL.String())
	s.c.say("embeds", filepath.Join(d.Folder(), s.event.Player.Out))
}

// cache is what the edge of a local distribution is: in the demo one that shows
// the faults of its board, else a sound one.
func (s *session) cache() func(edge.Config) http.Handler {
	if s.board == nil {
		return nil
	}
	return func(c edge.Config) http.Handler { return sim.NewEdge(c, s.board, "") }
}
