package awstest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// changeSetTook is how long a change set is being made.
const changeSetTook = 3 * time.Second

type changeSet struct {
	name, id string
	role     string
	request  request
	changes  []change
	ready    time.Time
}

type change struct{ action, logical, kind, replacement string }

func (c *Cloud) createChangeSet(now time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	if err != nil {
		return "", err
	}
	r, err := readRequest(f)
	name := f.Get("ChangeSetName")
	switch {
	case err != nil:
		return "", err
	case st.busy() || phaseless(st.status):
		return "", invalid("Stack:%s is in %s state and can not be updated.", st.id, st.status)
	case st.changeSets[name] != nil:
		return "", &fault{"AlreadyExistsException", "ChangeSet " + name +
			" cannot be created due to a mismatch with existing attribute Name"}
	}
	set := &changeSet{
		name: name, role: f.Get("RoleARN"), request: r, changes: st.compare(r),
		ready: now.Add(changeSetTook),
	}
	set.id = strings.Replace(st.id, ":stack/"+st.name+"/", ":changeSet/"+name+"/", 1)
	st.changeSets[name] = set
	return text("Id", set.id) + text("StackId", st.id), nil
}

// phaseless are the statuses in which nothing but deletion or repair is possible.
func phaseless(status string) bool {
	return slices.Contains([]string{
		"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED",
		"UPDATE_ROLLBACK_FAILED", "DELETE_COMPLETE",
	}, status)
}

// compare says what r changes. Tags reach the distribution.
func (st *stack) compare(r request) []change {
	var out []change
	for _, id := range sortedKeys(r.template.Resources) {
		kind := r.template.Resources[id].Type
		old := st.resources[id]
		switch {
		case old == nil || !old.exists:
			out = append(out, change{"Add", id, kind, ""})
		case old.kind != kind:
			out = append(out, change{"Modify", id, kind, "True"})
		case old.body != r.properties(id):
			out = append(out, change{"Modify", id, kind, replacement(kind, old.body, r.properties(id))})
		case kind == "AWS::CloudFront::Distribution" && !slices.Equal(st.request.tags, r.tags):
			out = append(out, change{"Modify", id, kind, "False"})
		}
	}
	for _, id := range sortedKeys(st.resources) {
		if _, stays := r.template.Resources[id]; !stays && st.resources[id].exists {
			out = append(out, change{"Remove", id, st.resources[id].kind, ""})
		}
	}
	return out
}

// replacement says whether a property changed that cannot be updated.
func replacement(kind, before, after string) string {
	var s schema
	var a, b map[string]any
	for text, into := range map[string]any{string(schemaJSON): &s, before: &a, after: &b} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			panic(err) // it was JSON before
		}
	}
	for name, p := range s.Resources[kind].Properties {
		if p.Replaces && !reflect.DeepEqual(a[name], b[name]) {
			return "True"
		}
	}
	return "False"
}

// findChangeSet finds one by id, or by name and stack.
func (c *Cloud) findChangeSet(f form) (*stack, *changeSet, *fault) {
	for _, st := range c.stacks {
		for _, set := range st.changeSets {
			if set.id == f.Get("ChangeSetName") || set.name == f.Get("ChangeSetName") &&
				(st.name == f.Get("StackName") || st.id == f.Get("StackName")) {
				return st, set, nil
			}
		}
	}
	return nil, nil, &fault{"ChangeSetNotFound", "ChangeSet [" + f.Get("ChangeSetName") + "] does not exist"}
}

func (c *Cloud) describeChangeSet(now time.Time, f form) (node, *fault) {
	st, set, err := c.findChangeSet(f)
	if err != nil {
		return "", err
	}
	status, reason := "CREATE_COMPLETE", ""
	switch {
	case now.Before(set.ready):
		status = "CREATE_IN_PROGRESS"
	case len(set.changes) == 0:
		status = "FAILED"
		reason = "The submitted information didn't contain changes. Submit different information to create a change set."
	}
	from, to, next := c.page(len(set.changes), f.Get("NextToken"))
	var members []node
	for _, ch := range set.changes[from:to] {
		members = append(members, text("Type", "Resource")+element("ResourceChange", text("Action", ch.action),
			text("LogicalResourceId", ch.logical), text("ResourceType", ch.kind), text("Replacement", ch.replacement)))
	}
	return join(text("ChangeSetId", set.id), text("ChangeSetName", set.name), text("StackId", st.id),
		text("StackName", st.name),
		text("Status", status), text("StatusReason", reason), list("Changes", members), next), nil
}

func (c *Cloud) deleteChangeSet(_ time.Time, f form) (node, *fault) {
	st, set, err := c.findChangeSet(f)
	if err != nil {
		return "", err
	}
	delete(st.changeSets, set.name)
	return "", nil
}

func (c *Cloud) executeChangeSet(now time.Time, f form) (node, *fault) {
	st, set, err := c.findChangeSet(f)
	switch {
	case err != nil:
		return "", err
	case st.busy(), now.Before(set.ready), len(set.changes) == 0:
		return "", &fault{"InvalidChangeSetStatus", "ChangeSet [" + set.id + "] cannot be executed in its current status"}
	case strings.Contains(st.policy, "Update:Replace") && slices.ContainsFunc(set.changes, func(ch change) bool {
		return ch.logical == "Distribution" && (ch.action == "Remove" || ch.replacement == "True")
	}):
		return "", invalid("Action denied by stack policy")
	}
	st.changeSets = map[string]*changeSet{} // AWS drops all of them
	st.token, st.role = f.Get("ClientRequestToken"), set.role
	st.setStatus(now, "UPDATE_IN_PROGRESS", initiated)
	st.planUpdate(now, set)
	return "", nil
}

// planUpdate changes one resource after the other, those first that others refer
// to, and back where one fails; what is no longer in the template goes last.
func (st *stack) planUpdate(now time.Time, set *changeSet) {
	at := now.Add(stepTook)
	for _, ch := range inOrder(set) {
		if ch.action == "Remove" {
			continue
		}
		verb := map[string]string{"Add": "CREATE", "Modify": "UPDATE"}[ch.action]
		st.later(at, func(at time.Time) {
			if st.resources[ch.logical] == nil {
				st.resources[ch.logical] = &made{kind: ch.kind}
			}
			st.noteResource(at, ch.logical, verb+"_IN_PROGRESS", "")
		})
		at = at.Add(st.cloud.took(ch.kind))
		st.later(at, func(at time.Time) {
			reason, bad := st.cloud.failures[verb+" "+ch.logical]
			if !bad {
				reason = st.cannotMake(&set.request, ch.logical, verb)
			}
			if reason != "" {
				st.noteResource(at, ch.logical, verb+"_FAILED", reason)
				st.rollBackUpdate(at, ch.logical)
				return
			}
			st.resources[ch.logical].exists = true
			st.noteResource(at, ch.logical, verb+"_COMPLETE", "")
		})
		at = at.Add(stepTook)
	}
	st.later(at, func(at time.Time) { st.setStatus(at, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "") })
	for _, ch := range slices.Backward(set.changes) {
		if ch.action == "Remove" {
			st.later(at, func(at time.Time) { st.noteResource(at, ch.logical, "DELETE_IN_PROGRESS", "") })
			at = at.Add(st.cloud.took(ch.kind))
			st.later(at, func(at time.Time) { st.destroy(at, ch.logical) })
		}
	}
	st.later(at.Add(stepTook), func(at time.Time) {
		st.apply(set)
		st.setStatus(at, "UPDATE_COMPLETE", "")
	})
}

// inOrder puts changes so that each comes after those that it refers to.
func inOrder(set *changeSet) []change {
	order := (&stack{request: set.request}).order()
	out := slices.Clone(set.changes)
	slices.SortStableFunc(out,
		func(a, b change) int { return slices.Index(order, a.logical) - slices.Index(order, b.logical) })
	return out
}

// apply makes the resources what the change set says.
func (st *stack) apply(set *changeSet) {
	st.request = set.request
	for _, ch := range set.changes {
		if r := st.resources[ch.logical]; ch.action != "Remove" {
			r.body = set.request.properties(ch.logical)
		}
	}
}

func (st *stack) rollBackUpdate(at time.Time, culprit string) {
	st.queue = nil
	st.setStatus(at, "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: ["+culprit+"].")
	if reason, bad := st.cloud.failures["ROLLBACK "+culprit]; bad {
		st.later(at.Add(resourceTook), func(at time.Time) {
			st.noteResource(at, culprit, "UPDATE_FAILED", reason)
			st.setStatus(at, "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: ["+culprit+"].")
		})
		return
	}
	st.later(at.Add(resourceTook),
		func(at time.Time) { st.setStatus(at, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "") })
	st.later(at.Add(2*resourceTook), func(at time.Time) { st.setStatus(at, "UPDATE_ROLLBACK_COMPLETE", "") })
}
