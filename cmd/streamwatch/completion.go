package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/streamwatch/streamwatch/probe"
)

// refine makes what cobra adds by itself behave like the rest: values of flags
// complete, and a command that only holds others refuses a name that it does not
// know, which cobra would answer with help and exit code 0.
func refine(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" {
			cmd.Run, cmd.RunE = nil, func(_ *cobra.Command, args []string) error { return helpOf(root, args) }
		}
	}
	walk(root, func(cmd *cobra.Command) {
		if cmd.HasSubCommands() && !cmd.Runnable() {
			cmd.Args, cmd.SuggestionsMinimumDistance = cobra.ArbitraryArgs, 2
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				if len(args) == 0 {
					return cmd.Help()
				}
				return unknownCommand(cmd, args[0])
			}
		}
		if parent := cmd.Parent(); parent != nil && parent.Name() == "completion" {
			cmd.Args = argument(cobra.NoArgs) // cobra's own, which exits with 1
		}
		if cmd.ValidArgsFunction == nil && !takesFile(cmd) {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { completeFlag(cmd, f) })
	})
}

// takesFile reports whether a command's argument may be a file, by its usage.
func takesFile(cmd *cobra.Command) bool {
	return strings.Contains(cmd.Use, "EVENT") || strings.Contains(cmd.Use, "FILE")
}

func walk(cmd *cobra.Command, each func(*cobra.Command)) {
	each(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, each)
	}
}

// helpOf shows the help of a command by its words.
func helpOf(root *cobra.Command, words []string) error {
	cmd, rest, err := root.Find(words)
	if err != nil || len(rest) > 0 && (cmd == root || cmd.HasSubCommands()) {
		return unknownCommand(cmd, rest[0])
	}
	cmd.InitDefaultHelpFlag()
	return cmd.Help()
}

func unknownCommand(parent *cobra.Command, name string) error {
	hint := parent.CommandPath() + " --help lists the commands"
	if near := parent.SuggestionsFor(name); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return probe.Usage(fmt.Sprintf("unknown command %q", name), hint)
}

// completeFlag lets the shell complete the values of a flag that takes words.
func completeFlag(cmd *cobra.Command, flag *pflag.Flag) {
	complete := cobra.NoFileCompletions
	switch value, ok := flag.Value.(*valued); {
	case ok && value.words != nil:
		complete = cobra.FixedCompletions(value.words, cobra.ShellCompDirectiveNoFileComp)
	case flag.Name == "scope":
		complete = completeScopes
	case flag.Name == "check":
		complete = completeChecks
	case flag.Name == "fault":
		complete = completeFaults
	case flag.Name == "out" || flag.Name == "output" || flag.Name == "event" && cmd.Name() == "replay",
		flag.Name == "credentials" || strings.HasPrefix(flag.Name, "tls-"):
		return // folders and files, as the shell completes them
	}
	_ = cmd.RegisterFlagCompletionFunc(flag.Name, complete) // fails where the command has said how, which stands
}

func completeScopes(*cobra.Command, []string, string) (list []string, how cobra.ShellCompDirective) {
	for _, scope := range probe.Scopes {
		list = append(list, string(scope))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}
