package provision

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// MaxTemplate is how many bytes CloudFormation takes for a template in the
// request (CreateStack, TemplateBody).
const MaxTemplate = 51_200

// OutputKeyPairID is the output with the id of the public key that the stack made:
// what signs names it.
const OutputKeyPairID = "KeyPairId"

// outputBeside says how many stacks are beside this one.
const outputBeside = "AlarmStacks"

// maxOutputs of manifests leaves room below CloudFormation's limit of 200.
const maxOutputs = 100

// Logical ids are for ever: renaming Distribution would replace it and change
// the domain that viewers have.
const (
	distributionID   = "Distribution"
	manifestPolicyID = "ManifestCachePolicy"
	segmentPolicyID  = "SegmentCachePolicy"
	corsPolicyID     = "Cors"
	keyGroupID       = "KeyGroup"
	preflightID      = "Preflight"
)

// Parameters that the tutorial's template had.
const (
	paramHost    = "CustomOriginDNSName"
	paramPort    = "CustomOriginHTTPPort"
	paramComment = "DistributionComment"
)

// object is a JSON object; encoding/json writes its keys in order, which makes
// the template the same bytes every time.
type object = map[string]any

func ref(id string) object                  { return object{"Ref": id} }
func attribute(id, name string) object      { return object{"Fn::GetAtt": []string{id, name}} }
func substitute(text string) object         { return object{"Fn::Sub": text} }
func resource(kind string, p object) object { return object{"Type": kind, "Properties": p} }

// Template returns the CloudFormation template of s as JSON, the same bytes for
// the same Spec. It holds no secret: those are NoEcho parameters. The error says
// that an extra resource does not fit, or, as *SizeError, that the whole is above
// MaxTemplate. Stacks beside have templates of their own: see Stacks.
func Template(s Spec) ([]byte, error) {
	resources, outputs := object{}, object{}
	description := "Alarms and dashboard of the event " + s.Event
	if !s.AlarmsOnly {
		description = "Live HTTP streaming for the event " + s.Event
		resources = object{
			manifestPolicyID: manifestPolicy(s),
			segmentPolicyID:  segmentPolicy(s),
			distributionID:   resource("AWS::CloudFront::Distribution", object{"DistributionConfig": distributionConfig(s)}),
		}
		addOptional(s, resources)
		outputs = templateOutputs(s)
	}
	if len(s.Beside) > 0 {
		outputs[outputBeside] = object{
			"Value":       strconv.Itoa(len(s.Beside)),
			"Description": "How many stacks of alarms are beside this one",
		}
	}
	if err := addExtra(resources, s.Extra.Resources); err != nil {
		return nil, fmt.Errorf("extra resource %w", err)
	}
	if err := addExtra(outputs, s.Extra.Outputs); err != nil {
		return nil, fmt.Errorf("extra output %w", err)
	}
	whole := object{
		"AWSTemplateFormatVersion": "2010-09-09",
		"Description":              description + ". Made by streamwatch from its event.yaml: change that, not this.",
		"Resources":                resources,
	}
	if parameters := templateParameters(s); len(parameters) > 0 {
		whole["Parameters"] = parameters
	}
	if len(outputs) > 0 {
		whole["Outputs"] = outputs
	}
	out, err := encode(whole)
	if err != nil {
		return nil, fmt.Errorf("rendering the template: %w", err)
	}
	if len(out) > MaxTemplate {
		return nil, &SizeError{Bytes: len(out)}
	}
	return out, nil
}

// encode writes JSON without a blank: every byte counts towards MaxTemplate.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(out.Bytes()), err
}

// SizeError is a template that CloudFormation does not take in a request.
type SizeError struct{ Bytes int }

// Error says how large it is.
func (e *SizeError) Error() string {
	return fmt.Sprintf("the template has %d bytes, CloudFormation takes %d", e.Bytes, MaxTemplate)
}

// addExtra puts what others made beside ours, and never over it.
func addExtra(to object, extra map[string]json.RawMessage) error {
	for _, id := range slices.Sorted(maps.Keys(extra)) {
		if _, taken := to[id]; taken {
			return fmt.Errorf("%s: the id is taken", id)
		}
		if !json.Valid(extra[id]) {
			return fmt.Errorf("%s: not JSON", id)
		}
		to[id] = extra[id]
	}
	return nil
}

func templateParameters(s Spec) object {
	if s.AlarmsOnly {
		return nil
	}
	out := object{
		paramHost: object{
			"Type":        "String",
			"Description": "DNS name of the custom origin that CloudFront will get the live feed from",
			"AllowedPattern": `^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+` +
				`[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`,
			"ConstraintDescription": "must be a host name without a scheme, such as live.example.com",
			"MaxLength":             253,
		},
		paramPort: object{
			"Type": "Number", "Default": 80, "MinValue": 80, "MaxValue": 65535,
			"Description": "HTTP TCP port that CloudFront uses towards the origin: 80, 443 or 1024 to 65535",
		},
		paramComment: object{
			"Type": "String", "Default": "Live HTTP streaming", "MaxLength": 128,
			"Description": "Appears in the CloudFront console",
		},
	}
	for _, o := range s.origins() {
		for _, name := range o.headerNames() {
			out[o.parameter(name)] = object{
				"Type": "String", "NoEcho": true, "MinLength": 1, "MaxLength": maxHeaderValue,
				"Description": "Value of the header " + name + " that the origin asks for",
			}
		}
	}
	return out
}

// parameter is one value beside the template.
type parameter struct {
	name, value string
	secret      bool
}

// parameters returns the values for the parameters of the template, by name.
func (s Spec) parameters() []parameter {
	if s.AlarmsOnly {
		return nil
	}
	port := 80 // what CloudFront never uses when it fetches over TLS
	if !s.Origin.TLS {
		port = s.Origin.Port
	}
	out := []parameter{
		{name: paramHost, value: s.Origin.Host},
		{name: paramPort, value: strconv.Itoa(port)},
		{name: paramComment, value: s.Comment},
	}
	for _, o := range s.origins() {
		for _, name := range o.headerNames() {
			out = append(out, parameter{name: o.parameter(name), value: o.Headers[name], secret: true})
		}
	}
	return out
}

// alias is the first of the aliases that is an address, "" for none.
func (s Spec) alias() string {
	for _, a := range s.Aliases {
		if !strings.HasPrefix(a, "*.") {
			return a
		}
	}
	return ""
}

// templateOutputs are what a person or `run` needs once the stack is there.
func templateOutputs(s Spec) object {
	domain := attribute(distributionID, "DomainName")
	out := object{
		"DomainName":     object{"Value": domain, "Description": "CloudFront domain name of the distribution"},
		"DistributionId": object{"Value": ref(distributionID), "Description": "Id of the distribution"},
	}
	if s.Signed.PublicKey != "" {
		out[OutputKeyPairID] = object{
			"Value":       ref(publicKeyID(s)),
			"Description": "Key pair id that signed cookies and URLs name",
		}
	}
	host := "${" + distributionID + ".DomainName}"
	if alias := s.alias(); alias != "" {
		host = alias
	}
	for i, path := range s.Manifests[:min(len(s.Manifests), maxOutputs)] {
		id := "ManifestURL"
		if i > 0 {
			id += strconv.Itoa(i + 1)
		}
		path, _, _ = strings.Cut(path, "?") // a token in it is not for everybody to read
		path = strings.ReplaceAll("/"+strings.TrimLeft(path, "/"), "${", "${!")
		out[id] = object{"Value": substitute("https://" + host + path), "Description": "Address of a playlist for players"}
		if !strings.Contains(host+path, "${") {
			out[id] = object{"Value": "https://" + host + path, "Description": "Address of a playlist for players"}
		}
	}
	return out
}
