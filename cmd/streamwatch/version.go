package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/probe/build"
)

func (c *cli) versionCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit, its date and the Go release",
		Long: `Print the version of streamwatch, the commit that it was built from with its date,
and the Go release that built it.`,
		Example: "  streamwatch version\n  streamwatch version --format json",
		Args:    argument(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			own := build.Own(version, commit, date)
			if format == "json" {
				enc := json.NewEncoder(c.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(own)
			}
			_, err := fmt.Fprintln(c.stdout, own)
			return err
		},
	}
	formatFlag(cmd, &format, "text or json")
	return cmd
}

// ownVersion is that of this binary.
func ownVersion() string { return build.Own(version, commit, date).Version }
