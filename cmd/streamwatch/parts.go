package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/provision"
)

// parts are what `provision --print` shows.
func parts() []string {
	return []string{"template", "parameters", "terraform", "policy", "monitor-policy", "role-policy", "cost", "dashboard", "grafana", "rules"}
}

// printPart prints one part of what the event's stack is made of, offline.
func (c *cli) printPart(event *configs.Event, spec provision.Spec, f provisionFlags) error {
	if err := oneOf("print", f.what, parts()...); err != nil {
		return err
	}
	one, err := chosen(spec, f)
	if err != nil {
		return err
	}
	var text []byte
	switch f.what {
	case "template":
		text, err = provision.Template(one)
		c.others(spec, f.stack)
	case "parameters":
		var secret []string
		text, secret, err = provision.Parameters(one)
		for _, name := range secret {
			fmt.Fprintf(c.stderr, "streamwatch: %s is a secret and not printed: add it from where the pipeline keeps its secrets\n", name)
		}
	case "terraform":
		text, err = provision.Terraform(spec)
	case "policy":
		text, err = provision.ProvisionPolicy(spec)
	case "role-policy":
		text, err = provision.RolePolicy(spec)
	case "cost":
		return c.cost(event, spec)
	case "dashboard":
		text, err = dashboardBody(event, spec)
	}
	return c.printText(text, err)
}

// chosen returns the stack that --stack names.
func chosen(spec provision.Spec, f provisionFlags) (provision.Spec, error) {
	if f.stack == "" {
		return spec, nil
	}
	var names []string
	for _, one := range spec.Stacks() {
		if one.StackName == f.stack {
			return one, nil
		}
		names = append(names, one.StackName)
	}
	return spec, probe.Usage(fmt.Sprintf("--stack %q is not among the event's stacks", f.stack), "one of "+strings.Join(names, ", "))
}

// others says which stacks must be deployed before the one that is printed.
func (c *cli) others(spec provision.Spec, stack string) {
	if len(spec.Beside) == 0 || stack != "" && stack != spec.StackName {
		return
	}
	fmt.Fprintf(c.stderr, "streamwatch: deploy %s first (--stack NAME prints one): the alarms in them are those that this stack's alarms are over\n",
		fmt.Sprintf("%s to %s", provision.BesideName(spec.StackName, 1), provision.BesideName(spec.StackName, len(spec.Beside))))
}

// dashboardBody takes the dashboard out of the template that has it. An event
// that puts nothing to CloudWatch has none; what it would look like is printed.
func dashboardBody(event *configs.Event, spec provision.Spec) ([]byte, error) {
	text, made := spec.Extra.Resources["Dashboard"]
	if !made {
		return dashboards.Dashboard(eventfile.DashboardOptions(event))
	}
	var r struct {
		Properties struct {
			DashboardBody struct {
				Sub string `json:"Fn::Sub"`
			}
		}
	}
	err := json.Unmarshal(text, &r)
	return []byte(r.Properties.DashboardBody.Sub), err
}

var bits = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([kKmM]?)$`)

// audience reads for how many viewers traffic is reckoned.
func audience(f provisionFlags) (viewers int, bitsPerSecond float64, err error) {
	m := bits.FindStringSubmatch(f.bitrate)
	if m == nil {
		return 0, 0, probe.Usage(fmt.Sprintf("--bitrate %q is none", f.bitrate), "bits per second, such as 800k or 4M")
	}
	if f.viewers < 0 {
		return 0, 0, probe.Usage(fmt.Sprintf("--viewers %d", f.viewers), "how many watch at the same time, such as 5000")
	}
	rate, err := strconv.ParseFloat(m[1], 64)
	switch strings.ToLower(m[2]) {
	case "k":
		rate *= 1e3
	case "m":
		rate *= 1e6
	}
	return f.viewers, rate, err
}

// usualEvent is how long an event is taken to be that does not say so.
const usualEvent = 8 * time.Hour

// cost shows what AWS charges, by line: for a month, and for the event.
func (c *cli) cost(event *configs.Event, spec provision.Spec) error {
	length := usualEvent
	if !event.Starts.IsZero() && !event.Ends.IsZero() {
		length = event.Ends.Sub(event.Starts)
	}
	rows := [][]string{{"ITEM", "QUANTITY", "USD/MONTH", fmt.Sprintf("USD/%.3gH", length.Hours()), "NOTE"}}
	month, once := 0.0, 0.0
	for _, l := range provision.Cost(spec) {
		row := []string{l.Item, "-", "-", "-", l.Note}
		if l.Price > 0 {
			row[1], row[2], row[3] = strconv.FormatFloat(l.Quantity, 'f', -1, 64), fmt.Sprintf("%.2f", l.Month()), fmt.Sprintf("%.2f", l.Event(length))
			month, once = month+l.Month(), once+l.Event(length)
		}
		rows = append(rows, row)
	}
	rows = append(rows, []string{"total", "", fmt.Sprintf("%.2f", month), fmt.Sprintf("%.2f", once), "list prices of us-east-1"})
	return report.Table(c.stdout, c.paint(), rows)
}
