package configs

import (
	"cmp"
	"strings"

	"github.com/streamwatch/streamwatch/configs/rule"
	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/provision"
)

// owners returns what those find wrong with the event who use its values:
// provision knows what AWS takes, and player what a page can hold.
func (e *Event) owners() []Problem {
	options := e.PlayerOptions()
	options.Title = e.Player.Title // the event's name has a rule of its own
	found := options.Problems()
	if e.Distribution.CloudFormation != nil {
		found = append(found, e.Spec().Problems()...)
	}
	return append(found, e.alarmProblems()...)
}

// alarmProblems is owners for the stack of the alarms and what goes into it.
func (e *Event) alarmProblems() []Problem {
	b, limits := &rule.Book{}, provision.Limits()
	name, region := e.Alarms.StackName, "" // of the stack; no region is not known
	c, m := e.Distribution.CloudFormation, e.Metrics.CloudWatch
	switch stack := e.AlarmStack(); {
	case stack != "" && (c == nil || stack != c.StackName): // one of its own
		region = m.Region
		b.Problems = provision.Spec{AlarmsOnly: true, StackName: cmp.Or(name, "streamwatch"), Region: region}.Problems()
	case stack != "":
		region = c.Region
		b.Require(m.Region == region, "metrics.cloudwatch.region",
			"is not "+region+", where the stack is: its alarms see no other metrics",
			"leave it out: it is the stack's by itself")
	case m != nil:
		b.Hold("metrics.cloudwatch.region", m.Region, limits["metrics.cloudwatch.region"])
	}
	if c != nil && !c.Adopt && name != "" {
		b.Require(name == c.StackName, "alarms.stack_name",
			"is not "+c.StackName+", the distribution's stack, where the alarms are",
			"leave it out; it is for distributions that streamwatch does not make")
	}
	return append(b.Problems, provision.TopicProblems("alarms.notify", e.Alarms.Notify, region)...)
}

// AlarmStack returns the name of the stack that holds the event's alarms: that of
// the distribution, or one of alarms alone where the distribution is not ours.
// It is "" where there are none.
func (e *Event) AlarmStack() string {
	if e.Metrics.CloudWatch == nil {
		return ""
	}
	if c := e.Distribution.CloudFormation; c != nil && (!c.Adopt || e.Alarms.StackName == "") {
		return c.StackName
	}
	if e.Alarms.StackName == "" && len(e.Alarms.Notify)+len(e.Alarms.Email) == 0 {
		return ""
	}
	return cmp.Or(e.Alarms.StackName, "streamwatch-"+e.Event)
}

// Spec returns what the event says of its distribution's stack, the zero Spec
// where it has none. What is in files, and what other packages add to the stack,
// is not in it.
func (e *Event) Spec() provision.Spec {
	c := e.Distribution.CloudFormation
	if c == nil {
		return provision.Spec{}
	}
	s := provision.Spec{
		Event: e.Event, StackName: c.StackName, Region: c.Region, RoleARN: c.RoleARN, Adopt: c.Adopt,
		Comment: c.Comment, Tags: c.Tags, NotificationARNs: c.NotificationARNs,
		CreateTimeout: c.CreateTimeout, OnFailure: c.OnFailure, Grace: c.PropagationGrace,
		TerminationProtection: c.TerminationProtection,

		Timeouts: provision.Timeouts(c.OriginTimeouts), OriginShield: c.OriginShield,
		PriceClass: c.PriceClass, ViewerProtocol: c.ViewerProtocol, Aliases: c.Aliases, CertificateARN: c.CertificateARN,
		WAFARN: c.WAFARN, CORSOrigins: c.CORSOrigins, AccessLogs: c.AccessLogs,

		TargetDuration: c.TargetDuration, LowLatency: c.LowLatency, UniqueSegmentNames: c.UniqueSegmentNames,
		QueryStrings: c.QueryStrings, SegmentQueries: c.SegmentQueries, AdditionalMetrics: c.AdditionalMetrics,
	}
	// An address that cannot be read is a problem of its own: see checkBase.
	s.Origin, _ = provision.ParseOrigin(e.Origin.URL.Reveal(), Reveal(e.Origin.Headers))
	if f := c.Failover; f != nil {
		second, _ := provision.ParseOrigin(f.URL.Reveal(), Reveal(f.Headers))
		s.Failover = &second
	}
	if c.Geo != nil {
		s.GeoAllow, s.GeoBlock = c.Geo.Allow, c.Geo.Block
	}
	if c.Signed != nil {
		s.Signed.KeyGroup = c.Signed.KeyGroup
	}
	for i := range e.Streams {
		if m := e.Streams[i].Manifest.Reveal(); strings.HasPrefix(m, "/") {
			s.Manifests = append(s.Manifests, m)
		}
	}
	return s
}

// PlayerOptions returns what the event says of its embeds.
func (e *Event) PlayerOptions() player.Options {
	p := &e.Player
	o := player.Options{
		Title: cmp.Or(p.Title, e.Event), Poster: p.Poster, Lang: p.Lang, Starts: e.Starts, Ends: e.Ends,
		Autoplay: p.Autoplay, Latency: p.Latency, TargetLatency: p.TargetLatency, DVR: p.DVR, CatchUp: p.CatchUp,
		Captions: p.Captions, Lazy: p.Lazy, PreferNative: p.PreferNative, Credentials: p.Credentials, CMCD: p.CMCD,
		Cast: p.Cast, DRM: p.DRM, Scripts: p.Scripts, Base: p.Base, Fallbacks: p.Fallback, Beacon: p.Beacon,
		FrameAncestors: p.FrameAncestors, AllowSigned: p.AllowSigned, AllowInsecure: p.AllowInsecure,
	}
	for _, k := range p.Kinds {
		o.Kinds = append(o.Kinds, player.Kind(k))
	}
	return o
}

// Reveal returns headers or cookies as they are sent.
func Reveal(headers map[string]Secret) map[string]string {
	out := map[string]string{}
	for name, value := range headers {
		out[name] = value.Reveal()
	}
	return out
}
