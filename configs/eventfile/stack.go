package eventfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/dashboards"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/provision"
)

// StackSpec turns the event into what shapes the stack that provision writes:
// that of the distribution, or that of the alarms alone.
func StackSpec(e *configs.Event) (provision.Spec, error) {
	if c := e.Distribution.CloudFormation; c != nil && (AlarmStack(e) == c.StackName || AlarmStack(e) == "") {
		return DistributionSpec(e)
	}
	s := provision.Defaults()
	s.Event, s.StackName, s.AlarmsOnly, s.KeySecrets = e.Event, AlarmStack(e), true, KeySecrets(e)
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
	return e.Distribution.CloudFormation != nil || AlarmStack(e) != ""
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
	c := e.Distribution.CloudFormation
	origin, err := provision.ParseOrigin(e.Origin.URL.Reveal(), Reveal(e.Origin.Headers))
	if err != nil {
		return provision.Spec{}, err
	}
	s := provision.Spec{
		Event: e.Event, StackName: c.StackName, Region: c.Region, Comment: c.Comment, Tags: c.Tags, NotificationARNs: c.NotificationARNs,
		CreateTimeout: c.CreateTimeout, OnFailure: c.OnFailure, TerminationProtection: c.TerminationProtection, Grace: c.PropagationGrace,
		Origin: origin, Timeouts: provision.Timeouts(c.OriginTimeouts), OriginShield: c.OriginShield,
		PriceClass: c.PriceClass, ViewerProtocol: c.ViewerProtocol, Aliases: c.Aliases, CertificateARN: c.CertificateARN,
		WAFARN: c.WAFARN, CORSOrigins: c.CORSOrigins, AccessLogs: c.AccessLogs, TargetDuration: c.TargetDuration, LowLatency: c.LowLatency,
		UniqueSegmentNames: c.UniqueSegmentNames, QueryStrings: c.QueryStrings, SegmentQueries: c.SegmentQueries, AdditionalMetrics: c.AdditionalMetrics,
		RoleARN: c.RoleARN, Adopt: c.Adopt, KeySecrets: KeySecrets(e),
	}
	for i := range e.Streams {
		if m := e.Streams[i].Manifest; strings.HasPrefix(m.Reveal(), "/") {
			s.Manifests = append(s.Manifests, m.Reveal())
		}
	}
	if c.Failover != nil {
		o, err := provision.ParseOrigin(c.Failover.URL.Reveal(), Reveal(c.Failover.Headers))
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
			key, err := SmallFile(c.Signed.PublicKey)
			if err != nil {
				return s, &fileError{"distribution.cloudformation.signed.public_key", err}
			}
			s.Signed.PublicKey = string(key)
		}
	}
	if c.StackPolicy != "" {
		policy, err := SmallFile(c.StackPolicy)
		if err != nil {
			return s, &fileError{"distribution.cloudformation.stack_policy", err}
		}
		s.StackPolicy = policy
	}
	if c.Adopt && AlarmStack(e) != c.StackName {
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
	s.Metrics = provision.MetricUse{Count: dashboards.MetricCount(o), Puts: dashboards.PutsPerPeriod(o), Period: c.Period, Namespace: c.Namespace}
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
	var found []configs.Problem
	if c != nil && !c.Adopt && e.Alarms.StackName != "" && e.Alarms.StackName != c.StackName {
		found = append(found, configs.Problem{
			Path: "alarms.stack_name", Message: "alarms.stack_name: the alarms are in the distribution's stack " + c.StackName,
			Hint: "leave it out; it is for distributions that streamwatch does not make",
		})
	}
	if c != nil && c.Adopt && c.DeleteWhenDone {
		found = append(found, configs.Problem{
			Path: "distribution.cloudformation.delete_when_done", Message: "distribution.cloudformation.delete_when_done: an adopted stack is never deleted",
			Hint: "leave one of the two out: whoever deploys the stack deletes it",
		})
	}
	if c == nil && AlarmStack(e) == "" {
		return found
	}
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
	if m := e.Metrics.CloudWatch; m != nil && m.Region != spec.Region && spec.StackName == AlarmStack(e) {
		found = append(found, configs.Problem{
			Path: "metrics.cloudwatch.region", Message: fmt.Sprintf("metrics.cloudwatch.region is not %s, where the stack is: its alarms see no other metrics", spec.Region),
			Hint: "leave it out: it is the stack's by itself",
		})
	}
	problems := spec.Problems()
	if spec.StackName == AlarmStack(e) {
		problems = append(problems, provision.TopicProblems("alarms.notify", e.Alarms.Notify, spec.Region)...)
	}
	for _, one := range spec.Stacks() {
		if _, err := provision.Template(one); err != nil && len(problems) == 0 {
			problems = append(problems, provision.Problem{Path: "streams", Message: fmt.Sprintf("stack %s: %v", one.StackName, err)})
		}
	}
	return append(found, placed(problems)...)
}

// placed are problems of a stack as those of an event.
func placed(problems []provision.Problem) (list []configs.Problem) {
	for _, p := range problems {
		list = append(list, configs.Problem{Path: p.Path, Message: p.String(), Hint: p.Hint})
	}
	return list
}

// Located returns problems that AWS would have with an event, by their places in
// its file; nil where there are none.
func Located(e *configs.Event, path string, problems []provision.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return e.Locate(path, placed(problems))
}

// StackWarnings returns what AWS takes and what will surprise the user.
func StackWarnings(e *configs.Event) []provision.Problem {
	if e.Distribution.CloudFormation == nil {
		return nil
	}
	spec, err := DistributionSpec(e)
	if err != nil { // load said so
		return nil
	}
	return append(spec.Warnings(), signWarning(e)...)
}
