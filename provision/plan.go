package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"github.com/streamwatch/streamwatch/probe"
)

// Plan is what Provision would do to one stack.
type Plan struct {
	Stack     string
	Operation string   // "create", "update", "delete" or "none"
	Template  []byte   // that it would send
	Changes   []Change // of resources, by an update
	Options   []Option // of the stack, by an update
	Unread    string   // why Changes is our own comparison and not a change set; empty where it is one
	Beside    []Plan   // of the stacks beside it
}

// Option is one value of a stack that an update would change. Its texts hold no
// secret.
type Option struct{ Name, Now, Want string }

// String says what changes: "termination_protection: false → true".
func (o Option) String() string { return o.Name + ": " + o.Now + " → " + o.Want }

// Plan says what Provision would do, and changes nothing. A stack that is not as
// the Spec says, or has secret parameters, which nobody can read back, is
// compared by a change set that is deleted at once; a caller who may not make
// one gets a comparison of templates.
func (s *Stack) Plan(ctx context.Context) (Plan, error) {
	if s.spec.Adopt {
		_, err := s.Find(ctx)
		return Plan{Stack: s.spec.StackName, Operation: "none"}, err
	}
	if _, err := s.template(); err != nil {
		return Plan{}, err
	}
	st, err := s.find(ctx)
	if err != nil {
		return Plan{}, err
	}
	plan, err := s.planOne(ctx, st, true)
	if err != nil {
		return plan, err
	}
	plan.Beside, err = s.planBeside(ctx, st, true)
	return plan, err
}

// Differences is Plan by reading alone: no change set is made, so what secret
// parameters hold is not compared. Plan.Differs says whether there is one.
func (s *Stack) Differences(ctx context.Context) (Plan, error) {
	if s.spec.Adopt {
		return Plan{Stack: s.spec.StackName, Operation: "none"}, nil
	}
	st, err := s.find(ctx)
	if err != nil {
		return Plan{}, err
	}
	plan, err := s.planOne(ctx, st, false)
	if err != nil {
		return plan, err
	}
	plan.Beside, err = s.planBeside(ctx, st, false)
	return plan, err
}

// Differs says whether Provision would do anything.
func (p Plan) Differs() bool {
	return p.Operation != "none" || slices.ContainsFunc(p.Beside, Plan.Differs)
}

func (s *Stack) planBeside(ctx context.Context, main *types.Stack, ask bool) ([]Plan, error) {
	var plans []Plan
	for _, b := range s.beside() {
		st, err := b.find(ctx)
		if err != nil {
			return nil, err
		}
		plan, err := b.planOne(ctx, st, ask)
		if err != nil {
			return nil, err
		}
		plans = append(plans, plan)
	}
	for n := len(s.spec.Beside) + 1; n <= besideCount(main); n++ {
		plans = append(plans, Plan{Stack: BesideName(s.spec.StackName, n), Operation: "delete"})
	}
	return plans, nil
}

// planOne compares one stack with its Spec. ask allows a change set.
func (s *Stack) planOne(ctx context.Context, st *types.Stack, ask bool) (Plan, error) {
	body, err := s.template()
	plan := Plan{Stack: s.spec.StackName, Operation: "create", Template: body}
	if err != nil {
		return plan, err
	}
	switch phaseOf(st) {
	case busy:
		return plan, probe.WithHint(fmt.Errorf("stack %q is in %s", s.spec.StackName, st.StackStatus),
			"wait until that operation ends; provision follows it")
	case stuck:
		return plan, s.stuckError(st)
	case absent:
		return plan, nil
	case usable:
	}
	standing, err := s.standing(ctx, st)
	if err != nil {
		return plan, err
	}
	if plan.Template, err = keepNames(body, standing); err != nil {
		return plan, err
	}
	if plan.Changes, err = compare(standing, plan.Template); err != nil {
		return plan, err
	}
	if plan.Options, err = s.options(ctx, st); err != nil {
		return plan, err
	}
	if ask && (len(plan.Changes)+len(plan.Options) > 0 || s.hasSecrets()) {
		if err := s.askChangeSet(ctx, st, &plan); err != nil {
			return plan, err
		}
	}
	plan.Operation = "none"
	if len(plan.Changes)+len(plan.Options) > 0 {
		plan.Operation = "update"
	}
	return plan, nil
}

// askChangeSet replaces our own comparison by that of CloudFormation, which
// knows what is replaced.
func (s *Stack) askChangeSet(ctx context.Context, st *types.Stack, plan *Plan) error {
	id, changes, err := s.changeSet(ctx, st, plan.Template)
	if api, ok := errors.AsType[smithy.APIError](err); ok && slices.Contains(deniedCodes, api.ErrorCode()) {
		plan.Unread = "this caller may not make a change set: templates were compared, and secrets were not"
		return nil
	}
	if err != nil {
		return err
	}
	plan.Changes = changes
	if id == "" {
		return nil
	}
	return s.dropChangeSet(ctx)
}

func (s *Stack) hasSecrets() bool {
	return slices.ContainsFunc(s.spec.parameters(), func(p parameter) bool { return p.secret })
}

// compare says how the resources and outputs of two templates differ.
func compare(standing, body []byte) ([]Change, error) {
	type parsed struct{ Resources, Outputs, Parameters map[string]object }
	var now, next parsed
	if err := json.Unmarshal(body, &next); err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	_ = json.Unmarshal(standing, &now) // what is not JSON has nothing in common with ours
	var changes []Change
	both := maps.Clone(now.Resources)
	if both == nil {
		both = map[string]object{}
	}
	maps.Copy(both, next.Resources)
	for _, id := range slices.Sorted(maps.Keys(both)) {
		kind, _ := both[id]["Type"].(string)
		was, is := now.Resources[id], next.Resources[id]
		switch {
		case was == nil:
			changes = append(changes, Change{Action: "Add", Resource: id, Type: kind})
		case is == nil:
			changes = append(changes, Change{Action: "Remove", Resource: id, Type: kind})
		case !reflect.DeepEqual(was, is):
			changes = append(changes, Change{Action: "Modify", Resource: id, Type: kind})
		}
	}
	if len(changes) == 0 && !reflect.DeepEqual(now.Outputs, next.Outputs) {
		changes = append(changes, Change{Action: "Modify", Resource: "Outputs", Type: "of the template"})
	}
	return changes, nil
}

// options says which values of the stack differ from the Spec; what the Spec
// does not mention is left alone and does not differ.
func (s *Stack) options(ctx context.Context, st *types.Stack) ([]Option, error) {
	var out []Option
	note := func(name, now, want string) {
		if now != want {
			out = append(out, Option{name, now, want})
		}
	}
	if on := s.spec.TerminationProtection; on != nil {
		note("termination_protection", fmt.Sprint(aws.ToBool(st.EnableTerminationProtection)), fmt.Sprint(*on))
	}
	if s.spec.StackPolicy != nil {
		now, err := s.standingPolicy(ctx, st)
		if err != nil {
			return nil, err
		}
		if !sameJSON(now, string(s.spec.StackPolicy)) {
			note("stack_policy", oneLine(now), oneLine(string(s.spec.StackPolicy)))
		}
	}
	if s.spec.NotificationARNs != nil {
		note("notification_arns", list(st.NotificationARNs), list(s.spec.NotificationARNs))
	}
	if s.spec.RoleARN != "" {
		note("role_arn", texted(aws.ToString(st.RoleARN)), s.spec.RoleARN)
	}
	note("tags", tagList(st.Tags), tagList(s.tagsOver(st)))
	standing := map[string]string{}
	for _, p := range st.Parameters {
		standing[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, p := range s.spec.parameters() {
		now, given := standing[p.name]
		switch {
		case !p.secret:
			note(p.name, texted(now), texted(p.value))
		case !given:
			note(p.name, "none", "****")
		}
	}
	return out, nil
}

func tagList(tags []types.Tag) string {
	var out []string
	for _, t := range tags {
		out = append(out, aws.ToString(t.Key)+"="+aws.ToString(t.Value))
	}
	slices.Sort(out)
	return list(out)
}

func list(items []string) string { return texted(strings.Join(items, ", ")) }

func texted(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// oneLine writes a JSON text without its blanks.
func oneLine(text string) string {
	var out bytes.Buffer
	if json.Compact(&out, []byte(text)) != nil {
		return texted(text)
	}
	return out.String()
}

// sameJSON compares the values of two JSON texts.
func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}
