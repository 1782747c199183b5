package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// wanted are command lines in what people install streamwatch with. The first
// group of each is the arguments, as words or as a list of YAML.
var wanted = map[string]*regexp.Regexp{
	"../../configs/deploy/kubernetes.yaml":       regexp.MustCompile(`(?m)^ +args: (\[.*\])$`),
	"../../configs/deploy/kubernetes-fleet.yaml": regexp.MustCompile(`(?m)^ +args: (\[.*\])$`),
	"../../configs/deploy/ecs/service.yaml":      regexp.MustCompile(`Command: \[CMD, /streamwatch, (status, --health)`),
	"../../configs/deploy/streamwatch@.service":  regexp.MustCompile(`(?m)^ExecStart=streamwatch (.*)$`),
	"../../configs/deploy/image/image.go":        regexp.MustCompile(`Cmd: +\[\]string\{(.*)\},`),
	"../../configs/deploy/packages/check.sh":     regexp.MustCompile(`/streamwatch (status --health|run [^>]*) `),
}

// Every command line in manifests and units is one that streamwatch
// knows, with flags that it has.
func TestDeployedCommands(t *testing.T) {
	t.Parallel()
	for path, find := range wanted {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := find.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s has no command line", path)
		}
		for _, m := range found {
			var args []string
			if strings.HasPrefix(m[1], "[") || strings.Contains(m[1], ",") {
				if err := yaml.Unmarshal([]byte("["+strings.Trim(m[1], "[]")+"]"), &args); err != nil {
					t.Errorf("%s: %s: %v", path, m[1], err)
				}
			} else {
				args = strings.Fields(m[1])
			}
			c := &cli{stdout: io.Discard, stderr: io.Discard, env: os.LookupEnv}
			cmd, rest, err := c.root().Find(args)
			if err == nil && !cmd.HasParent() {
				t.Errorf("%s: there is no command %q", path, args)
			} else if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err == nil {
				err = cmd.ValidateArgs(cmd.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: %q: %v", path, args, err)
			}
		}
	}
}
