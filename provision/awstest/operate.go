package awstest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Usual durations of operations on resources.
const (
	distributionTook = 3 * time.Minute
	resourceTook     = 5 * time.Second
	stepTook         = time.Second // between a stack's event and its resources'
)

const (
	initiated = "User Initiated"
	cancelled = "Resource creation cancelled"
)

func (c *Cloud) took(kind string) time.Duration {
	if d, ok := c.Took[kind]; ok {
		return d
	}
	if kind == "AWS::CloudFront::Distribution" {
		return distributionTook
	}
	return resourceTook
}

func (st *stack) later(at time.Time, do func(time.Time)) {
	i, _ := slices.BinarySearchFunc(st.queue, at, func(s step, at time.Time) int {
		if s.at.After(at) {
			return 1
		}
		return -1
	})
	st.queue = slices.Insert(st.queue, i, step{at, do})
}

func (c *Cloud) createStack(now time.Time, f form) (node, *fault) {
	token := f.Get("ClientRequestToken")
	r, err := readRequest(f)
	if err != nil {
		return "", err
	}
	if id, used := c.tokens[token]; used && token != "" {
		if st, err := c.find(id); err == nil && st.status != "DELETE_COMPLETE" {
			return text("StackId", id), nil // the same request once more
		}
		return "", &fault{"TokenAlreadyExistsException", "A client request token already exists: " + token}
	}
	if _, err := c.find(f.Get("StackName")); err == nil {
		return "", &fault{"AlreadyExistsException", "Stack [" + f.Get("StackName") + "] already exists"}
	}
	if f.Get("OnFailure") != "" && f.Get("DisableRollback") != "" {
		return "", invalid("Cannot specify both OnFailure and DisableRollback")
	}
	if err := checkPolicy(f.Get("StackPolicyBody")); err != nil && f.Has("StackPolicyBody") {
		return "", err
	}
	st := c.newStack(f.Get("StackName"))
	st.role = f.Get("RoleARN")
	st.request, st.token, st.policy = r, token, f.Get("StackPolicyBody")
	st.protected = f.Get("EnableTerminationProtection") == "true"
	if c.tokens == nil {
		c.tokens = map[string]string{}
	}
	c.tokens[token] = st.id
	st.setStatus(now, "CREATE_IN_PROGRESS", initiated)
	st.planCreate(now, f)
	return text("StackId", st.id), nil
}

// planCreate writes down what will happen: each resource after those that it
// refers to, up to the first that fails or the timeout.
func (st *stack) planCreate(now time.Time, f form) {
	giveUp := func(at time.Time, reason string) { st.abort(at, f.Get("OnFailure"), reason) }
	if _, bad := st.cloud.failures["CREATE "]; bad {
		st.later(now.Add(stepTook), func(at time.Time) {
			st.detailed = "VALIDATION_FAILED"
			giveUp(at, "Validation failed for the stack operation")
		})
		return
	}
	end := now
	ends := map[string]time.Time{}
	for _, id := range st.order() {
		start := now.Add(stepTook)
		for _, dep := range st.request.dependencies(id) {
			start = later(start, ends[dep].Add(stepTook))
		}
		kind := st.request.template.Resources[id].Type
		ends[id] = start.Add(st.cloud.took(kind))
		end = later(end, ends[id])
		st.planResource(id, start, ends[id], giveUp)
	}
	st.later(end.Add(stepTook), func(at time.Time) { st.setStatus(at, "CREATE_COMPLETE", "") })
	if minutes, _ := strconv.Atoi(f.Get("TimeoutInMinutes")); minutes > 0 {
		st.later(now.Add(time.Duration(minutes)*time.Minute), func(at time.Time) {
			if st.status == "CREATE_IN_PROGRESS" {
				giveUp(at, "Stack creation time exceeded the specified timeout.")
			}
		})
	}
}

func (st *stack) planResource(id string, start, end time.Time, giveUp func(time.Time, string)) {
	kind := st.request.template.Resources[id].Type
	st.later(start, func(at time.Time) {
		st.resources[id] = &made{kind: kind, body: st.request.properties(id)}
		st.noteResource(at, id, "CREATE_IN_PROGRESS", "")
	})
	st.later(start.Add(time.Second), func(at time.Time) {
		r := st.resources[id]
		if reason := st.cannotMake(&st.request, id, "CREATE"); reason != "" {
			st.queue = nil
			st.noteResource(at, id, "CREATE_FAILED", reason)
			giveUp(at, "The following resource(s) failed to create: ["+id+"].")
			return
		}
		r.exists = true
		st.noteResource(at, id, "CREATE_IN_PROGRESS", "Resource creation Initiated")
	})
	st.later(end, func(at time.Time) {
		if reason, bad := st.cloud.failures["CREATE "+id]; bad {
			st.noteResource(at, id, "CREATE_FAILED", reason)
			giveUp(at, "The following resource(s) failed to create: ["+id+"].")
			return
		}
		st.noteResource(at, id, "CREATE_COMPLETE", "")
	})
}

// cannotMake makes a resource, or says why not.
func (st *stack) cannotMake(r *request, id, verb string) string {
	m := st.resources[id]
	if reason := st.mayDo(verb, m.kind, id); reason != "" {
		return reason
	}
	if m.physical == "" {
		m.physical = st.physicalID(id, m.kind)
	}
	return st.claim(r, id)
}

// order puts the resources so that each comes after those it refers to.
func (st *stack) order() []string {
	var out []string
	var visit func(id string)
	visit = func(id string) {
		if slices.Contains(out, id) {
			return
		}
		for _, dep := range st.request.dependencies(id) {
			visit(dep)
		}
		out = append(out, id)
	}
	for _, id := range sortedKeys(st.request.template.Resources) {
		visit(id)
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// abort ends a creation as OnFailure says.
func (st *stack) abort(at time.Time, onFailure, reason string) {
	st.queue = nil
	for _, id := range sortedKeys(st.resources) {
		if st.resources[id].status == "CREATE_IN_PROGRESS" {
			st.noteResource(at, id, "CREATE_FAILED", cancelled)
		}
	}
	switch onFailure {
	case "DO_NOTHING":
		st.setStatus(at, "CREATE_FAILED", reason)
	case "DELETE":
		st.setStatus(at, "DELETE_IN_PROGRESS", reason+" Delete requested by user.")
		st.planDelete(at, "DELETE_COMPLETE", "DELETE_FAILED")
	default:
		st.setStatus(at, "ROLLBACK_IN_PROGRESS", reason+" Rollback requested by user.")
		st.planDelete(at, "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
	}
}

func (c *Cloud) deleteStack(now time.Time, f form) (node, *fault) {
	st, err := c.find(f.Get("StackName"))
	switch {
	case err != nil, st.status == "DELETE_COMPLETE", st.status == "DELETE_IN_PROGRESS":
		return "", nil // AWS has no error for it
	case st.protected:
		return "", invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", st.name)
	case st.busy() && st.status != "CREATE_IN_PROGRESS":
		return "", invalid("Stack [%s] cannot be deleted while in status %s", st.name, st.status)
	}
	st.queue, st.token, st.detailed = nil, f.Get("ClientRequestToken"), ""
	st.setStatus(now, "DELETE_IN_PROGRESS", initiated)
	st.planDelete(now, "DELETE_COMPLETE", "DELETE_FAILED")
	return "", nil
}

// destroy deletes a resource, or leaves one that is to be retained.
func (st *stack) destroy(at time.Time, id string) {
	r := st.resources[id]
	if st.request.template.Resources[id].DeletionPolicy == "Retain" {
		r.exists, r.retained = false, true
		st.noteResource(at, id, "DELETE_SKIPPED", "")
		return
	}
	reason, fails := st.cloud.failures["DELETE "+id]
	if !fails {
		reason = st.mayDo("DELETE", r.kind, id)
	}
	if reason == "" {
		reason = st.release(r)
	}
	if reason != "" {
		st.noteResource(at, id, "DELETE_FAILED", reason)
		return
	}
	r.exists = false
	st.noteResource(at, id, "DELETE_COMPLETE", "")
}

// planDelete deletes what is there, in reverse order.
func (st *stack) planDelete(now time.Time, good, bad string) {
	at := now
	order := st.order()
	slices.Reverse(order)
	for _, id := range order {
		r := st.resources[id]
		if r == nil || !r.exists {
			continue
		}
		at = at.Add(min(stepTook, st.cloud.took(r.kind)))
		st.later(at, func(at time.Time) { st.noteResource(at, id, "DELETE_IN_PROGRESS", "") })
		at = at.Add(st.cloud.took(r.kind))
		st.later(at, func(at time.Time) { st.destroy(at, id) })
	}
	st.later(at.Add(stepTook), func(at time.Time) {
		var left []string
		for _, id := range sortedKeys(st.resources) {
			if st.resources[id].exists {
				left = append(left, id)
			}
		}
		if len(left) > 0 {
			st.setStatus(at, bad, "The following resource(s) failed to delete: ["+strings.Join(left, ", ")+"].")
			return
		}
		st.changeSets = map[string]*changeSet{}
		st.setStatus(at, good, "")
	})
}
