// Package deploy_test tries what people install streamwatch with: the chart and the
// manifests made of it, the stack of ECS, the unit of systemd.
package deploy_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Tools that are run by path and version, as in the Makefile.
const (
	helm   = "helm.sh/helm/v3/cmd/helm@v3.22.0"
	hclfmt = "github.com/hashicorp/hcl/v2/cmd/hclfmt@v2.24.0"
)

// skip ends a test for want of a tool; the pipeline must have them all.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

var programs sync.Map // of modules, func() (string, error)

// had finds the program of a Go module, which is built once and kept in the build cache.
func had(t *testing.T, module string) string {
	t.Helper()
	find, _ := programs.LoadOrStore(module, sync.OnceValues(func() (string, error) {
		var errs bytes.Buffer
		cmd := exec.Command("go", "run", "-exec", "echo", module)
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, errs.String())
		}
		return strings.TrimSpace(string(out)), err
	}))
	program, err := find.(func() (string, error))()
	if err != nil {
		skip(t, fmt.Sprintf("%s cannot be had: %v", module, err))
	}
	return program
}

// run runs a program and returns what it wrote.
func run(t *testing.T, program string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// golden compares a file with what is made now.
func golden(t *testing.T, path, made string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(made), 0o644); err != nil { //nolint:gosec // a file that everyone reads
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != made {
		t.Errorf("%s is old: run make golden", path)
	}
}
