package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/fleet"
)

func (c *cli) hubCommand() *cobra.Command {
	var limit time.Duration
	var update bool
	var name string
	cmd := &cobra.Command{
		Use:   "hub EVENT.yaml",
		Short: "Watch an event by agents, from several places",
		Long: `Do what run does, but have agents poll the streams: streamwatch agent, one or more
at each vantage. The hub diagnoses what all of them see, keeps the incidents,
tells people, and has the page, the API and the history.

Hub and agents meet at NATS. Without fleet.nats in the event file the hub has a
server of its own at fleet.listen (127.0.0.1:4222). At a cluster that fleet.nats
names several hubs can be started with the same file: one leads, the others
stand by, and take over within ten seconds when it dies.`,
		Example: "  streamwatch hub event.yaml\n  streamwatch agent --join nats://127.0.0.1:4222 --vantage eu-west-1",
		Args:    argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			event, log, err := c.begin(cmd.Context(), args[0], limit)
			if event == nil {
				return err
			}
			hangs, done := hangups()
			defer done()
			hub, err := fleet.OpenHub(cmd.Context(), c.hubOptions(event, args[0], cmp.Or(name, processName()), log))
			if err != nil {
				return err
			}
			defer hub.Close()
			c.say("join", hub.URL())
			s := session{c: c, event: event, log: log, update: update}
			return lead(cmd.Context(), hub, s, args[0], daemon.Options{
				Limit: limit, Hangs: hangs, Hub: hub, Load: c.loading(args[0]), Check: c.judging(args[0]),
			})
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&limit, "for", 0, "stop after this time, counted from when the hub leads (default: at the event's end)")
	flags.BoolVar(&update, "update", false, "bring a stack that exists to the event file first")
	flags.StringVar(&name, "name", "", "of this hub, as others see it (default: the host's)")
	return cmd
}

// lead watches the event whenever the hub leads, until ctx is done or the time is
// up. The file may have changed while the hub stood by, so it is read again; what
// came by standard input cannot, and a file that is wrong meanwhile changes nothing.
func lead(ctx context.Context, hub *fleet.Hub, begun session, path string, o daemon.Options) error {
	for {
		s := begun
		leading, release, err := hub.Lead(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil // told to end while standing by
			}
			return err
		}
		if path != standardInput {
			if event, err := s.c.load(path); err == nil {
				s.event = event
			} else {
				s.log.Error("leading by the event file as it was when the hub started", zap.Error(err))
			}
		}
		over, err := s.run(leading, o)
		lost := errors.Is(context.Cause(leading), fleet.ErrLost)
		release()
		if lost {
			s.log.Warn("standing by again", zap.Error(err))
			continue
		}
		if err != nil {
			return err
		}
		return s.cleanUp(ctx, over)
	}
}

// hubOptions turns the event into what a hub is told of its fleet.
func (c *cli) hubOptions(e *configs.Event, path, name string, log *zap.Logger) fleet.HubOptions {
	f := e.Fleet
	if f == nil {
		f = configs.DefaultFleet()
	}
	o := fleet.HubOptions{
		Name: name, Version: ownVersion(), Log: log,
		Connection: fleet.Connection{
			Credentials: beside(path, f.CredentialsFile), Name: "streamwatch hub " + name,
			CAFile: beside(path, f.TLS.CAFile), CertFile: beside(path, f.TLS.CertFile), KeyFile: beside(path, f.TLS.KeyFile),
		},
		Plan: fleet.Plan{
			Event: e.Event, Parts: configs.Fingerprint(e), Vantages: f.Vantages.Names, Alone: f.Vantages.Any, Shards: f.Shards,
		},
	}
	for _, u := range f.NATS {
		o.Connection.Servers = append(o.Connection.Servers, u.Reveal())
		c.known().AddURL(u.Reveal())
	}
	o.Embedded = fleet.Embedded{
		Listen: f.Listen, Folder: filepath.Join(e.Output, e.Event),
		CAFile: o.Connection.CAFile, CertFile: o.Connection.CertFile, KeyFile: o.Connection.KeyFile,
	}
	return o
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// processName is a name for this process that no other has: the host's, and a
// few random letters.
func processName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "host"
	}
	host, _, _ = strings.Cut(host, ".")
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails
	return unfit.ReplaceAllString(host, "-") + "-" + hex.EncodeToString(b[:])
}
