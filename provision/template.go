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

// maxTemplate is the limit of CloudFormation for a template in the request.
const maxTemplate = 51_200

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
// that an extra resource does not fit, or the whole is above 51,200 bytes.
func Template(s Spec) ([]byte, error) {
	resources := object{
		manifestPolicyID: manifestPolicy(s),
		segmentPolicyID:  segmentPolicy(s),
		distributionID:   resource("AWS::CloudFront::Distribution", object{"DistributionConfig": distributionConfig(s)}),
	}
	addOptional(s, resources)
	outputs := templateOutputs(s)
	if err := addExtra(resources, s.Extra.Resources); err != nil {
		return nil, fmt.Errorf("extra resource %w", err)
	}
	if err := addExtra(outputs, s.Extra.Outputs); err != nil {
		return nil, fmt.Errorf("extra output %w", err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(object{
		"AWSTemplateFormatVersion": "2010-09-09",
		"Description":              "Live HTTP streaming for the event " + s.Event + ". Made by streamwatch from its event.yaml: change that, not this.",
		"Parameters":               templateParameters(s),
		"Resources":                resources,
		"Outputs":                  outputs,
	})
	if err != nil {
		return nil, fmt.Errorf("rendering the template: %w", err)
	}
	if out.Len() > maxTemplate {
		return nil, fmt.Errorf("the template has %d bytes, CloudFormation takes %d: watch fewer streams with alarms in one event", out.Len(), maxTemplate)
	}
	return out.Bytes(), nil
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
	out := object{
		paramHost: object{
			"Type":                  "String",
			"Description":           "DNS name of the custom origin that CloudFront will get the live feed from",
			"AllowedPattern":        `^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`,
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

// templateOutputs are what a person or `run` needs once the stack is there.
func templateOutputs(s Spec) object {
	domain := attribute(distributionID, "DomainName")
	out := object{
		"DomainName":     object{"Value": domain, "Description": "CloudFront domain name of the distribution"},
		"DistributionId": object{"Value": ref(distributionID), "Description": "Id of the distribution"},
	}
	var host any = domain
	if len(s.Aliases) > 0 {
		host = s.Aliases[0]
	}
	for i, path := range s.Manifests[:min(len(s.Manifests), maxOutputs)] {
		id := "ManifestURL"
		if i > 0 {
			id += strconv.Itoa(i + 1)
		}
		path, _, _ = strings.Cut(path, "?") // a token in it is not for everybody to read
		out[id] = object{
			"Value":       object{"Fn::Join": []any{"", []any{"https://", host, "/" + strings.TrimLeft(path, "/")}}},
			"Description": "Address of a playlist for players",
		}
	}
	return out
}
