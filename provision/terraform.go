package provision

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Parameters returns the values for the parameters of the template as the AWS CLI
// reads them from a file (--parameters file://…), and the names of those that are
// secret: they are left out, so that a deployment without them fails loudly.
func Parameters(s Spec) (text []byte, secret []string, err error) {
	type value struct{ ParameterKey, ParameterValue string }
	values := []value{}
	for _, p := range s.parameters() {
		if p.secret {
			secret = append(secret, p.name)
			continue
		}
		values = append(values, value{p.name, p.value})
	}
	text, err = json.MarshalIndent(values, "", "  ")
	return append(text, '\n'), secret, err
}

// Terraform returns a configuration with an aws_cloudformation_stack for each
// stack of s, around the very template that provision would send: there is one
// description of the resources and not two, and `cloudformation.adopt` finds the
// outputs. Secrets are variables.
func Terraform(s Spec) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("# Made by streamwatch from the event file of " + s.Event + ": change that, not this.\n")
	out.WriteString("terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n\n")
	fmt.Fprintf(&out, "provider \"aws\" {\n  region = %q\n}\n", s.Region)
	for _, p := range s.parameters() {
		if p.secret {
			fmt.Fprintf(&out, "\nvariable %q {\n  type      = string\n  sensitive = true\n}\n", p.name)
		}
	}
	for i, one := range s.Stacks() {
		if err := terraformStack(&out, one, i < len(s.Beside), len(s.Beside)); err != nil {
			return nil, err
		}
	}
	if !s.AlarmsOnly {
		out.WriteString("\noutput \"domain_name\" {\n  value = aws_cloudformation_stack.live.outputs[\"DomainName\"]\n}\n")
	}
	return out.Bytes(), nil
}

func terraformStack(out *bytes.Buffer, s Spec, beside bool, besides int) error {
	body, err := Template(s)
	if err != nil {
		return err
	}
	name := "live"
	if beside {
		name = "alarms_" + s.StackName[strings.LastIndex(s.StackName, "-")+1:]
	}
	fmt.Fprintf(out, "\nresource \"aws_cloudformation_stack\" %q {\n  name = %q\n", name, s.StackName)
	if s.RoleARN != "" {
		fmt.Fprintf(out, "  iam_role_arn = %q\n", s.RoleARN)
	}
	out.WriteString("  tags = {\n")
	tags := map[string]string{ownerTag: s.Event}
	maps.Copy(tags, s.Tags)
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(out, "    %s = %s\n", quoteHCL(key), quoteHCL(tags[key]))
	}
	out.WriteString("  }\n")
	if parameters := s.parameters(); len(parameters) > 0 {
		out.WriteString("  parameters = {\n")
		for _, p := range parameters {
			value := quoteHCL(p.value)
			if p.secret {
				value = "var." + p.name
			}
			fmt.Fprintf(out, "    %s = %s\n", p.name, value)
		}
		out.WriteString("  }\n")
	}
	if policy := (&Stack{spec: s}).policy(); policy != nil {
		fmt.Fprintf(out, "  policy_body = %s\n", quoteHCL(oneLine(*policy)))
	}
	if !beside && besides > 0 {
		out.WriteString("  # Alarms here are over alarms there.\n  depends_on = [")
		for n := range besides {
			if n > 0 {
				out.WriteString(", ")
			}
			fmt.Fprintf(out, "aws_cloudformation_stack.alarms_%d", n+1)
		}
		out.WriteString("]\n")
	}
	fmt.Fprintf(out, "  template_body = %s\n}\n", quoteHCL(string(body)))
	return nil
}

// quoteHCL writes a text as a quoted template of HCL, in which ${ and %{ begin
// something else.
func quoteHCL(text string) string {
	quoted := new(strings.Builder)
	enc := json.NewEncoder(quoted) // HCL knows the escapes of JSON
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string can always be written
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strings.TrimSpace(quoted.String()))
}
