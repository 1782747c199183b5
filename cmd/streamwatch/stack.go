package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/provision"
)

// stackSpec turns the event into what shapes its stack. The files that it names
// are read; their paths are those of load.
func stackSpec(e *configs.Event) (provision.Spec, error) {
	c := e.Distribution.CloudFormation
	origin, err := provision.ParseOrigin(e.Origin.URL.Reveal(), reveal(e.Origin.Headers))
	if err != nil {
		return provision.Spec{}, err
	}
	s := provision.Spec{
		Event: e.Event, StackName: c.StackName, Region: c.Region, Comment: c.Comment, Tags: c.Tags, NotificationARNs: c.NotificationARNs,
		CreateTimeout: c.CreateTimeout, OnFailure: c.OnFailure, TerminationProtection: c.TerminationProtection, Grace: c.PropagationGrace,
		Origin: origin, Timeouts: provision.Timeouts(c.OriginTimeouts), OriginShield: c.OriginShield,
		PriceClass: c.PriceClass, ViewerProtocol: c.ViewerProtocol, Aliases: c.Aliases, CertificateARN: c.CertificateARN,
		WAFARN: c.WAFARN, CORSOrigins: c.CORSOrigins, AccessLogs: c.AccessLogs, TargetDuration: c.TargetDuration, LowLatency: c.LowLatency,
		UniqueSegmentNames: c.UniqueSegmentNames, QueryStrings: c.QueryStrings, AdditionalMetrics: c.AdditionalMetrics,
	}
	for i := range e.Streams {
		if m := e.Streams[i].Manifest; strings.HasPrefix(m.Reveal(), "/") {
			s.Manifests = append(s.Manifests, m.Reveal())
		}
	}
	if c.Failover != nil {
		o, err := provision.ParseOrigin(c.Failover.URL.Reveal(), reveal(c.Failover.Headers))
		if err != nil {
			return s, err
		}
		s.Failover = &o
	}
	if c.Geo != nil {
		s.GeoAllow, s.GeoBlock = c.Geo.Allow, c.Geo.Block
	}
	if c.Signed != nil {
		s.Signed.KeyGroup = c.Signed.KeyGroup
		if c.Signed.PublicKey != "" {
			key, err := smallFile(c.Signed.PublicKey)
			if err != nil {
				return s, &fileError{"distribution.cloudformation.signed.public_key", err}
			}
			s.Signed.PublicKey = string(key)
		}
	}
	if c.StackPolicy != "" {
		policy, err := smallFile(c.StackPolicy)
		if err == nil && !json.Valid(policy) {
			err = fmt.Errorf("%s is not JSON", c.StackPolicy)
		}
		if err != nil {
			return s, &fileError{"distribution.cloudformation.stack_policy", err}
		}
		s.StackPolicy = policy
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
	o := dashboardOptions(e)
	s.Metrics = provision.MetricUse{Count: dashboards.MetricCount(o), Puts: dashboards.PutsPerPeriod(o), Period: c.Period, Namespace: c.Namespace}
	if c.PerRendition && slices.ContainsFunc(e.Streams, func(st configs.Stream) bool { return st.Renditions.All }) {
		s.Metrics.Note = fmt.Sprintf("%d renditions where none is named", unknownRenditions)
	}
	if s.Extra.Resources, s.Extra.Outputs, err = dashboards.Resources(o); err != nil {
		return &limitError{err}
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

// stackProblems returns what AWS would refuse, by path in event.yaml.
func stackProblems(e *configs.Event) []configs.Problem {
	if e.Distribution.CloudFormation == nil {
		return nil
	}
	spec, err := stackSpec(e)
	if file, ok := errors.AsType[*fileError](err); ok {
		return []configs.Problem{{Path: file.path, Message: file.Error(), Hint: "the path counts from the event file's folder"}}
	}
	if limit, ok := errors.AsType[*limitError](err); ok {
		return []configs.Problem{{Path: "metrics.cloudwatch", Message: "metrics.cloudwatch: " + limit.Error()}}
	}
	if err != nil {
		return []configs.Problem{{Path: "origin.url", Message: err.Error()}}
	}
	var found []configs.Problem
	if m := e.Metrics.CloudWatch; m != nil && m.Region != spec.Region {
		found = append(found, configs.Problem{
			Path: "metrics.cloudwatch.region", Message: fmt.Sprintf("metrics.cloudwatch.region is not %s, where the stack is: its alarms see no other metrics", spec.Region),
			Hint: "leave it out: it is the stack's by itself",
		})
	}
	for _, p := range spec.Problems() {
		found = append(found, configs.Problem{Path: p.Path, Message: p.String(), Hint: p.Hint})
	}
	return found
}

// existingEdge returns the edge's base URL of an event without making anything:
// of a stack only when it is there and as the file says.
func (c *cli) existingEdge(ctx context.Context, e *configs.Event) (string, error) {
	switch d := &e.Distribution; {
	case d.Existing != nil:
		return strings.TrimRight(d.Existing.URL.Reveal(), "/"), nil
	case d.Local != nil:
		return "http://" + d.Local.Listen, nil
	}
	spec, err := stackSpec(e)
	if err != nil {
		return "", err
	}
	stack, err := provision.NewStack(ctx, spec)
	if err != nil {
		return "", err
	}
	plan, err := stack.Plan(ctx)
	if err != nil {
		return "", err
	}
	if plan.Operation != "none" {
		return "", &failure{fmt.Errorf("stack %q is not there, or not as the event file says", spec.StackName), "run streamwatch provision EVENT.yaml first"}
	}
	dist, err := stack.Provision(ctx, nil)
	return dist.EdgeURL, err
}
