package main

import (
	"fmt"
	"os"
	"strings"
)

// runAgain starts again without CloudFormation and with another file, and has a
// colleague provision during a run: three transcripts. Only the colleague changes
// the stack.
func (a *account) runAgain(page string) (transcripts [3]string) {
	a.t.Helper()
	writes := func() (n int) {
		for _, c := range a.cloud.Calls() {
			if strings.HasPrefix(c.Action, "Create") || strings.HasPrefix(c.Action, "Execute") ||
				strings.HasPrefix(c.Action, "Set") || strings.HasPrefix(c.Action, "Update") {
				n++
			}
		}
		return n
	}
	before := writes()
	take := func(i int) {
		transcripts[i] = a.seen.String()
		a.seen.Reset()
	}
	a.cloud.Refuse(1, "DescribeStacks", "ExpiredToken", "The security token included in the request is expired")
	a.want(0, "run", "event.yaml", "--for", "4s")
	take(0)
	a.write("event.yaml", fmt.Sprintf(runEvent, "price_class: PriceClass_100, tags: {team: events}", page))
	a.want(0, "run", "event.yaml", "--for", "4s")
	take(1)
	if n := writes(); n != before {
		a.t.Errorf("a run changed a stack that exists: %d calls", n-before)
	}
	cmd, out := a.command(a.t.Context(), "run", "event.yaml", "--log-level", "error")
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.await("page", func() bool {
		_, err := getOnce(a.t.Context(), "http://"+page+"/readyz")
		return err == nil
	})
	a.want(0, "provision", "event.yaml")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		a.t.Fatal(err)
	}
	a.note(cmd, out, cmd.Wait())
	take(2)
	return transcripts
}

// runDoc is the page with the transcripts.
func runDoc(first, away, older, colleague string) string {
	const fence = "```"
	return "# From event.yaml to a watched event\n\n" +
		"What `streamwatch run` shows when nothing exists yet: the stack comes into being,\n" +
		"the embeds are written for its domain, the stream is watched until ctrl-C. Another\n" +
		"terminal asks for the verdicts meanwhile. A test writes this page from the built\n" +
		"program against a double of AWS, so times of the clock and ages are left out:\n" +
		"`go test ./cmd/streamwatch -run TestRunFromNothing -update`.\n\n" +
		fence + "yaml\n" + fmt.Sprintf(runEvent, "", "127.0.0.1:8090") + fence + "\n\n" +
		fence + "\n" + first + "\n" + fence + "\n\n" +
		"## Again, without CloudFormation\n\n" +
		"A monitor that restarts during an event must not depend on an API. Here the\n" +
		"credentials have expired. run says so and watches the distribution that it noted in\n" +
		"`streamwatch-out/autumn-concert/distribution.json` the last time.\n\n" +
		fence + "\n" + away + "\n" + fence + "\n\n" +
		"## Again, with another file\n\n" +
		"run never changes a stack that exists. With a file that asks for another price class\n" +
		"and a tag it prints what differs; `run --update` or `streamwatch provision` changes it.\n\n" +
		fence + "\n" + older + "\n" + fence + "\n\n" +
		"## A colleague provisions during a run\n\n" +
		"The run goes on. An update writes the stack's alarms anew, switched off; within a\n" +
		"period the monitor switches them on again ([the table of that](aws.md#armed)).\n\n" +
		fence + "\n" + colleague + "\n" + fence + "\n"
}
