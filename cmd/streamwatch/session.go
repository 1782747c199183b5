package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/daemon/process"
	"github.com/streamwatch/streamwatch/provision"
)

// session returns the session of an event, which has no file.
func (c *cli) session(event *configs.Event, log *zap.Logger) *daemon.Session {
	for i := range event.Edges {
		c.column = max(c.column, len(event.Edges[i].Name))
	}
	return &daemon.Session{
		Options: daemon.Options{
			Event: event, Version: ownVersion(), Log: log, Secrets: c.known(), Env: c.env, Out: c.stdout, Say: c.say,
		},
		Account:  c.account(),
		Progress: func() (provision.Progress, func()) { return c.progress("text") },
	}
}

// begin loads the event of a process that is to watch it for hours, run or hub,
// and makes the process one that lives on without its terminal. The session is nil
// when there is nothing to do: because of the error, or because the event is over.
func (c *cli) begin(ctx context.Context, path string, limit time.Duration) (*daemon.Session, error) {
	log, err := c.log()
	if err != nil {
		return nil, err
	}
	event, err := c.files().Tolerant(path)
	if err != nil {
		return nil, err
	}
	s := c.session(event, log)
	s.Files, s.Path, s.Limit = c.files(), path, limit
	if !s.Begin(ctx) {
		return nil, nil
	}
	process.LiveOn()
	return s, nil
}
