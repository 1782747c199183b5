package deploy

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/configs/eventfile"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/fetch"
	"github.com/streamwatch/streamwatch/probe/logmask"
	"github.com/streamwatch/streamwatch/probe/monitor"
	"github.com/streamwatch/streamwatch/provision"
	"github.com/streamwatch/streamwatch/provision/edge"
)

// Launch brings up what one event needs before it is watched.
type Launch struct {
	Account  *Account
	Event    *configs.Event
	Folder   string                         // the event's, where the distribution is remembered
	Update   bool                           // bring a stack that exists to the event file
	Cache    func(edge.Config) http.Handler // that a local edge is, such as a broken one; nil is edge.New
	Progress func() (show provision.Progress, end func())
	Say      func(what, value string) // tells people on the terminal
	Log      *zap.Logger
}

// Found is an event's distribution once it is there.
type Found struct {
	provision.Distribution
	Alarms provision.Distribution      // the stack of alarms alone; empty where there is none
	Signer fetch.Signer                // of requests to the edge; nil signs none
	Edges  []monitor.Edge              // further ones, with what signs the requests to them
	Serve  func(context.Context) error // serves the edge; nil where others do

	// Keep are files of the event's folder, by name, that are written again when
	// somebody deletes the folder.
	Keep map[string]string
	// Pending returns the addresses that have not confirmed the e-mails of the
	// alarms' topic; nil asks nobody.
	Pending func(context.Context) ([]string, error)
}

// Up brings the event's distribution into being, or finds it. What can fail by a
// mistake in the event fails before anything is made.
func (l *Launch) Up(ctx context.Context) (*Found, error) {
	key, err := l.Account.PrivateKey(ctx, l.Event)
	if err != nil {
		return nil, err
	}
	up := &Found{}
	if up.Edges, err = l.Account.Edges(ctx, l.Event); err != nil {
		return nil, err
	}
	if err := l.distribution(ctx, up); err != nil {
		return nil, err
	}
	if c := l.Event.Distribution.CloudFormation; c == nil || c.Adopt && l.Event.AlarmStack() != c.StackName {
		l.alarms(ctx, up)
	}
	if up.Signer, err = eventfile.NewSigner(l.Event, up.Distribution, key); err != nil {
		return nil, err
	}
	up.Pending = l.pending(ctx, up)
	return up, nil
}

// distribution finds the event's distribution, or makes it where there is none.
// One that exists is changed only when the user asked for an update.
func (l *Launch) distribution(ctx context.Context, up *Found) error {
	provider, err := l.provider(ctx)
	if err != nil {
		return err
	}
	stack, ok := provider.(*provision.Stack)
	if !ok {
		if local, ok := provider.(*provision.Local); ok {
			up.Serve = local.Run
		}
		up.Distribution, err = provider.Provision(ctx, nil)
		return err
	}
	c := l.Event.Distribution.CloudFormation
	before := remembered(l.Folder, c)
	if before.Edge != "" {
		look, cancel := context.WithTimeout(ctx, findDeadline)
		_, err = stack.Find(look)
		cancel()
		if err != nil && !errors.Is(err, provision.ErrAbsent) && ctx.Err() == nil {
			up.Distribution = provision.Distribution{EdgeURL: before.Edge, Outputs: before.Outputs}
			l.Log.Error("CloudFormation cannot be asked: watching the distribution as it was last known",
				zap.String("edge", before.Edge), zap.Error(err), logmask.Given("hint", probe.HintOf(err)))
			return nil
		}
	}
	show, end := l.Progress()
	made := false
	up.Distribution, err = stack.Provision(ctx, func(e provision.Event) {
		made = made || e.Status == "CREATE_COMPLETE"
		show(e)
	})
	end()
	if err != nil {
		if up.EdgeURL == "" {
			return Resumable(ctx, err, "the same command")
		}
		l.Log.Error("watching the distribution as it was", zap.Error(err), logmask.Given("hint", probe.HintOf(err)))
	}
	note := remember(l.Folder, known{c.StackName, c.Region, up.EdgeURL, up.Outputs}, l.Log)
	up.Keep = map[string]string{knownFile: note}
	if err == nil && !l.Update && !made { // what was just made is as the file says
		l.differences(ctx, stack)
	}
	return nil
}

// alarms makes the stack of alarms of a distribution that is not ours.
// The stream is watched without it too.
func (l *Launch) alarms(ctx context.Context, up *Found) {
	if l.Event.AlarmStack() == "" {
		return
	}
	stack, err := l.stack(ctx, eventfile.StackSpec)
	if err == nil {
		show, end := l.Progress()
		up.Alarms, err = stack.Provision(ctx, show)
		end()
	}
	if err != nil {
		l.Log.Error("the stack of alarms cannot be looked after", zap.Error(err), logmask.Given("hint", probe.HintOf(err)))
		return
	}
	if !l.Update {
		l.differences(ctx, stack)
	}
}

// stack returns the stack that one of the event's specs describes.
func (l *Launch) stack(ctx context.Context, of func(*configs.Event) (provision.Spec, error)) (*provision.Stack, error) {
	spec, err := of(l.Event)
	if err != nil {
		return nil, err
	}
	stack, err := l.Account.Stack(ctx, spec)
	if err == nil {
		stack.Keep = !l.Update
	}
	return stack, err
}

// differences says what a stack that was left alone has otherwise than the file.
func (l *Launch) differences(ctx context.Context, stack *provision.Stack) {
	ctx, cancel := context.WithTimeout(ctx, compareDeadline)
	defer cancel()
	plan, err := stack.Differences(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		l.Log.Info("the stack was not compared with the event file", zap.Error(err))
	case plan.Differs():
		l.Say(
			"stack",
			"not as the event file says, and left as it is; run --update, or streamwatch provision, would change:",
		)
		for _, line := range plan.Lines() {
			l.Say("", line)
		}
	}
}

// topicOutput is the output of a stack that names the topic of its alarms.
const topicOutput = "AlertTopicArn"

// pending returns what asks who has not confirmed the e-mails of AWS; nil where
// the stack has no topic.
func (l *Launch) pending(ctx context.Context, up *Found) func(context.Context) ([]string, error) {
	topic := cmp.Or(up.Outputs[topicOutput], up.Alarms.Outputs[topicOutput])
	if topic == "" {
		return nil
	}
	stack, err := l.stack(ctx, eventfile.StackSpec)
	if err != nil {
		return nil
	}
	return func(ctx context.Context) ([]string, error) { return stack.PendingEmails(ctx, topic) }
}

// provider returns what brings the event's distribution into being.
func (l *Launch) provider(ctx context.Context) (provision.Provider, error) {
	switch d := &l.Event.Distribution; {
	case d.Existing != nil:
		return provision.Existing{URL: d.Existing.URL.Reveal()}, nil
	case d.Local != nil:
		return Local(l.Event, l.Cache)
	default:
		return l.stack(ctx, eventfile.DistributionSpec)
	}
}

// Local returns the edge of an event whose distribution is local. It is what cache
// makes of its options; nil is edge.New.
func Local(e *configs.Event, cache func(edge.Config) http.Handler) (*provision.Local, error) {
	origin, err := url.Parse(e.Origin.URL.Reveal())
	if err != nil {
		return nil, errors.New("reading origin.url")
	}
	headers := http.Header{}
	for name, value := range e.Origin.Headers {
		headers.Set(name, value.Reveal())
	}
	config := edge.Config{Origin: origin, Headers: headers}
	if cache == nil {
		return provision.NewLocal(e.Distribution.Local.Listen, edge.New(config)), nil
	}
	return provision.NewLocal(e.Distribution.Local.Listen, cache(config)), nil
}
