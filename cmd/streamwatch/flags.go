package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/streamwatch/streamwatch/probe"
)

// valued is the value of a flag that a function reads. What the function refuses is
// shown as it says it.
type valued struct {
	text  string   // as it was given
	kind  string   // as help shows it
	words []string // that it may be, which the shell completes; nil is any text
	read  func(text string) error
}

func (v *valued) String() string { return v.text }
func (v *valued) Type() string   { return v.kind }

func (v *valued) Set(text string) error {
	v.text = text
	return v.read(text)
}

// wordFlag adds a flag that takes one of some words, usual where it is not given.
func wordFlag(flags *pflag.FlagSet, to *string, name, usual, usage string, words ...string) {
	*to = usual
	flags.Var(&valued{usual, "string", words, func(text string) error {
		if *to = text; text == usual || slices.Contains(words, text) {
			return nil
		}
		return probe.Usage(fmt.Sprintf("--%s %q is not known", name, text), "one of "+strings.Join(words, ", "))
	}}, name, usage)
}

// formatFlag adds --format, of what a command prints.
func formatFlag(cmd *cobra.Command, to *string, usage string) {
	wordFlag(cmd.Flags(), to, "format", "text", usage, "text", "json")
}

// forFlag adds --for, a duration that is not negative.
func forFlag(cmd *cobra.Command, to *time.Duration, usage string) {
	cmd.Flags().Var(&valued{kind: "duration", read: func(text string) (err error) {
		if *to, err = time.ParseDuration(text); err == nil && *to < 0 {
			return probe.Usage("--for "+to.String(), "a positive duration, such as 30s")
		}
		return err
	}}, "for", usage)
}

// unreadable says of a flag's value what it should have been, not what Go's parser
// thinks of it.
func unreadable(cmd *cobra.Command, bad *pflag.InvalidValueError) error {
	flag, what, hint := bad.GetFlag(), "not known", helpListsFlags(cmd)
	switch flag.Value.Type() {
	case "duration":
		what, hint = "no duration", "a number with its unit, such as 30s, 5m or 2h"
	case "int":
		what, hint = "no number", "digits, such as 2"
	case "bool":
		what, hint = "neither true nor false", "the flag alone is true"
	}
	return probe.Usage(fmt.Sprintf("--%s %q is %s", flag.Name, bad.GetValue(), what), hint)
}

func helpListsFlags(cmd *cobra.Command) string { return cmd.CommandPath() + " --help lists the flags" }

// momentFlag adds a flag that takes a time, or how long ago it was; "" is none.
func momentFlag(cmd *cobra.Command, to *time.Time, name, usage string) {
	cmd.Flags().Var(&valued{kind: "string", read: func(text string) error {
		if text == "" {
			return nil
		}
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			*to = at
			return nil
		}
		if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
			*to = time.Now().Add(-ago)
			return nil
		}
		return probe.Usage(
			fmt.Sprintf("--%s %q is no time", name, text),
			"a time such as 2026-11-28T19:00:00Z, or how long ago, such as 2h",
		)
	}}, name, usage)
}
