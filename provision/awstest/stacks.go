package awstest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

type tag struct{ key, value string }

// stack is one stack, also after its deletion.
type stack struct {
	cloud      *Cloud
	name, id   string
	status     string
	reason     string
	detailed   string // VALIDATION_FAILED
	created    time.Time
	token      string  // of the operation that runs, or ran last
	request    request // the last that was applied
	policy     string
	protected  bool
	role       string // service role that works for it
	resources  map[string]*made
	events     []event // oldest first
	queue      []step  // of the operation that runs, in order of time
	changeSets map[string]*changeSet
}

// made is a resource of a stack.
type made struct {
	kind, physical string
	name           string // that is unique in the account; "" for none
	body           string // properties with parameters filled in
	exists         bool
	retained       bool // outlived its stack
	status         string
}

type event struct {
	id, logical, physical, kind, status, reason, token, detailed string
	at                                                           time.Time
}

// step is something that will happen.
type step struct {
	at time.Time
	do func(at time.Time)
}

func (c *Cloud) newStack(name string) *stack {
	st := &stack{
		cloud: c, name: name, created: time.Now(), resources: map[string]*made{}, changeSets: map[string]*changeSet{},
		id: fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/00000000-0000-4000-8000-%012d", Region, Account, name,
			len(c.stacks)),
	}
	c.stacks = append(c.stacks, st)
	return st
}

// advance lets everything happen that is due.
func (c *Cloud) advance(now time.Time) {
	for _, st := range c.stacks {
		for len(st.queue) > 0 && !st.queue[0].at.After(now) {
			next := st.queue[0]
			st.queue = st.queue[1:]
			next.do(next.at)
		}
	}
}

// find returns a stack by id, or the one of a name that is not deleted.
func (c *Cloud) find(name string) (*stack, *fault) {
	for _, st := range slices.Backward(c.stacks) {
		if st.id == name || st.name == name && st.status != "DELETE_COMPLETE" {
			return st, nil
		}
	}
	return nil, invalid("Stack with id %s does not exist", name)
}

// busy says whether an operation runs.
func (st *stack) busy() bool {
	return strings.HasSuffix(st.status, "_IN_PROGRESS") && st.status != "REVIEW_IN_PROGRESS"
}

func (st *stack) setStatus(at time.Time, status, reason string) {
	st.status, st.reason = status, reason
	st.note(at, st.name, st.id, "AWS::CloudFormation::Stack", status, reason)
}

func (st *stack) note(at time.Time, logical, physical, kind, status, reason string) {
	st.events = append(st.events, event{
		id: fmt.Sprintf("%s-%04d", logical, len(st.events)), logical: logical, physical: physical, kind: kind,
		status: status, reason: reason, token: st.token, detailed: st.detailed, at: at,
	})
}

// noteResource notes what happened to a resource, and keeps its status.
func (st *stack) noteResource(at time.Time, logical, status, reason string) {
	r := st.resources[logical]
	r.status = status
	st.note(at, logical, r.physical, r.kind, status, reason)
}

// physicalID makes up an id that looks like those of its type.
func (st *stack) physicalID(logical, kind string) string {
	sum := sha256.Sum256([]byte(st.id + logical))
	text := base32.StdEncoding.EncodeToString(sum[:])[:13]
	switch kind {
	case "AWS::CloudFront::Distribution":
		return "E" + text
	case "AWS::SNS::Topic":
		return fmt.Sprintf("arn:aws:sns:%s:%s:%s-%s", Region, Account, st.name, text)
	}
	return strings.ToLower(text)
}

func (st *stack) describe() node {
	var tags, params, outputs, topics []node
	for _, t := range st.request.tags {
		tags = append(tags, text("Key", t.key)+text("Value", t.value))
	}
	for _, p := range st.request.params {
		value := p.value
		if st.request.template.Parameters[p.key].NoEcho {
			value = "****"
		}
		params = append(params, text("ParameterKey", p.key)+text("ParameterValue", value))
	}
	// What is not made yet, or no longer is, has no outputs.
	if m := st.resources["Distribution"]; m != nil && m.exists || m == nil && len(st.resources) > 0 &&
		!strings.HasPrefix(st.status, "CREATE_IN") {
		outputs = st.outputs()
	}
	for _, arn := range st.request.topics {
		topics = append(topics, escaped(arn))
	}
	return join(text("StackName", st.name), text("StackId", st.id), text("StackStatus", st.status),
		text("StackStatusReason", st.reason), text("DetailedStatus", st.detailed), timestamp("CreationTime", st.created),
		text("EnableTerminationProtection", strconv.FormatBool(st.protected)),
		list("Tags", tags), list("Parameters", params), list("Outputs", outputs), list("NotificationARNs", topics))
}

func (c *Cloud) describeStacks(_ time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	if err != nil {
		return "", err
	}
	return list("Stacks", []node{st.describe()}), nil
}

// page cuts a list of n at PageSize; the token is where the next page begins.
func (c *Cloud) page(n int, token string) (from, to int, next node) {
	from, _ = strconv.Atoi(token)
	to = min(n, from+cmp.Or(c.PageSize, 100))
	if to < n {
		next = text("NextToken", strconv.Itoa(to))
	}
	return from, to, next
}

func (c *Cloud) describeStackEvents(_ time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	if err != nil {
		return "", err
	}
	newest := slices.Clone(st.events)
	slices.Reverse(newest)
	from, to, next := c.page(len(newest), f.Get("NextToken"))
	var members []node
	for _, e := range newest[from:to] {
		members = append(members, join(text("EventId", e.id), text("StackId", st.id), text("StackName", st.name),
			text("LogicalResourceId", e.logical), text("PhysicalResourceId", e.physical), text("ResourceType", e.kind),
			text("ResourceStatus", e.status), text("ResourceStatusReason", e.reason), text("DetailedStatus", e.detailed),
			text("ClientRequestToken", e.token), timestamp("Timestamp", e.at)))
	}
	return list("StackEvents", members) + next, nil
}

// describeEvents has the one kind that the stack's own events do not have.
func (c *Cloud) describeEvents(_ time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	if err != nil {
		return "", err
	}
	var members []node
	if st.detailed != "" {
		members = append(members, join(text("EventId", "1"), text("StackId", st.id), text("EventType", "VALIDATION_ERROR"),
			text("LogicalResourceId", "Distribution"), text("ResourceType", "AWS::CloudFront::Distribution"),
			text("ValidationPath", "/Resources/Distribution/Properties/DistributionConfig"), text("ValidationStatusReason",
				c.failures["CREATE "])))
	}
	return list("OperationEvents", members), nil
}

func (c *Cloud) listStackResources(_ time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	if err != nil {
		return "", err
	}
	ids := sortedKeys(st.resources)
	from, to, next := c.page(len(ids), f.Get("NextToken"))
	var members []node
	for _, id := range ids[from:to] {
		r := st.resources[id]
		members = append(members, join(text("LogicalResourceId", id), text("PhysicalResourceId", r.physical),
			text("ResourceType", r.kind), text("ResourceStatus", r.status)))
	}
	return list("StackResourceSummaries", members) + next, nil
}

func (c *Cloud) getStackPolicy(_ time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	if err != nil {
		return "", err
	}
	return text("StackPolicyBody", st.policy), nil
}

func (c *Cloud) getTemplate(_ time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	if err != nil {
		return "", err
	}
	return text("TemplateBody", st.request.body), nil
}

func (c *Cloud) setStackPolicy(_ time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	if err == nil {
		err = checkPolicy(f.Get("StackPolicyBody"))
	}
	if err != nil {
		return "", err
	}
	st.policy = f.Get("StackPolicyBody")
	return "", nil
}

func (c *Cloud) updateTerminationProtection(_ time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	if err != nil {
		return "", err
	}
	st.protected = f.Get("EnableTerminationProtection") == "true"
	return text("StackId", st.id), nil
}
