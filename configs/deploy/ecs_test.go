package deploy_test

import (
	"cmp"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// The stack is one that CloudFormation takes: cfn-lint knows its schemas.
func TestStackOfECS(t *testing.T) {
	t.Parallel()
	lint, err := exec.LookPath(cmp.Or(os.Getenv("CFN_LINT"), "cfn-lint"))
	if err != nil {
		skip(t, "cfn-lint is not installed (pip install cfn-lint, or CFN_LINT=path)")
	}
	out, errs, err := run(t, lint, "--regions", "us-east-1", "eu-west-1", "--include-checks", "I",
		"--non-zero-exit-code", "informational", "--", "ecs/service.yaml")
	if err != nil {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
}

var (
	modules   = regexp.MustCompile(`(?s)parameters = \{\n(.*?)\n *#? *\}`)
	attribute = regexp.MustCompile(`(?m)^[# ]*(\w+) +=`)
)

// The module and its example are well-formed, and every parameter that they give is
// one of the stack; those without a default are given.
func TestTerraform(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("ecs/service.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var parameters map[string]struct {
		Default *string `yaml:"Default"`
	}
	var loose yaml.Node // with tags such as !Ref
	if err := yaml.Unmarshal(text, &loose); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(loose.Content[0].Content); i += 2 {
		if loose.Content[0].Content[i].Value == "Parameters" {
			if err := loose.Content[0].Content[i+1].Decode(&parameters); err != nil {
				t.Fatal(err)
			}
		}
	}
	found := 0
	for _, file := range []string{"ecs/main.tf", "ecs/regions/main.tf"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range modules.FindAllStringSubmatch(string(text), -1) {
			found++
			given := []string{"Name"} // by the module
			for _, a := range attribute.FindAllStringSubmatch(m[1], -1) {
				given = append(given, a[1])
				if _, known := parameters[a[1]]; !known {
					t.Errorf("%s: the stack has no parameter %s", file, a[1])
				}
			}
			for name, p := range parameters {
				if p.Default == nil && !slices.Contains(given, name) {
					t.Errorf("%s: %s is not given in\n%s", file, name, strings.TrimSpace(m[1]))
				}
			}
		}
	}
	if found != 4 {
		t.Errorf("found parameters at %d places", found)
	}
	out, errs, err := run(t, had(t, hclfmt), "-check", "ecs/main.tf", "ecs/regions/main.tf")
	if err != nil {
		t.Errorf("%v\n%s%s", err, out, errs)
	}
}
