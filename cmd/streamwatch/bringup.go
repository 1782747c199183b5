package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/daemon"
	"github.com/streamwatch/streamwatch/probe/sim"
	"github.com/streamwatch/streamwatch/provision"
)

// knownFile is where a run keeps the distribution that it found, below the
// event's folder: the next one can start without CloudFormation.
const knownFile = "distribution.json"

// Deadlines at the start of a run. Whoever restarts in the middle of an event
// wants to watch it, not to wait for an API.
const (
	findDeadline    = 10 * time.Second // of looking for the stack, where its domain is known
	compareDeadline = 20 * time.Second
)

// known is what a run remembers of a stack.
type known struct {
	Stack   string            `json:"stack"`
	Region  string            `json:"region"`
	Edge    string            `json:"edge"`
	Outputs map[string]string `json:"outputs"`
}

// session is one run of one event, for what only a person's command may do: make
// and change stacks, and talk on the terminal. The rest is a daemon's.
type session struct {
	c      *cli
	event  *configs.Event
	log    *zap.Logger
	board  *sim.Board // only in the demo: the edge shows its faults too
	update bool       // bring a stack that exists to the event file

	edge    *provision.Local // nil unless the distribution is local
	dist    provision.Distribution
	alarmed provision.Distribution // the stack of alarms alone; empty where there is none

	remembered string // what knownFile holds; "" where there is none
}

// run brings the event's distribution into being and watches it until ctx is
// done. over says that the event is, and not only this process. What can fail
// fails before anything is started.
func (s *session) run(ctx context.Context, o daemon.Options) (over bool, err error) {
	o.Event, o.Log, o.Secrets, o.Out, o.Say, o.AWS = s.event, s.log, s.c.known(), s.c.stdout, s.c.say, s.c.caller
	o.Version, o.Runbook, o.Env = ownVersion(), runbook, s.c.env
	d, err := daemon.New(ctx, o)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	key, err := s.c.privateKey(ctx, s.event)
	if err != nil {
		return false, err
	}
	edges, err := s.c.furtherEdges(ctx, s.event)
	if err != nil {
		return false, err
	}
	if err := s.bringUp(ctx, d.Folder()); err != nil {
		return false, err
	}
	signer, err := newSigner(s.event, s.dist, key)
	if err != nil {
		return false, err
	}
	s.announce(d)
	found := daemon.Found{Distribution: s.dist, Signer: signer, Edges: edges, Pending: s.pending(ctx)}
	if s.edge != nil {
		found.Serve = s.edge.Run
	}
	if s.remembered != "" {
		found.Keep = map[string]string{knownFile: s.remembered}
	}
	err = d.Run(ctx, found)
	return d.Over(), err
}

// pending returns what asks who has not confirmed the e-mails of AWS; nil where
// the stack has no topic.
func (s *session) pending(ctx context.Context) func(context.Context) ([]string, error) {
	const output = "AlertTopicArn"
	topic := cmp.Or(s.dist.Outputs[output], s.alarmed.Outputs[output])
	if topic == "" {
		return nil
	}
	stack, err := s.stack(ctx, stackSpec)
	if err != nil {
		return nil
	}
	return func(ctx context.Context) ([]string, error) { return stack.PendingEmails(ctx, topic) }
}

// announce says where everything is.
func (s *session) announce(d *daemon.Daemon) {
	fmt.Fprintf(s.c.stdout, "watching %s\n", s.event.Event)
	if page := d.Page(); page != "" {
		s.c.say("page", page)
	}
	s.c.say("edge", s.dist.EdgeURL)
	for i := range s.event.Edges {
		s.c.say(s.event.Edges[i].Name, s.event.Edges[i].URL.String())
	}
	s.c.say("origin", s.event.Origin.URL.String())
	s.c.say("embeds", filepath.Join(d.Folder(), s.event.Player.Out))
}

// cleanUp deletes the stack where the event says so, once the time of the run is
// up. A signal keeps it: it may mean a restart, in the middle of an event.
func (s *session) cleanUp(ctx context.Context, over bool) error {
	c := s.event.Distribution.CloudFormation
	if c == nil || !c.DeleteWhenDone {
		return nil
	}
	if !over {
		s.c.say("kept", "stack "+c.StackName+", since a signal ended the run; streamwatch delete deletes it")
		return nil
	}
	provider, err := s.provider(ctx)
	if err != nil {
		return err
	}
	stack, _ := provider.(*provision.Stack)
	show, end := s.c.progress("text")
	err = stack.Delete(ctx, show)
	end()
	if errors.Is(err, provision.ErrAbsent) {
		return nil
	}
	return resumable(ctx, err, "streamwatch delete")
}

// provider returns what brings the event's distribution into being.
func (s *session) provider(ctx context.Context) (provision.Provider, error) {
	switch d := &s.event.Distribution; {
	case d.Existing != nil:
		return provision.Existing{URL: d.Existing.URL.Reveal()}, nil
	case d.Local != nil:
		origin, err := url.Parse(s.event.Origin.URL.Reveal())
		if err != nil {
			return nil, errors.New("reading origin.url")
		}
		headers := http.Header{}
		for name, value := range s.event.Origin.Headers {
			headers.Set(name, value.Reveal())
		}
		edge := sim.NewEdge(sim.EdgeConfig{Origin: origin, Headers: headers, Faults: s.board})
		s.edge = provision.NewLocal(d.Local.Listen, edge)
		return s.edge, nil
	default:
		return s.stack(ctx, distributionSpec)
	}
}

// bringUp returns the event's distribution: it is found, or made where there is
// none. One that exists is changed only when the user asked for an update.
func (s *session) bringUp(ctx context.Context, folder string) error {
	err := s.bringUpDistribution(ctx, folder)
	if err != nil {
		return err
	}
	if c := s.event.Distribution.CloudFormation; c == nil || c.Adopt && daemon.AlarmStack(s.event) != c.StackName {
		s.bringUpAlarms(ctx)
	}
	return nil
}

func (s *session) bringUpDistribution(ctx context.Context, folder string) error {
	provider, err := s.provider(ctx)
	if err != nil {
		return err
	}
	stack, ok := provider.(*provision.Stack)
	if !ok {
		s.dist, err = provider.Provision(ctx, nil)
		return err
	}
	c := s.event.Distribution.CloudFormation
	before := remembered(folder, c)
	if before.Edge != "" {
		look, cancel := context.WithTimeout(ctx, findDeadline)
		_, err = stack.Find(look)
		cancel()
		if err != nil && !errors.Is(err, provision.ErrAbsent) && ctx.Err() == nil {
			s.dist = provision.Distribution{EdgeURL: before.Edge, Outputs: before.Outputs}
			s.log.Error("CloudFormation cannot be asked: watching the distribution as it was last known",
				zap.String("edge", before.Edge), zap.Error(err), zap.String("hint", probe.HintOf(err)))
			return nil
		}
	}
	show, end := s.c.progress("text")
	made := false
	s.dist, err = stack.Provision(ctx, func(e provision.Event) {
		made = made || e.Status == "CREATE_COMPLETE"
		show(e)
	})
	end()
	if err != nil {
		if s.dist.EdgeURL == "" {
			return resumable(ctx, err, "the same command")
		}
		s.log.Error("watching the distribution as it was", zap.Error(err), zap.String("hint", probe.HintOf(err)))
	}
	s.remembered = remember(folder, known{c.StackName, c.Region, s.dist.EdgeURL, s.dist.Outputs}, s.log)
	if err == nil && !s.update && !made { // what was just made is as the file says
		s.differences(ctx, stack)
	}
	return nil
}

// bringUpAlarms makes the stack of alarms of a distribution that is not ours.
// The stream is watched without it too.
func (s *session) bringUpAlarms(ctx context.Context) {
	if daemon.AlarmStack(s.event) == "" {
		return
	}
	stack, err := s.stack(ctx, stackSpec)
	if err == nil {
		show, end := s.c.progress("text")
		s.alarmed, err = stack.Provision(ctx, show)
		end()
	}
	if err != nil {
		s.log.Error("the stack of alarms cannot be looked after", zap.Error(err), zap.String("hint", probe.HintOf(err)))
		return
	}
	if !s.update {
		s.differences(ctx, stack)
	}
}

// stack returns the stack that one of the event's specs describes.
func (s *session) stack(ctx context.Context, of func(*configs.Event) (provision.Spec, error)) (*provision.Stack, error) {
	spec, err := of(s.event)
	if err != nil {
		return nil, err
	}
	stack, err := s.c.newStack(ctx, spec)
	if err == nil {
		stack.Keep = !s.update
	}
	return stack, err
}

// differences says what a stack that was left alone has otherwise than the file.
func (s *session) differences(ctx context.Context, stack *provision.Stack) {
	ctx, cancel := context.WithTimeout(ctx, compareDeadline)
	defer cancel()
	plan, err := stack.Differences(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.log.Info("the stack was not compared with the event file", zap.Error(err))
	case plan.Differs():
		s.c.say("stack", "not as the event file says, and left as it is; run --update, or streamwatch provision, would change:")
		for _, line := range planLines(plan) {
			s.c.say("", line)
		}
	}
}

// remembered returns what an earlier run noted of this stack, nothing where that
// was another stack. An alias is an address by itself.
func remembered(folder string, c *configs.CloudFormation) known {
	var k known
	text, err := os.ReadFile(filepath.Join(folder, knownFile))
	if err != nil || json.Unmarshal(text, &k) != nil || k.Stack != c.StackName || k.Region != c.Region {
		k = known{}
	}
	return k
}

// remember notes a stack for the next start, and returns the text of the note.
func remember(folder string, k known, log *zap.Logger) string {
	text, err := json.MarshalIndent(k, "", "  ")
	text = append(text, '\n')
	if err == nil {
		err = daemon.WriteFile(filepath.Join(folder, knownFile), string(text))
	}
	if err != nil {
		log.Warn("the distribution is not remembered: the next start needs CloudFormation", zap.Error(err))
	}
	return string(text)
}

// planLines writes what a plan changes, one line each.
func planLines(plan provision.Plan) []string {
	var lines []string
	if plan.Unread != "" {
		lines = append(lines, plan.Unread)
	}
	for _, ch := range plan.Changes {
		line := fmt.Sprintf("%s %s (%s)", ch.Action, ch.Resource, ch.Type)
		if ch.Replacement == "True" || ch.Replacement == "Conditional" {
			line += ", replacement: " + ch.Replacement
		}
		lines = append(lines, line)
	}
	for _, o := range plan.Options {
		lines = append(lines, o.String())
	}
	for _, b := range plan.Beside {
		if !b.Differs() {
			continue
		}
		lines = append(lines, fmt.Sprintf("stack %s: %s", b.Stack, b.Operation))
		for _, line := range planLines(b) {
			lines = append(lines, "  "+line)
		}
	}
	return lines
}
