package provision

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// nameProperties are the properties that name a resource, by its type. Another
// name would replace the resource, or collide while both exist.
func nameProperties(kind string) []string {
	switch kind {
	case "AWS::CloudFront::CachePolicy":
		return []string{"CachePolicyConfig", "Name"}
	case "AWS::CloudFront::ResponseHeadersPolicy":
		return []string{"ResponseHeadersPolicyConfig", "Name"}
	case "AWS::CloudFront::KeyGroup":
		return []string{"KeyGroupConfig", "Name"}
	case "AWS::CloudFront::Function":
		return []string{"Name"}
	case "AWS::CloudWatch::Dashboard":
		return []string{"DashboardName"}
	case "AWS::Logs::LogGroup":
		return []string{"LogGroupName"}
	}
	return nil
}

// keepNames returns a template in which every resource that stands already, in
// a stack made from another template, has the name that it has there. So a
// release that names things differently changes nothing that exists.
func keepNames(body, standing []byte) ([]byte, error) {
	var next, now object
	if json.Unmarshal(standing, &now) != nil { // such as YAML, of somebody else's hand
		return body, nil
	}
	if err := json.Unmarshal(body, &next); err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	changed := false
	for id, r := range child(next, "Resources") {
		to, _ := r.(object)
		from := child(child(now, "Resources"), id)
		kind, _ := to["Type"].(string)
		if from["Type"] != kind {
			continue
		}
		// CloudFront cannot change a key: its name and reference stay together.
		if kind == "AWS::CloudFront::PublicKey" {
			to["Properties"], changed = from["Properties"], true
			continue
		}
		path := nameProperties(kind)
		if path == nil {
			continue
		}
		target, source := child(to, "Properties"), child(from, "Properties")
		for _, key := range path[:len(path)-1] {
			target, source = child(target, key), child(source, key)
		}
		last := path[len(path)-1]
		if name, given := source[last]; given && !reflect.DeepEqual(target[last], name) {
			target[last], changed = name, true
		}
	}
	if !changed {
		return body, nil
	}
	return encode(next)
}

// child returns the object below a key, an empty one where there is none.
func child(of object, key string) object {
	if o, ok := of[key].(object); ok {
		return o
	}
	return object{}
}
