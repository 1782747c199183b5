package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// alarmedEvent is an event with alarms; %s are more keys of its distribution.
const alarmedEvent = stackEvent +
	"monitor: {listen: \"\"}\nmetrics: {cloudwatch: {period: 5s}}\nalarms: {email: [ops@example.com]}\n"

// alarmed is an account with a stack of alarms, all of which are switched off.
func alarmed(t *testing.T) *account {
	t.Helper()
	a := newAccount(t)
	a.cloud.Domain = "edge.invalid"
	for _, kind := range []string{
		"CloudWatch::Alarm", "CloudWatch::CompositeAlarm", "CloudWatch::Dashboard", "SNS::Topic",
	} {
		a.cloud.Took["AWS::"+kind] = 10 * time.Millisecond
	}
	for _, proxy := range []string{"HTTP_PROXY", "HTTPS_PROXY"} { // there is no stream: it is about the alarms
		a.set(proxy, "http://127.0.0.1:1")
	}
	a.write("event.yaml", fmt.Sprintf(alarmedEvent, ""))
	a.want(0, "provision", "event.yaml")
	return a
}

// row is one line of the table: what happened, and how the alarms were switched
// meanwhile.
func (a *account) row(table *strings.Builder, what string) {
	all := a.cloud.Switched()
	fmt.Fprintf(table, "%-56s", what)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		var states []string
		for _, on := range all[name] {
			states = append(states, report.OnOff(on))
		}
		if slices.Equal(states, []string{"off", "on", "on"}) {
			states = states[:2]
		}
		fmt.Fprintf(table, "  %s %-12s", strings.TrimPrefix(name, "LiveHTTPStreaming-"), strings.Join(states, "→"))
	}
	fmt.Fprintf(table, "\n")
}

// until waits for the alarms that must wake people to be on, or off.
func (a *account) until(on bool) {
	a.t.Helper()
	for end := time.Now().Add(proctest.Patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		armed := a.cloud.Armed()
		if len(armed) == 3 && !slices.ContainsFunc(slices.Collect(maps.Values(armed)),
			func(is bool) bool { return is != on }) {
			return
		}
	}
	a.t.Errorf("after %s the alarms are not %s: %v", proctest.Patience, report.OnOff(on), a.cloud.Armed())
}

// monitor starts a run with an output folder of its own.
func (a *account) monitor(output string, args ...string) *exec.Cmd {
	a.t.Helper()
	a.write(output+".yaml", fmt.Sprintf(alarmedEvent, "")+"output: "+output+"\n")
	cmd, _ := a.command(context.WithoutCancel(a.t.Context()), append([]string{"run", output + ".yaml"}, args...)...)
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd
}

func (a *account) end(cmd *exec.Cmd, signal os.Signal) {
	a.t.Helper()
	if err := cmd.Process.Signal(signal); err != nil {
		a.t.Error(err)
	}
	_ = cmd.Wait() // SIGKILL is an error
}

// TestArmed writes down which alarms are switched on over time: whatever anybody
// does to the stack, and however monitors end, they are on while one watches and
// until the event is over.
func TestArmed(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	a := alarmed(t)
	a.row(&table, "stack made by provision")
	first := a.monitor("one")
	a.until(true)
	a.row(&table, "a monitor watches")
	a.write("event.yaml", strings.Replace(fmt.Sprintf(alarmedEvent, ""), "period: 5s", "period: 20s", 1))
	a.want(0, "provision", "event.yaml")
	a.until(true)
	a.row(&table, "an update rewrites the alarms; a period later")
	a.cloud.Disarm("LiveHTTPStreaming-heartbeat")
	a.until(true)
	a.row(&table, "somebody switches one off by hand; a period later")
	a.end(first, syscall.SIGTERM)
	a.row(&table, "SIGTERM: a reboot is no end of an event")
	first, second := a.monitor("one"), a.monitor("two", "--for", "8s")
	_ = second.Wait()
	a.row(&table, "two monitors watch, and the time of one is up")
	second = a.monitor("two")
	time.Sleep(6 * time.Second)
	a.end(second, syscall.SIGKILL)
	a.end(first, os.Interrupt)
	a.row(&table, "one of two is killed, ctrl-C to the other")
	a.want(0, "alarms", "off", "event.yaml")
	a.row(&table, "streamwatch alarms off")
	second = a.monitor("two", "--for", "8s")
	a.until(true)
	a.row(&table, "the killed one starts again, with --for")
	_ = second.Wait()
	a.row(&table, "its time is up, and nobody else watches")
	compare(t, "testdata/armed.txt", table.String())
	if t.Failed() {
		t.Log(a.seen.String())
	}
}

// A template that a pipeline deployed has its alarms switched on by whoever
// watches, and a refusal to switch them does not end the watch.
func TestArmedByPipeline(t *testing.T) {
	t.Parallel()
	a := alarmed(t)
	a.write("event.yaml", fmt.Sprintf(alarmedEvent, ", adopt: true"))
	a.set("AWS_ACCESS_KEY_ID", "AKIDPIPELINE")
	since := len(a.cloud.Calls())
	cmd, out := a.command(t.Context(), "run", "event.yaml", "--for", "15s")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.until(true)
	a.note(cmd, out, cmd.Wait())
	for _, c := range a.cloud.Calls()[since:] {
		if strings.HasPrefix(c.Action, "Create") || strings.HasPrefix(c.Action, "Update") ||
			strings.HasPrefix(c.Action, "Set") {
			t.Errorf("%s was called on an adopted stack", c.Action)
		}
	}
	a.cloud.Refuse(9, "EnableAlarmActions", "AccessDenied", "no")
	a.want(0, "run", "event.yaml", "--for", "5s")
	if !strings.Contains(a.seen.String(), "alarms wake nobody yet") {
		t.Errorf("nobody says that alarms stay off:\n%s", a.seen.String())
	}
	if a.cloud.Samples()["StreamWatch/MonitorHeartbeat Event=autumn-concert"] == 0 {
		t.Error("no heartbeat")
	}
}

// The printed monitor policy is all that run needs, with alarms that it switches,
// a stack that it compares and a topic whose subscriptions it reads; and what
// streamwatch check and embed do changes nothing.
func TestRunWithMonitorPolicy(t *testing.T) {
	t.Parallel()
	a := alarmed(t)
	cmd, _ := a.command(t.Context(), "provision", "event.yaml", "--print", "monitor-policy")
	cmd.Stdout = nil
	policy, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	a.cloud.Allow(policy)
	a.cloud.Protect("LiveHTTPStreaming", true,
		`{"Statement":[{"Effect":"Deny","Principal":"*","Action":"Update:*","Resource":"*"}]}`)
	since := len(a.cloud.Calls())
	a.seen.Reset()
	a.want(0, "run", "event.yaml", "--for", "8s")
	a.want(0, "embed", "event.yaml")
	a.run("check", "event.yaml", "--for", "1s") // nothing can be reached: what it says of that is not the point
	seen := a.seen.String()
	if strings.Contains(seen, "not authorized") ||
		!strings.Contains(seen, "link in the e-mail from AWS was not followed") {
		t.Errorf("seen:\n%s", seen)
	}
	if on := a.cloud.Switched()["LiveHTTPStreaming-heartbeat"]; !slices.Contains(on, true) {
		t.Errorf("the alarms were never on: %v", on)
	}
	if protected, policy := a.cloud.Guards("LiveHTTPStreaming"); !protected || !strings.Contains(policy, "Deny") {
		t.Errorf("guards of an administrator were touched: %v %s", protected, policy)
	}
	for _, c := range a.cloud.Calls()[since:] {
		if c.Form != nil && !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") &&
			!strings.HasPrefix(c.Action, "List") {
			t.Errorf("%s was called", c.Action)
		}
	}
	a.cloud.Confirm("ops@example.com")
	a.seen.Reset()
	a.want(0, "run", "event.yaml", "--for", "3s")
	if strings.Contains(a.seen.String(), "was not followed") {
		t.Errorf("a confirmed address is complained about:\n%s", a.seen.String())
	}
}

// A monitor that has seen its stack once starts without the API, and one that has
// not says what it lacks.
func TestRunWithoutAPI(t *testing.T) {
	t.Parallel()
	a := alarmed(t)
	a.want(0, "run", "event.yaml", "--for", "1s")
	a.set("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // nobody listens
	a.seen.Reset()
	a.want(0, "run", "event.yaml", "--for", "1s")
	a.want(0, "embed", "event.yaml")
	seen := a.seen.String()
	if !strings.Contains(seen, "watching the distribution as it was last known") ||
		!strings.Contains(seen, "going on with https://edge.invalid") {
		t.Errorf("seen:\n%s", seen)
	}
}

// Before the event starts, and while all of it is in maintenance, the heartbeat is
// armed, so that a dead monitor is told of; what viewers are answered then is not.
func TestArmedWhileWaiting(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"waiting":     "starts: " + time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
		"maintenance": "maintenance: [{from: 2020-01-01T00:00:00Z, to: 2100-01-01T00:00:00Z, reason: all of it}]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := alarmed(t)
			a.write("event.yaml", fmt.Sprintf(alarmedEvent, "")+keys+"\n")
			a.cloud.Switched()
			a.want(0, "run", "event.yaml", "--for", "7s")
			for name, on := range a.cloud.Switched() {
				if want := name != "LiveHTTPStreaming-cloudfront-5xx"; slices.Contains(on, true) != want {
					t.Errorf("%s: %v, want it on at some time: %v", name, on, want)
				}
			}
		})
	}
}
