package awstest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxRequest is the limit of CloudFormation for a request, in bytes.
const maxRequest = 1 << 20

// Region and Account are where every stack lives.
const (
	Region  = "us-east-1"
	Account = "123456789012"
)

// Cloud is CloudFormation with the CloudWatch, SNS, CloudFront, ACM and Secrets
// Manager around it, in one account and Region. The zero value is empty and ready; it must not be
// copied. Fields are set before the first request.
type Cloud struct {
	// Policies are the IAM policies of the caller; none allows everything. Allow
	// changes them while requests come.
	Policies [][]byte
	// Taken are names that something outside of stacks has: "TYPE name".
	Taken map[string]bool
	// Topics are topics that no stack made.
	Topics map[string]bool
	// Aliases of other distributions, with their ids.
	Aliases map[string]string
	// Certificates by ARN.
	Certificates map[string]Certificate
	// Secrets of Secrets Manager, by ARN.
	Secrets map[string]Secret

	// Domain is the domain name of distributions; empty makes one up for each.
	Domain string
	// PageSize is how many events or resources one page has; 0 means 100.
	PageSize int
	// Took says how long resources of a type take, where the default does not do.
	Took map[string]time.Duration

	mu       sync.Mutex
	stacks   []*stack
	tokens   map[string]string // of CreateStack, to the id of the stack
	refusals []refusal
	failures map[string]string // "CREATE Distribution" → reason
	calls    []Call
	serial   int
	alarms   map[string]*alarm
	samples  map[string]int
	topics   map[string][]subscription
}

// Call is one request that arrived.
type Call struct {
	At     time.Time
	Action string
	Form   url.Values // of CloudFormation
	Names  []string   // of alarms, to CloudWatch
}

type refusal struct {
	action, code, message string
	status                int
}

// Fail lets an operation on a resource fail from now on: verb is CREATE, UPDATE,
// DELETE or ROLLBACK (of an update). The resource "" stands for the validation
// before a creation.
func (c *Cloud) Fail(verb, resource, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures == nil {
		c.failures = map[string]string{}
	}
	c.failures[verb+" "+resource] = reason
}

// Repair undoes all Fail.
func (c *Cloud) Repair() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.failures)
}

// Refuse lets the next n requests for an action, or for any with "", be
// answered with an error: Refuse(3, "", "Throttling", "Rate exceeded").
func (c *Cloud) Refuse(n int, action, code, message string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	status := statusOf(code)
	for range n {
		c.refusals = append(c.refusals, refusal{action, code, message, status})
	}
}

// statusOf is the status that goes with a code.
func statusOf(code string) int {
	switch code {
	case "AccessDenied", "ExpiredToken", "InvalidClientTokenId":
		return http.StatusForbidden
	case "InternalFailure":
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// refused takes a refusal that was scripted for an action.
func (c *Cloud) refused(action string) *refusal {
	for i, r := range c.refusals {
		if r.action == "" || r.action == action {
			c.refusals = slices.Delete(c.refusals, i, i+1)
			return &r
		}
	}
	return nil
}

// Calls returns the requests so far.
func (c *Cloud) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// Alive returns what exists now and costs: "LiveHTTPStreaming/Distribution".
func (c *Cloud) Alive() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(time.Now())
	var out []string
	for _, st := range c.stacks {
		for id, r := range st.resources {
			if r.exists {
				out = append(out, st.name+"/"+id)
			}
		}
	}
	slices.Sort(out)
	return out
}

// ChangeSets returns how many change sets are there.
func (c *Cloud) ChangeSets() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, st := range c.stacks {
		n += len(st.changeSets)
	}
	return n
}

// Put puts a stack in a status, with tags and nothing in it.
func (c *Cloud) Put(name, status string, tags map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.newStack(name)
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		st.request.tags = append(st.request.tags, tag{key, tags[key]})
	}
	st.setStatus(time.Now(), status, "")
}

// SetStatus forces the status of a stack, as somebody else's doing.
func (c *Cloud) SetStatus(name, status string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(time.Now())
	st, err := c.find(name)
	if err != nil {
		panic(err)
	}
	st.queue = nil
	st.setStatus(time.Now(), status, "")
}

// RoundTrip answers a request of the SDK.
func (c *Cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	c.ServeHTTP(rec, in)
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}

// ServeHTTP answers the same over a socket, for AWS_ENDPOINT_URL.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.advance(now)
	c.serial++
	req.Body = http.MaxBytesReader(w, req.Body, maxRequest)
	if req.Header.Get("Authorization") == "" {
		writeError(w, http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
		return
	}
	if _, op, found := strings.Cut(req.URL.Path, "/operation/"); found {
		c.cloudWatch(w, req, op)
		return
	}
	target := req.Header.Get("X-Amz-Target")
	switch {
	case strings.HasPrefix(req.URL.Path, "/2020-05-31/"):
		c.cloudFront(w, req)
		return
	case strings.HasPrefix(target, "CertificateManager."):
		c.certificates(w, req)
		return
	case strings.HasPrefix(target, "secretsmanager."):
		c.secretsManager(w, req, strings.TrimPrefix(target, "secretsmanager."))
		return
	}
	if err := req.ParseForm(); err != nil {
		writeError(w, http.StatusBadRequest, "MalformedInput", err.Error())
		return
	}
	action := req.PostForm.Get("Action")
	c.calls = append(c.calls, Call{At: now, Action: action, Form: req.PostForm})
	if r := c.refused(action); r != nil {
		writeError(w, r.status, r.code, r.message)
		return
	}
	if action == "ListSubscriptionsByTopic" || action == "GetTopicAttributes" {
		c.notifications(w, action, form{req.PostForm})
		return
	}
	handle, known := actions()[action]
	if !known {
		writeError(w, http.StatusBadRequest, "InvalidAction", "Could not find operation "+action)
		return
	}
	if err := c.authorize(action, form{req.PostForm}); err != nil {
		writeError(w, http.StatusForbidden, err.code, err.message)
		return
	}
	result, err := handle(c, now, form{req.PostForm})
	if err != nil {
		writeError(w, http.StatusBadRequest, err.code, err.message)
		return
	}
	writeResult(w, action, result, fmt.Sprintf("00000000-0000-4000-8000-%012d", c.serial))
}

// actions are the operations that this cloud has.
func actions() map[string]func(*Cloud, time.Time, form) (node, *fault) {
	return map[string]func(*Cloud, time.Time, form) (node, *fault){
		"CreateStack":                 (*Cloud).createStack,
		"DescribeStacks":              (*Cloud).describeStacks,
		"DescribeStackEvents":         (*Cloud).describeStackEvents,
		"DescribeEvents":              (*Cloud).describeEvents,
		"ListStackResources":          (*Cloud).listStackResources,
		"DeleteStack":                 (*Cloud).deleteStack,
		"CreateChangeSet":             (*Cloud).createChangeSet,
		"DescribeChangeSet":           (*Cloud).describeChangeSet,
		"ExecuteChangeSet":            (*Cloud).executeChangeSet,
		"DeleteChangeSet":             (*Cloud).deleteChangeSet,
		"GetStackPolicy":              (*Cloud).getStackPolicy,
		"GetTemplate":                 (*Cloud).getTemplate,
		"SetStackPolicy":              (*Cloud).setStackPolicy,
		"UpdateTerminationProtection": (*Cloud).updateTerminationProtection,
	}
}

// Actions returns the operations that this cloud has, which are those that
// package provision calls.
func Actions() []string { return sortedKeys(actions()) }
