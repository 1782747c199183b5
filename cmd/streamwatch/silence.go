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

func (c *cli) silenceCommand() *cobra.Command {
	var what client.Muting
	var lasts time.Duration
	var who actor
	cmd := &cobra.Command{
		Use:   "silence [URL]",
		Short: "Mute the notifications of a running streamwatch",
		Long: `Mute the notifications and alarms of a running streamwatch for the incidents that
match. Checks go on; incidents open as usual and say that they are silenced. A
silence ends by itself, and incidents that are still open then are reported.

An incident is muted when every stream that it hits is: with --stream main, one
that hits main and another stream is still reported. --stream can be repeated.
Give at least one of --stream, --check and --scope, or --all for everything.

URL is that of the page, as for streamwatch status. Put planned maintenance into
event.yaml: maintenance.`,
		Example: "  streamwatch silence --stream main --for 30m --reason 'encoder restart'\n" +
			"  streamwatch silence --check upd.stale --scope edge --for 2h --reason 'ticket 4711'\n" +
			"  streamwatch silence list\n  streamwatch silence expire 20261128T190000Z",
		Args: argument(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := pageOf(args)
			if err != nil {
				return err
			}
			what.Seconds, what.By = lasts.Seconds(), who.by
			if err := checkMuting(&what); err != nil {
				return err
			}
			made, err := page.Silence(cmd.Context(), what)
			if err != nil {
				return err
			}
			return c.showSilence(&made, who.format, "silenced %s until %s (id %s)\n")
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&what.Streams, "stream", nil, "only incidents of this stream (default: of every stream)")
	flags.StringVar(&what.Check, "check", "", "only incidents of this check, by id or the last part of one")
	flags.StringVar(&what.Scope, "scope", "", "only incidents of this scope: event, origin, edge, stream or rendition")
	flags.BoolVar(&what.All, "all", false, "everything")
	_ = cmd.RegisterFlagCompletionFunc("stream", completeStreams)
	forFlag(cmd, &lasts, "how long, such as 2h (at most 336h)")
	flags.StringVar(&what.Reason, "reason", "", "why, for those who come after you")
	c.actorFlags(cmd, &who)
	cmd.AddCommand(c.silenceListCommand(), c.silenceExpireCommand())
	return cmd
}

// completeStreams lists the streams of the page that runs, where there is one.
func completeStreams(cmd *cobra.Command, args []string, _ string) (names []string, how cobra.ShellCompDirective) {
	how = cobra.ShellCompDirectiveNoFileComp
	ctx, cancel := context.WithTimeout(cmd.Context(), time.Second)
	defer cancel()
	page, err := pageOf(args)
	if err != nil {
		return nil, how
	}
	status, err := page.Status(ctx)
	if err != nil {
		return nil, how
	}
	for i := range status.Value.Streams {
		names = append(names, status.Value.Streams[i].Name)
	}
	return names, how
}

// checkMuting refuses a silence that lacks what only its maker knows, by its flag.
func checkMuting(m *client.Muting) error {
	matches := len(m.Streams) > 0 || m.Check != "" || m.Scope != ""
	switch {
	case !matches && !m.All:
		return probe.Usage("nothing says what to silence", "give --stream, --check or --scope, or --all for everything")
	case matches && m.All:
		return probe.Usage("--all excludes --stream, --check and --scope", "leave one of the two out")
	case m.Seconds == 0:
		return probe.Usage("--for is missing", "how long, such as --for 2h")
	case m.Reason == "":
		return probe.Usage("--reason is missing", "say why, for those who come after you: --reason 'encoder restart'")
	}
	return named(m.By)
}

// actor is whoever does something, and how the answer is shown.
type actor struct{ by, format string }

// actorFlags are those of a command that does something in somebody's name.
func (c *cli) actorFlags(cmd *cobra.Command, who *actor) {
	user, _ := c.env("USER")
	cmd.Flags().StringVar(&who.by, "by", user, "who you are; $USER where it is not given")
	cmd.Flags().Lookup("by").DefValue = "" // the same help for everyone
	formatFlag(cmd, &who.format, "text or json")
}

// named refuses an action of nobody.
func named(by string) error {
	if by == "" {
		return probe.Usage("--by is missing, and so is $USER", "say who you are: --by ana")
	}
	return nil
}

// deedAt returns the page at which somebody does something to what ID [URL] name.
func deedAt(args []string, who *actor) (*client.Client, error) {
	page, err := pageOf(args[1:])
	if err == nil {
		err = named(who.by)
	}
	return page, err
}

// answer prints what a page answered: as it was sent, or in words.
func (c *cli) answer(format string, sent []byte, words func() error) error {
	if format != "json" {
		return words()
	}
	_, err := c.stdout.Write(sent)
	return err
}

// showSilence says what became of a silence: its id is what ends it.
func (c *cli) showSilence(made *client.Reply[probe.Silence], format, line string) error {
	return c.answer(format, made.JSON, func() error {
		s := &made.Value
		_, err := fmt.Fprintf(c.stdout, line, s.Where(), s.Until.UTC().Format("2006-01-02 15:04:05 UTC"), s.ID)
		return err
	})
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
			list, err := page.Silences(cmd.Context())
			if err != nil {
				return err
			}
			return c.answer(format, list.JSON, func() error {
				return report.Silences(c.stdout, list.Value.Silences, c.paint())
			})
		},
	}
	formatFlag(cmd, &format, "text or json")
	return cmd
}

func (c *cli) silenceExpireCommand() *cobra.Command {
	var who actor
	cmd := &cobra.Command{
		Use:     "expire ID [URL]",
		Short:   "End a silence now",
		Example: "  streamwatch silence expire 20261128T190000Z",
		Args:    argument(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := deedAt(args, &who)
			if err != nil {
				return err
			}
			ended, err := page.Expire(cmd.Context(), args[0], who.by)
			if err != nil {
				return err
			}
			return c.showSilence(&ended, who.format, "no longer silenced: %s, ended %s (id %s)\n")
		},
	}
	c.actorFlags(cmd, &who)
	return cmd
}

func (c *cli) ackCommand() *cobra.Command {
	var who actor
	var note string
	var undo bool
	cmd := &cobra.Command{
		Use:   "ack ID [URL]",
		Short: "Acknowledge an incident of a running streamwatch",
		Long: `Say that you take care of an open incident: no more reminders of it are sent. Its
changes and its end are reported as usual. The id is at the end of its URL in
streamwatch status.`,
		Example: "  streamwatch ack 20261128T190004Z-main --note 'restarting the encoder'\n" +
			"  streamwatch ack 20261128T190004Z-main --undo",
		Args: argument(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := deedAt(args, &who)
			if err != nil {
				return err
			}
			do, did := page.Acknowledge, "acknowledged"
			if undo {
				do, did = page.Unacknowledge, "no longer acknowledged:"
			}
			done, err := do(cmd.Context(), args[0], who.by, note)
			if err != nil {
				return err
			}
			return c.answer(who.format, done, func() error {
				_, err := fmt.Fprintln(c.stdout, did, args[0])
				return err
			})
		},
	}
	cmd.Flags().StringVar(&note, "note", "", "what you do about it")
	cmd.Flags().BoolVar(&undo, "undo", false, "take the acknowledgement back")
	c.actorFlags(cmd, &who)
	return cmd
}
