package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/provision"
)

// stackSpec turns the event into what shapes the stack that provision writes:
// that of the distribution, or that of the alarms alone.
func stackSpec(e *configs.Event) (provision.Spec, error) {
	if c := e.Distribution.CloudFormation; c != nil && (daemon.AlarmStack(e) == c.StackName || daemon.AlarmStack(e) == "") {
		return distributionSpec(e)
	}
	s := provision.Defaults()
	s.Event, s.StackName, s.AlarmsOnly, s.KeySecrets = e.Event, daemon.AlarmStack(e), true, keySecrets(e)
	s.AdditionalMetrics, s.Comment = false, ""
	if m := e.Metrics.CloudWatch; m != nil {
		s.Region = m.Region
	}
	if c := e.Distribution.CloudFormation; c != nil { // adopted
		s.RoleARN, s.Reads = c.RoleARN, []string{c.StackName}
	}
	return s, addMetrics(&s, e)
}

// distributionSpec turns the event into what shapes its distribution's stack. The
// files that it names are read; their paths are those of load.
func distributionSpec(e *configs.Event) (provision.Spec, error) {
	c, s := e.Distribution.CloudFormation, e.Spec()
	s.KeySecrets = keySecrets(e)
	if c.Signed != nil && c.Signed.PublicKey != "" {
		key, err := smallFile(c.Signed.PublicKey)
		if err != nil {
			return s, &fileError{"distribution.cloudformation.signed.public_key", err}
		}
		s.Signed.PublicKey = string(key)
	}
	if c.StackPolicy != "" {
		policy, err := smallFile(c.StackPolicy)
		if err != nil {
			return s, &fileError{"distribution.cloudformation.stack_policy", err}
		}
		s.StackPolicy = policy
	}
	if c.Adopt && daemon.AlarmStack(e) != c.StackName {
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
	o := daemon.DashboardOptions(e)
	s.Metrics = provision.MetricUse{Count: dashboards.MetricCount(o), Puts: dashboards.PutsPerPeriod(o), Period: c.Period, Namespace: c.Namespace}
	if c.PerRendition && slices.ContainsFunc(e.Streams, func(st configs.Stream) bool { return st.Renditions.All }) {
		s.Metrics.Note = fmt.Sprintf("%d renditions where none is named", daemon.UnknownRenditions)
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
		return &limitError{err}
	}
	s.Extra = provision.Extra(main)
	for _, part := range beside {
		s.Beside = append(s.Beside, provision.Extra(part))
	}
	return nil
}

// limitError is a limit of CloudWatch that the event exceeds.
type limitError struct{ error }

// fileError is a file that the event names and that cannot be used.
type fileError struct {
	path string // in event.yaml
	err  error
}

func (f *fileError) Error() string { return f.path + ": " + f.err.Error() }
func (f *fileError) Unwrap() error { return f.err }

// maxFileBytes bounds a policy or a key.
const maxFileBytes = 64 << 10

func smallFile(name string) ([]byte, error) {
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
	if c == nil && daemon.AlarmStack(e) == "" {
		return nil
	}
	var found []configs.Problem
	specs := []func(*configs.Event) (provision.Spec, error){stackSpec}
	if c != nil && c.Adopt {
		specs = append(specs, distributionSpec)
	}
	for _, of := range specs {
		found = append(found, specProblems(e, of)...)
	}
	return found
}

func specProblems(e *configs.Event, of func(*configs.Event) (provision.Spec, error)) []configs.Problem {
	spec, err := of(e)
	if file, ok := errors.AsType[*fileError](err); ok {
		return []configs.Problem{{Path: file.path, Message: file.Error(), Hint: "the path counts from the event file's folder"}}
	}
	if limit, ok := errors.AsType[*limitError](err); ok {
		return []configs.Problem{{Path: "metrics.cloudwatch", Message: "metrics.cloudwatch: " + limit.Error()}}
	}
	problems := spec.Problems()
	for _, one := range spec.Stacks() {
		if _, err := provision.Template(one); err != nil && len(problems) == 0 {
			problems = append(problems, configs.Problem{Path: "streams", Message: fmt.Sprintf("streams: stack %s: %v", one.StackName, err)})
		}
	}
	return problems
}

// stackWarnings returns what AWS takes and what will surprise the user.
func stackWarnings(e *configs.Event) []configs.Problem {
	if e.Distribution.CloudFormation == nil {
		return nil
	}
	spec, err := distributionSpec(e)
	if err != nil { // load said so
		return nil
	}
	return append(spec.Warnings(), signWarning(e)...)
}

// existingEdge returns the distribution of an event without making or changing
// anything: of a stack it needs no more than to read it.
func (c *cli) existingEdge(ctx context.Context, e *configs.Event) (provision.Distribution, error) {
	switch d := &e.Distribution; {
	case d.Existing != nil:
		return provision.Distribution{EdgeURL: strings.TrimRight(d.Existing.URL.Reveal(), "/")}, nil
	case d.Local != nil:
		return provision.Distribution{EdgeURL: "http://" + d.Local.Listen}, nil
	}
	spec, err := distributionSpec(e)
	if err != nil {
		return provision.Distribution{}, err
	}
	stack, err := c.newStack(ctx, spec)
	if err != nil {
		return provision.Distribution{}, err
	}
	before := remembered(filepath.Join(e.Output, e.Event), e.Distribution.CloudFormation)
	if before.Edge != "" {
		look, cancel := context.WithTimeout(ctx, findDeadline)
		defer cancel()
		ctx = look
	}
	dist, err := stack.Find(ctx)
	if err != nil && before.Edge != "" && !errors.Is(err, provision.ErrAbsent) {
		fmt.Fprintf(c.stderr, "streamwatch: %v\n  going on with %s, as it was last known\n", err, before.Edge)
		return provision.Distribution{EdgeURL: before.Edge, Outputs: before.Outputs}, nil
	}
	return dist, err
}
