package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// command is a command line that a page shows.
type command struct {
	page, line string
	shown      bool // on a line of its own, to be copied
}

var (
	fenced   = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	indented = regexp.MustCompile(`(?m)^ {4}(\S.*)$`)
	quoted   = regexp.MustCompile("`([^`]+)`")
	program  = regexp.MustCompile(`^(?:[A-Z_]+=\S+ )*` +
		`(?:streamwatch|make|go|curl|aws|podman|kubectl|helm|apt-get|rpm|systemctl|sha256sum) \S`)
	variable = regexp.MustCompile(`^[A-Z_]+=\S+ `)
)

// commands returns the command lines of README, docs and the other pages.
func commands(t *testing.T) (list []command) {
	t.Helper()
	pages := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md"}
	for _, pattern := range []string{"docs/*.md", "player/*.md"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range found {
			pages = append(pages, strings.TrimPrefix(filepath.ToSlash(page), "../../"))
		}
	}
	for _, page := range pages {
		b, err := os.ReadFile("../../" + page)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		add := func(line string, shown bool) {
			line = strings.TrimPrefix(strings.Join(strings.Fields(line), " "), "$ ")
			output := strings.HasPrefix(line, "streamwatch · ") || strings.Contains(line, "→") // of a program
			if program.MatchString(line) && !output {
				list = append(list, command{page, line, shown})
			}
		}
		for _, m := range fenced.FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(strings.ReplaceAll(m[2], "\\\n", "")) {
				if (m[1] == "sh" || m[1] == "") && !strings.HasPrefix(line, "  ") {
					add(line, true)
				}
			}
		}
		text = fenced.ReplaceAllString(text, "")
		for _, m := range indented.FindAllStringSubmatch(text, -1) {
			add(m[1], true)
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			add(m[1], false)
		}
	}
	return list
}

// words splits a command line as a shell does, without its comment and where its output goes.
func words(line string) (list []string) {
	for _, m := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1) {
		if strings.HasPrefix(m, "#") || m == ">" || m == "|" {
			break
		}
		list = append(list, strings.Trim(m, "'"))
	}
	return list
}

// Every command of the docs, and of the examples of --help, names a subcommand, flags, a target
// or tests that exist.
func TestDocCommandsExist(t *testing.T) {
	list := commands(t)
	c := cli{stdout: io.Discard, stderr: io.Discard, env: os.LookupEnv}
	for _, cmd := range c.root().Commands() {
		for line := range strings.Lines(cmd.Example) {
			list = append(list, command{cmd.CommandPath() + " --help", strings.TrimSpace(line), true})
		}
	}
	for _, each := range list {
		line := each.line
		for variable.MatchString(line) {
			line = variable.ReplaceAllString(line, "")
		}
		w := words(line)
		var err error
		switch w[0] {
		case "streamwatch":
			err = parse(c.root(), w[1:])
		case "make":
			args := append([]string{"-C", "../..", "-n"}, w[1:]...)
			//nolint:gosec // of our docs
			if out, failed := exec.CommandContext(t.Context(), "make", args...).CombinedOutput(); failed != nil {
				err = fmt.Errorf("%w: %s", failed, out)
			}
		case "go":
			err = namesTests(w[1:])
		}
		if err != nil {
			t.Errorf("%s: %s: %v", each.page, each.line, err)
		}
	}
}

// parse requires that a command knows its flags, their values and, where it
// is given any, its arguments.
func parse(root *cobra.Command, args []string) error {
	if args[0] == "--help" {
		return nil
	}
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if cmd == root {
		return fmt.Errorf("there is no command %q", args[0])
	}
	if slices.Contains(rest, "--help") {
		return nil
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	if rest = cmd.Flags().Args(); len(rest) > 0 && cmd.Args != nil {
		return cmd.Args(cmd, rest)
	}
	return nil
}

// namesTests requires of a `go test` that each name in it is that of a test or
// benchmark in one of its packages.
func namesTests(args []string) error {
	var names, folders []string
	for i, arg := range args {
		switch {
		case arg == "-run" || arg == "-bench":
			names = append(names, strings.Split(strings.TrimSuffix(args[i+1], "$"), "|")...)
		case strings.HasPrefix(arg, "./"):
			folders = append(folders, arg)
		}
	}
	var source strings.Builder
	for _, folder := range folders {
		files, err := filepath.Glob("../../" + folder + "/*_test.go")
		if err != nil || len(files) == 0 && args[0] == "test" {
			return fmt.Errorf("no tests in %s", folder)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			source.Write(b)
		}
	}
	for _, name := range names {
		name, _, _ = strings.Cut(strings.Trim(name, "$"), "/")
		found := regexp.MustCompile(`(?m)^func (Test|Benchmark)\w*` + regexp.QuoteMeta(strings.TrimPrefix(name, "Test")))
		if name != "xxx" && name != "." && !found.MatchString(source.String()) {
			return fmt.Errorf("%s is no test in %s", name, strings.Join(folders, ", "))
		}
	}
	return nil
}
