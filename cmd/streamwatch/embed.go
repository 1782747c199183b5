package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/player/publish"
)

func (c *cli) embedCommand() *cobra.Command {
	var out, title, lang string
	var signed bool
	cmd := &cobra.Command{
		Use:   "embed EVENT.yaml|URL",
		Short: "Write the embeds only",
		Long: `Write the embeds of an event, or of a manifest by its URL, and stop: pages and
snippets for hls.js, Video.js, native playback and an iframe, set up for the
stream as its manifest is now. A stream that cannot be read yet gets embeds that
work for any stream. Each stream has a folder; index.html in it shows every embed
with the code to paste.

A URL gets the defaults. An event file can set more under player: title, poster,
base (where the pages are published, which oEmbed needs) and others, see
docs/embeds.md. The folder of a URL is named after its path and a hash of the
whole address, so two streams never share one.

Everyone can read the manifest's address in the embeds. An address with a token or
a signature is refused unless --allow-signed is given.`,
		Example: `  streamwatch embed event.yaml
  streamwatch embed https://d111111abcdef8.cloudfront.net/live/main.m3u8 --title 'Autumn concert' --out embeds`,
		Args: argument(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			event, err := c.files().EventOrURL(args[0])
			if err != nil {
				return err
			}
			event.Player.Title, event.Player.Lang = cmp.Or(title, event.Player.Title), cmp.Or(lang, event.Player.Lang)
			event.Player.AllowSigned = event.Player.AllowSigned || signed
			dir := cmp.Or(out, event.Player.Out)
			if out == "" && !eventfile.IsURL(args[0]) {
				dir = filepath.Join(event.Output, event.Event, event.Player.Out)
			}
			return c.embed(cmd.Context(), event, dir)
		},
	}
	cmd.Flags().StringVar(&title, "title", "",
		"title of the pages (default: player.title, else the event's or the stream's name)")
	cmd.Flags().StringVar(&lang, "lang", "", "language of the pages, such as de or pt-BR (default: player.lang, else en)")
	cmd.Flags().BoolVar(&signed, "allow-signed", false,
		"accept a manifest with a token or signature in its address, which everyone can read")
	cmd.Flags().StringVar(&out, "out", "", "folder to write to (default: that of the event file, or embeds)")
	return cmd
}

func (c *cli) embed(ctx context.Context, event *configs.Event, dir string) error {
	dist, stale, err := c.account().Find(ctx, event)
	if err != nil {
		return err
	}
	c.goOn(stale, dist.EdgeURL)
	log, err := c.log()
	if err != nil {
		return err
	}
	signer, err := c.account().Signer(ctx, event, dist)
	if err != nil {
		return err
	}
	folders, err := publish.New(event, dist.EdgeURL, signer, dir, log).WriteAll(ctx)
	for _, folder := range folders {
		fmt.Fprintln(c.stdout, folder)
	}
	return err
}
