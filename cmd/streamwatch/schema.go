package main

import (
	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs"
)

func (c *cli) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of event.yaml, for editors",
		Long: `Print the JSON Schema (draft 2020-12) of event.yaml. An editor with a YAML
language server completes and checks event files with it: save the schema next to
the file, and begin the file with

  # yaml-language-server: $schema=event.schema.json

A schema cannot compare two values or know the environment: streamwatch validate
finds more.`,
		Example: "  streamwatch schema > event.schema.json",
		Args:    argument(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := c.stdout.Write(configs.Schema())
			return err
		},
	}
}
