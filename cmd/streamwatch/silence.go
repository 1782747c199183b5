package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/web/client"
)

// silenceFlags are those of streamwatch silence.
type silenceFlags struct {
	streams []string
	check   string
	scope   string
	all     bool
	lasts   time.Duration
	reason  string
	by      string
	format  string
}

func (c *cli) silenceCommand() *cobra.Command {
	var f silenceFlags
	cmd := &cobra.Command{
		Use:   "silence [URL]",
		Short: "Mute the notifications of a running streamwatch",
		Long: `Mute what a running streamwatch tells people: notifications and alarms about the
incidents that match. Checks go on, incidents open as ever and say that they are
silenced. A silence ends by itself; what is still open then is told.

An incident is muted when each stream that it hits is: with --stream main, one
that hits main and another stream is told. --stream may be given several times.
Give at least one of --stream, --check and --scope, or --all for everything.

URL is that of the page, as for streamwatch status. What is planned in advance
stands in event.yaml: maintenance.`,
		Example: "  streamwatch silence --stream main --for 30m --reason 'encoder restart'\n" +
			"  streamwatch silence --check upd.stale --scope edge --for 2h --reason 'ticket 4711'\n" +
			"  streamwatch silence list\n  streamwatch silence expire 20261128T190000Z",
		Args: argument(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := pageOf(args)
			if err != nil {
				return err
			}
			return c.silence(cmd.Context(), page, &f)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.streams, "stream", nil, "only incidents of this stream (default: of every stream)")
	flags.StringVar(&f.check, "check", "", "only incidents of this check, by id or the last part of one")
	flags.StringVar(&f.scope, "scope", "", "only incidents of this scope: event, origin, edge, stream or rendition")
	flags.BoolVar(&f.all, "all", false, "everything")
	flags.DurationVar(&f.lasts, "for", 0, "how long, such as 2h (at most 336h)")
	flags.StringVar(&f.reason, "reason", "", "why, for those who come after you")
	c.actorFlags(cmd, &f.by, &f.format)
	cmd.AddCommand(c.silenceListCommand(), c.silenceExpireCommand())
	return cmd
}

// actorFlags are those of a command that does something in somebody's name.
func (c *cli) actorFlags(cmd *cobra.Command, by, format *string) {
	user, _ := c.env("USER")
	cmd.Flags().StringVar(by, "by", user, "who you are; $USER where it is not given")
	cmd.Flags().Lookup("by").DefValue = "" // the same help for everyone
	cmd.Flags().StringVar(format, "format", "text", "text or json")
}

// silence makes one.
func (c *cli) silence(ctx context.Context, page *client.Client, f *silenceFlags) error {
	matches := len(f.streams) > 0 || f.check != "" || f.scope != ""
	switch {
	case !matches && !f.all:
		return probe.Usage("nothing says what to silence", "give --stream, --check or --scope, or --all for everything")
	case matches && f.all:
		return probe.Usage("--all excludes --stream, --check and --scope", "leave one of the two out")
	case f.lasts == 0:
		return probe.Usage("--for is missing", "how long, such as --for 2h")
	case f.lasts < 0:
		return negative(f.lasts)
	case f.reason == "":
		return probe.Usage("--reason is missing", "say why, for those who come after you: --reason 'encoder restart'")
	}
	if err := c.checkActor(f.by, f.format); err != nil {
		return err
	}
	made, err := page.Silence(ctx, client.Muting{
		Streams: f.streams, Check: f.check, Scope: f.scope, All: f.all, Seconds: f.lasts.Seconds(), Reason: f.reason, By: f.by,
	})
	if err != nil {
		return err
	}
	return c.showSilence(&made, f.format, "silenced %s until %s (id %s)\n")
}

// checkActor refuses an action of nobody, and an unknown format.
func (c *cli) checkActor(by, format string) error {
	if by == "" {
		return probe.Usage("--by is missing, and so is $USER", "say who you are: --by ana")
	}
	return oneOf("format", format, "text", "json")
}

// deedAt returns the page at which something is done to what ID [URL] name.
func (c *cli) deedAt(args []string, by, format string) (*client.Client, error) {
	page, err := pageOf(args[1:])
	if err == nil {
		err = c.checkActor(by, format)
	}
	return page, err
}

// showSilence says what became of a silence: its id is what ends it.
func (c *cli) showSilence(made *client.Reply[probe.Silence], format, line string) error {
	if format == "json" {
		_, err := c.stdout.Write(made.JSON)
		return err
	}
	s := &made.Value
	_, err := fmt.Fprintf(c.stdout, line, s.Where(), s.Until.UTC().Format("2006-01-02 15:04:05 UTC"), s.ID)
	return err
}

func (c *cli) silenceListCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "list [URL]",
		Short:   "List silences and maintenance: active, planned, and ended within a day",
		Example: "  streamwatch silence list\n  streamwatch silence list http://127.0.0.1:8091 --format json",
		Args:    argument(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := pageOf(args)
			if err != nil {
				return err
			}
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			list, err := page.Silences(cmd.Context())
			if err != nil {
				return err
			}
			if format == "json" {
				_, err := c.stdout.Write(list.JSON)
				return err
			}
			return report.Silences(c.stdout, list.Value.Silences, c.paint())
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

func (c *cli) silenceExpireCommand() *cobra.Command {
	var by, format string
	cmd := &cobra.Command{
		Use:     "expire ID [URL]",
		Short:   "End a silence now",
		Example: "  streamwatch silence expire 20261128T190000Z",
		Args:    argument(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := c.deedAt(args, by, format)
			if err != nil {
				return err
			}
			ended, err := page.Expire(cmd.Context(), args[0], by)
			if err != nil {
				return err
			}
			return c.showSilence(&ended, format, "no longer silenced: %s, ended %s (id %s)\n")
		},
	}
	c.actorFlags(cmd, &by, &format)
	return cmd
}

func (c *cli) ackCommand() *cobra.Command {
	var by, format, note string
	var undo bool
	cmd := &cobra.Command{
		Use:   "ack ID [URL]",
		Short: "Acknowledge an incident of a running streamwatch",
		Long: `Say that you take care of an open incident: nobody is reminded of it any more.
When it changes or closes, that is told as ever. The id stands at the end of its
URL in streamwatch status.`,
		Example: "  streamwatch ack 20261128T190004Z-main --note 'restarting the encoder'\n" +
			"  streamwatch ack 20261128T190004Z-main --undo",
		Args: argument(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := c.deedAt(args, by, format)
			if err != nil {
				return err
			}
			do, did := page.Acknowledge, "acknowledged"
			if undo {
				do, did = page.Unacknowledge, "no longer acknowledged:"
			}
			done, err := do(cmd.Context(), args[0], by, note)
			if err != nil {
				return err
			}
			if format == "json" {
				_, err = c.stdout.Write(done)
				return err
			}
			_, err = fmt.Fprintln(c.stdout, did, args[0])
			return err
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "what you do about it")
	cmd.Flags().BoolVar(&undo, "undo", false, "take the acknowledgement back")
	c.actorFlags(cmd, &by, &format)
	return cmd
}
