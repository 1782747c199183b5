package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon/process"
	"github.com/streamwatch/streamwatch/probe/demo"
	"github.com/streamwatch/streamwatch/probe/sink/store"
)

func (c *cli) demoCommand() *cobra.Command {
	var o demo.Options
	var listen string
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch an embedded live stream, and break it",
		Long: `Watch a live stream that streamwatch makes itself, through an edge of its own:
no AWS, no network and no file needed. Everything else is as in run. The page's
URL is printed; faults can be injected and cleared on the page, or scripted:

  --fault 'stale-edge@20s+30s'        after 20 s the edge serves old playlists for 30 s
  --fault 'stall@10s,seg-404(360p)@1m+20s'

With --edges there are several edges in front of one origin, like several CDNs:
first, second and so on. A fault of an edge applies to the first, or to the one
that is named before it:

  --edges 2 --fault 'second:stale-edge@20s+30s'

With --low-latency the stream has partial segments of half a second, preload
hints and blocking reloads; some faults need it.

A step is [edge:]name[(rendition)][:argument][@start[+duration]]; streamwatch drill
--help lists the faults.`,
		Example: `  streamwatch demo
  streamwatch demo --fault 'stale-edge@20s+30s' --for 2m
  streamwatch demo --edges 2 --fault 'second:edge-503@20s+30s'`,
		Args: argument(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := c.log()
			if err != nil {
				return err
			}
			show, err := demo.New(cmd.Context(), o)
			if err != nil {
				return err
			}
			process.LiveOn()
			page, err := demo.Listen(cmd.Context(), listen)
			if err != nil {
				return err
			}
			defer page.Close()
			s := c.session(show.Event, log)
			s.Listen, s.Faults, s.Cache, s.Period, s.Limit = page, show.Faults, show.Cache, demo.Period, limit
			err = show.During(cmd.Context(), func() error { return s.Run(cmd.Context()) })
			if errors.Is(err, store.ErrInUse) {
				err = probe.WithHint(err, "a second demo needs a folder of its own: streamwatch demo --output second")
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Script, "fault", "", "script of faults, such as stale-edge@20s+30s")
	flags.IntVar(&o.Edges, "edges", 1, "how many edges there are in front of the origin")
	flags.StringVar(&listen, "listen", "127.0.0.1:8090", "address of the page; the next free port when it is taken")
	flags.StringVar(&o.Output, "output", configs.Default().Output, "folder for history, embeds and report")
	flags.BoolVar(&o.LowLatency, "low-latency", false, "a stream of partial segments, as in Low-Latency HLS")
	forFlag(cmd, &limit, "stop after this time")
	return cmd
}
