package awstest

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// alarm is one alarm as CloudWatch has it.
type alarm struct {
	name      string
	composite bool
	enabled   bool // ActionsEnabled
	changes   []bool
	actions   int // how many
	state     string
	children  []string // of a composite
	tags      map[string]string
}

func (a *alarm) arn() string {
	return fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s", Region, Account, a.name)
}

// Armed returns the alarms that have actions, and whether these are switched on.
func (c *Cloud) Armed() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(time.Now())
	out := map[string]bool{}
	for name, a := range c.alarms {
		if a.actions > 0 {
			out[name] = a.enabled
		}
	}
	return out
}

// Switched returns for each alarm that has actions how these were switched since
// the last call, the state of now as the last.
func (c *Cloud) Switched() map[string][]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance(time.Now())
	out := map[string][]bool{}
	for name, a := range c.alarms {
		if a.actions > 0 {
			out[name] = append(a.changes, a.enabled)
			a.changes = nil
		}
	}
	return out
}

// enable switches the actions, and notes from what.
func (a *alarm) enable(on bool) {
	if on != a.enabled {
		a.changes, a.enabled = append(a.changes, a.enabled), on
	}
}

// Disarm switches the actions of an alarm off, as somebody else's doing.
func (c *Cloud) Disarm(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alarms[name].enable(false)
}

// Samples returns how many samples were put, by "Namespace/Metric Dimension=Value".
func (c *Cloud) Samples() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	maps.Copy(out, c.samples)
	return out
}

// cloudWatch answers a request in the protocol rpc-v2-cbor.
func (c *Cloud) cloudWatch(w http.ResponseWriter, req *http.Request, op string) {
	var body io.Reader = req.Body
	if req.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(req.Body)
	}
	text, err := io.ReadAll(io.LimitReader(body, maxRequest))
	v, decoded := cbor.Decode(text)
	in, _ := v.(cbor.Map)
	if err != nil || decoded != nil {
		writeCBORError(w, &fault{"SerializationException", "the request cannot be read"})
		return
	}
	names := words(in["AlarmNames"])
	c.calls = append(c.calls, Call{At: time.Now(), Action: op, Names: names})
	if refused := c.refused(op); refused != nil {
		writeCBORError(w, &fault{refused.code, refused.message})
		return
	}
	out, bad := c.answer(op, in, names)
	if bad != nil {
		writeCBORError(w, bad)
		return
	}
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	_, _ = w.Write(cbor.Encode(out))
}

func (c *Cloud) answer(op string, in cbor.Map, names []string) (cbor.Map, *fault) {
	ask := func(on string) *fault {
		keys := map[string][]string{"cloudwatch:namespace": {word(in["Namespace"])}}
		if !c.allowed("cloudwatch:"+op, on, keys) {
			return denied("cloudwatch:"+op, on)
		}
		return nil
	}
	switch op {
	case "PutMetricData":
		if err := ask("*"); err != nil {
			return nil, err
		}
		c.putSamples(in)
	case "GetMetricData":
		return cbor.Map{}, ask("*")
	case "DescribeAlarms":
		if err := ask(fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:", Region, Account)); err != nil {
			return nil, err
		}
		return c.describeAlarms(names, words(in["AlarmTypes"])), nil
	case "EnableAlarmActions", "DisableAlarmActions":
		for _, name := range names {
			if err := ask(fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s", Region, Account, name)); err != nil {
				return nil, err
			}
		}
		for _, name := range names { // one that does not exist is no error
			if a := c.alarms[name]; a != nil {
				a.enable(op == "EnableAlarmActions")
			}
		}
	case "TagResource", "UntagResource", "ListTagsForResource":
		arn := word(in["ResourceARN"])
		if err := ask(arn); err != nil {
			return nil, err
		}
		return c.tagAlarm(op, arn, in)
	default:
		return nil, &fault{"InvalidAction", "this double has no " + op}
	}
	return cbor.Map{}, nil
}

func (c *Cloud) putSamples(in cbor.Map) {
	if c.samples == nil {
		c.samples = map[string]int{}
	}
	for _, m := range elements(in["MetricData"]) {
		datum, _ := m.(cbor.Map)
		var name strings.Builder
		name.WriteString(word(in["Namespace"]) + "/" + word(datum["MetricName"]))
		for _, dimension := range elements(datum["Dimensions"]) {
			pair, _ := dimension.(cbor.Map)
			name.WriteString(" " + word(pair["Name"]) + "=" + word(pair["Value"]))
		}
		for _, n := range elements(datum["Counts"]) {
			count, _ := cbor.AsFloat64(n)
			c.samples[name.String()] += int(count)
		}
	}
}

func (c *Cloud) describeAlarms(names, types []string) cbor.Map {
	metric, composite := cbor.List{}, cbor.List{}
	for _, name := range sortedKeys(c.alarms) {
		a := c.alarms[name]
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		one := cbor.Map{
			"AlarmName": cbor.String(a.name), "AlarmArn": cbor.String(a.arn()),
			"ActionsEnabled": cbor.Bool(a.enabled), "StateValue": cbor.String(a.state),
		}
		switch {
		case a.composite && slices.Contains(types, "CompositeAlarm"):
			composite = append(composite, one)
		case !a.composite && (len(types) == 0 || slices.Contains(types, "MetricAlarm")):
			metric = append(metric, one)
		}
	}
	return cbor.Map{"MetricAlarms": metric, "CompositeAlarms": composite}
}

func (c *Cloud) tagAlarm(op, arn string, in cbor.Map) (cbor.Map, *fault) {
	a := c.alarms[arn[strings.LastIndex(arn, ":")+1:]]
	if a == nil {
		return nil, &fault{"ResourceNotFoundException", "no alarm " + arn}
	}
	switch op {
	case "TagResource":
		for _, t := range elements(in["Tags"]) {
			pair, _ := t.(cbor.Map)
			a.tags[word(pair["Key"])] = word(pair["Value"])
		}
	case "UntagResource":
		for _, key := range words(in["TagKeys"]) {
			delete(a.tags, key)
		}
	default:
		list := cbor.List{}
		for _, key := range sortedKeys(a.tags) {
			list = append(list, cbor.Map{"Key": cbor.String(key), "Value": cbor.String(a.tags[key])})
		}
		return cbor.Map{"Tags": list}, nil
	}
	return cbor.Map{}, nil
}

func writeCBORError(w http.ResponseWriter, err *fault) {
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("X-Amzn-Query-Error", err.code+";Sender")
	w.WriteHeader(statusOf(err.code))
	_, _ = w.Write(cbor.Encode(cbor.Map{
		"__type":  cbor.String("com.amazonaws.cloudwatch#" + err.code),
		"message": cbor.String(err.message),
	}))
}

func elements(v cbor.Value) cbor.List {
	list, _ := v.(cbor.List)
	return list
}

func word(v cbor.Value) string {
	s, _ := v.(cbor.String)
	return string(s)
}

func words(v cbor.Value) []string {
	var list []string
	for _, e := range elements(v) {
		list = append(list, word(e))
	}
	return list
}
