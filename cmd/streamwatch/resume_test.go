package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestKilled kills the binary in the middle of an operation, and runs the same
// command again: it takes the operation up. Nothing is orphaned or doubled.
func TestKilled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(*account)
		args   []string
		action string // that must arrive once
		alive  bool   // at the end
	}{
		"create": {nil, []string{"provision", "event.yaml"}, "CreateStack", true},
		"update": {func(a *account) {
			a.want(0, "provision", "event.yaml")
			a.event(", price_class: PriceClass_100")
		}, []string{"provision", "event.yaml"}, "ExecuteChangeSet", true},
		"delete": {
			func(a *account) { a.want(0, "provision", "event.yaml") },
			[]string{"delete", "event.yaml", "--yes"},
			"DeleteStack", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			if c.before != nil {
				c.before(a)
			}
			a.interrupt(c.action, syscall.SIGKILL, c.args...)
			a.want(0, c.args...)
			if n := a.count(c.action); n != 1 {
				t.Errorf("%s arrived %d times", c.action, n)
			}
			if alive := a.cloud.Alive(); len(alive) > 0 != c.alive || len(slices.Compact(slices.Clone(alive))) != len(alive) {
				t.Errorf("alive: %v, want one of each: %v", alive, c.alive)
			}
			if n := a.cloud.ChangeSets(); n > 0 {
				t.Errorf("%d change sets are left", n)
			}
			if out := a.seen.String(); !strings.Contains(out, "_COMPLETE") {
				t.Errorf("the second run did not follow the operation:\n%s", out)
			}
		})
	}
}

// untilStopped is what a first poll that comes late shows of the operation.
var untilStopped = regexp.MustCompile(`(?s)( User Initiated\n).*?(streamwatch: stopped watching)`)

// TestInterrupted presses ctrl-C: the operation goes on, and the message says
// how to follow it.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"interrupt-create": {"provision", "event.yaml"},
		"interrupt-delete": {"delete", "event.yaml", "--yes"},
		"interrupt-run":    {"run", "event.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			action := "CreateStack"
			if args[0] == "delete" {
				a.want(0, "provision", "event.yaml")
				a.seen.Reset()
				action = "DeleteStack"
			}
			if code := a.interrupt(action, os.Interrupt, args...); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if args[0] != "run" {
				a.want(0, args...)
			}
			if a.count("DeleteStack") > 0 && args[0] != "delete" {
				t.Error("deleted on an interrupt")
			}
			seen := untilStopped.ReplaceAllString(a.seen.String(), "$1$2")
			compare(t, filepath.Join("testdata", "stack", name+".txt"), seen)
		})
	}
}

// interrupt runs the binary, sends it a signal once an action has arrived at
// AWS, and writes down what a user sees. No secret is in the list of processes.
func (a *account) interrupt(action string, signal os.Signal, args ...string) int {
	a.t.Helper()
	cmd, out := a.command(a.t.Context(), args...)
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	// Into the middle of it: what the first poll finds is shown, and the second one is seconds away.
	a.await(action, func() bool { return a.count(action) > 0 && strings.Contains(out.String(), "_IN_PROGRESS") })
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
	for _, s := range secrets {
		if err == nil && strings.Contains(string(line), s) {
			a.t.Error("a secret is in the list of processes")
		}
	}
	if err := cmd.Process.Signal(signal); err != nil {
		a.t.Fatal(err)
	}
	return a.note(cmd, out, cmd.Wait())
}
