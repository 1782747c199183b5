package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/drill"
)

// drillsAtOnce bounds the drills that are held side by side. Each waits most of
// the time.
const drillsAtOnce = 64

// defaultTarget is the target duration of the simulated stream.
const defaultTarget = 2 * time.Second

func (c *cli) drillCommand() *cobra.Command {
	var td time.Duration
	var format string
	cmd := &cobra.Command{
		Use:   "drill [FAULT...]",
		Short: "Break a simulated stream and require that it is found",
		Long: "Hold drills: inject each fault into a simulated stream and require the expected\n" +
			"incident, blame and delay. Without a FAULT all are held, several at a time, in\n" +
			"about half a minute. Exits 3 when one was missed, blamed wrong, late, or not alone,\n" +
			"and when a fault changed nothing that was served.\n\nFaults:\n\n" + faultList(),
		Example:           "  streamwatch drill\n  streamwatch drill stall stale-edge --format json",
		ValidArgsFunction: completeFaults,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			if td < time.Second || td > 10*time.Second || td%time.Second != 0 {
				return probe.Usage(fmt.Sprintf("--target-duration %s", td), "whole seconds from 1s to 10s")
			}
			drills := allDrills()
			var names []string
			for _, d := range drills {
				names = append(names, d.Fault)
			}
			if len(args) > 0 {
				drills = nil
			}
			for _, name := range args {
				d, ok := drill.Find(name)
				if !ok {
					return probe.Usage(fmt.Sprintf("unknown fault %q", name), cmp.Or(rule.DidYouMean(name, names), "streamwatch drill --help lists them"))
				}
				drills = append(drills, d)
			}
			return c.drill(cmd.Context(), drills, td, format)
		},
	}
	cmd.Flags().DurationVar(&td, "target-duration", defaultTarget, "of the simulated stream")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// allDrills are those of an event with one edge, then those of two.
func allDrills() []drill.Drill { return append(drill.All(), drill.OfEdges()...) }

func faultList() string {
	var b strings.Builder
	for _, d := range allDrills() {
		fmt.Fprintf(&b, "  %-19s %s\n", d.Fault, d.Doc())
	}
	return strings.TrimRight(b.String(), "\n")
}

func completeFaults(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, d := range allDrills() {
		names = append(names, d.Fault)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// drill holds the drills and shows them in their order.
func (c *cli) drill(ctx context.Context, drills []drill.Drill, td time.Duration, format string) error {
	outcomes := make([]drill.Outcome, len(drills))
	slots := make(chan struct{}, drillsAtOnce)
	var held sync.WaitGroup
	for i := range drills {
		held.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			outcomes[i] = drill.Run(ctx, drills[i], drill.Settings{TargetDuration: td})
		})
	}
	held.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("holding the drills: %w", ctx.Err())
	}
	rows := [][]string{{"FAULT", "RESULT", "EXPECTED", "BLAME", "WITHIN", "SEEN", "BLAME", "AFTER"}}
	all := make([]drillResult, 0, len(outcomes))
	failed := false
	for i := range outcomes {
		r := resultOf(&outcomes[i])
		failed = failed || r.Result != "found"
		all = append(all, r)
		rows = append(rows, r.row())
	}
	if format == "json" {
		enc := json.NewEncoder(c.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(all); err != nil {
			return fmt.Errorf("writing the table: %w", err)
		}
	} else if err := table(c.stdout, c.paint(), rows); err != nil {
		return err
	}
	if failed {
		return errFindings
	}
	return nil
}

// drillResult is one line of the table.
type drillResult struct {
	Fault    string   `json:"fault"`
	Result   string   `json:"result"` // found, missed, late, noisy, vacuous, or error
	Expected []string `json:"expected_checks"`
	Blames   []string `json:"expected_blames"`
	Within   float64  `json:"within_seconds"`
	Seen     string   `json:"seen_check,omitempty"`
	Blame    string   `json:"seen_blame,omitempty"`
	After    float64  `json:"after_seconds,omitempty"`
	Others   []string `json:"others,omitempty"` // incidents beside the expected one
}

func resultOf(o *drill.Outcome) drillResult {
	r := drillResult{Fault: o.Drill.Fault, Result: "found", Expected: o.Drill.Checks, Within: o.Allowance.Seconds()}
	for _, b := range o.Drill.Blame {
		r.Blames = append(r.Blames, string(b))
	}
	if in := o.Incident; in != nil {
		r.Seen, r.Blame, r.After = in.Check, string(in.Blame), o.Delay.Seconds()
	}
	for i := range o.Before {
		r.Others = append(r.Others, o.Before[i].Check)
	}
	for i := range o.Others {
		r.Others = append(r.Others, o.Others[i].Check)
	}
	switch {
	case o.Err != nil:
		r.Result = "error"
	case o.Changed == 0:
		r.Result = "vacuous" // the fault changed nothing that was served
	case o.Incident == nil:
		r.Result = "missed"
	case o.Delay > o.Allowance:
		r.Result = "late"
	case !o.OK():
		r.Result = "noisy"
	}
	return r
}

func (r *drillResult) row() []string {
	row := []string{r.Fault, r.Result, r.Expected[0], r.Blames[0], fmt.Sprintf("%.1fs", r.Within), "-", "-", "-"}
	if r.Seen != "" {
		row[5], row[6], row[7] = r.Seen, r.Blame, fmt.Sprintf("%.1fs", r.After)
	}
	if len(r.Others) > 0 {
		row[7] += " and " + strings.Join(r.Others, ", ")
	}
	return row
}
