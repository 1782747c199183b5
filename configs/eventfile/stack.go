package eventfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision"
)

// StackSpec turns the event into what shapes the stack that provision writes:
// that of the distribution, or that of the alarms alone.
func StackSpec(e *configs.Event) (provision.Spec, error) {
	if c := e.Distribution.CloudFormation; c != nil && (e.AlarmStack() == c.StackName || e.AlarmStack() == "") {
		return DistributionSpec(e)
	}
	s := provision.Defaults()
	s.Event, s.StackName, s.AlarmsOnly, s.KeySecrets = e.Event, e.AlarmStack(), true, KeySecrets(e)
	s.AdditionalMetrics, s.Comment = false, ""
	if m := e.Metrics.CloudWatch; m != nil {
		s.Region = m.Region
	}
	if c := e.Distribution.CloudFormation; c != nil { // adopted
		s.RoleARN, s.Reads = c.RoleARN, []string{c.StackName}
	}
	return s, addMetrics(&s, e)
}

// HasStack reports whether the event has a stack, of its distribution or of its
// alarms alone.
func HasStack(e *configs.Event) bool {
	return e.Distribution.CloudFormation != nil || e.AlarmStack() != ""
}

// StackOf is StackSpec of the event of a file, which must have a stack.
func StackOf(e *configs.Event, path string) (provision.Spec, error) {
	if !HasStack(e) {
		return provision.Spec{}, probe.Usage(
			path+" has no stack: its distribution is not cloudformation, and it has no alarms over metrics.cloudwatch",
			"streamwatch run needs no provisioning for it",
		)
	}
	return StackSpec(e)
}

// MonitorPolicy returns the IAM policy that a monitor of the event needs. An event
// without a stack may need something too: it puts metrics, or reads the key that it
// signs with.
func MonitorPolicy(e *configs.Event) ([]byte, error) {
	spec, err := StackSpec(e)
	if err != nil {
		return nil, err
	}
	if !HasStack(e) {
		spec.Extra, spec.Beside = provision.Extra{}, nil
	}
	return provision.MonitorPolicy(spec)
}

// DistributionSpec turns the event into what shapes its distribution's stack. The
// files that it names are read; their paths are those of load.
func DistributionSpec(e *configs.Event) (provision.Spec, error) {
	c, s := e.Distribution.CloudFormation, e.Spec()
	s.KeySecrets = KeySecrets(e)
	if c.Signed != nil && c.Signed.PublicKey != "" {
		key, err := SmallFile(c.Signed.PublicKey)
		if err != nil {
			return s, unusable("distribution.cloudformation.signed.public_key", err)
		}
		s.Signed.PublicKey = string(key)
	}
	if c.StackPolicy != "" {
		policy, err := SmallFile(c.StackPolicy)
		if err != nil {
			return s, unusable("distribution.cloudformation.stack_policy", err)
		}
		s.StackPolicy = policy
	}
	if c.Adopt && e.AlarmStack() != c.StackName {
		return s, nil // its alarms are in a stack of their own
	}
	return s, addMetrics(&s, e)
}

// addMetrics adds what metrics.cloudwatch puts, and the alarms and the dashboard
// over it.
func addMetrics(s *provision.Spec, e *configs.Event) (err error) {
	c := e.Metrics.CloudWatch
	if c == nil {
		return nil
	}
	o := DashboardOptions(e)
	s.Metrics = provision.MetricUse{
		Count:     dashboards.MetricCount(o),
		Puts:      dashboards.PutsPerPeriod(o),
		Period:    c.Period,
		Namespace: c.Namespace,
	}
	if c.PerRendition && slices.ContainsFunc(e.Streams, func(st configs.Stream) bool { return st.Renditions.All }) {
		s.Metrics.Note = fmt.Sprintf("%d renditions where none is named", UnknownRenditions)
	}
	// All in one stack as long as that fits; else the alarms of the streams stand
	// in stacks beside it.
	if main, err := dashboards.Resources(o); err == nil {
		s.Extra = provision.Extra(main)
		_, tooLarge := provision.Template(*s)
		if _, ok := errors.AsType[*provision.SizeError](tooLarge); !ok {
			return nil
		}
	}
	main, beside, err := dashboards.Split(o, provision.MaxTemplate)
	if err != nil {
		return rule.Problems{{Path: "metrics.cloudwatch", Message: "metrics.cloudwatch: " + err.Error()}}
	}
	s.Extra = provision.Extra(main)
	for _, part := range beside {
		s.Beside = append(s.Beside, provision.Extra(part))
	}
	return nil
}

// unusable is the problem of a file that the event names at path.
func unusable(path string, err error) error {
	return rule.Problems{
		{Path: path, Message: path + ": " + err.Error(), Hint: "the path counts from the event file's folder"},
	}
}

// maxFileBytes bounds a policy or a key.
const maxFileBytes = 64 << 10

// SmallFile reads a key or a policy.
func SmallFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFileBytes))
}

// stackProblems returns what AWS would refuse, by path in event.yaml. Every
// template is rendered: what is valid can be provisioned.
func stackProblems(e *configs.Event) []configs.Problem {
	c := e.Distribution.CloudFormation
	if c == nil && e.AlarmStack() == "" {
		return nil
	}
	var found []configs.Problem
	specs := []func(*configs.Event) (provision.Spec, error){StackSpec}
	if c != nil && c.Adopt {
		specs = append(specs, DistributionSpec)
	}
	for _, of := range specs {
		found = append(found, specProblems(e, of)...)
	}
	return found
}

func specProblems(e *configs.Event, of func(*configs.Event) (provision.Spec, error)) []configs.Problem {
	spec, err := of(e)
	if wrong, ok := errors.AsType[rule.Problems](err); ok {
		return wrong
	}
	problems := spec.Problems()
	for _, one := range spec.Stacks() {
		if _, err := provision.Template(one); err != nil && len(problems) == 0 {
			problems = append(
				problems,
				configs.Problem{Path: "streams", Message: fmt.Sprintf("streams: stack %s: %v", one.StackName, err)},
			)
		}
	}
	return problems
}

// StackWarnings returns what AWS takes and what will surprise the user.
func StackWarnings(e *configs.Event) []configs.Problem {
	if e.Distribution.CloudFormation == nil {
		return nil
	}
	spec, err := DistributionSpec(e)
	if err != nil { // load said so
		return nil
	}
	return append(spec.Warnings(), signWarning(e)...)
}
