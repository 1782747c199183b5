package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes what packages ship. Nobody else needs it, so it is hidden.
func (c *cli) manCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:    "man",
		Short:  "Write the man pages and the completions, for packages",
		Args:   argument(cobra.NoArgs),
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(out, 0o755); err != nil { //nolint:gosec // packages are for everyone
				return fmt.Errorf("making the folder: %w", err)
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // the same source gives the same files
			header := &doc.GenManHeader{Title: "STREAMWATCH", Section: "1", Source: "streamwatch"}
			if err := doc.GenManTree(root, header, out); err != nil {
				return fmt.Errorf("writing the man pages: %w", err)
			}
			for name, write := range map[string]func(string) error{
				"streamwatch.bash": func(f string) error { return root.GenBashCompletionFileV2(f, true) },
				"streamwatch.zsh":  root.GenZshCompletionFile,
				"streamwatch.fish": func(f string) error { return root.GenFishCompletionFile(f, true) },
			} {
				if err := write(out + "/" + name); err != nil {
					return fmt.Errorf("writing the completions: %w", err)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "man", "folder to write to")
	return cmd
}
