// Package deploy_test tries what people install streamwatch with: the chart and the
// manifests made of it, the stack of ECS, the unit of systemd.
package deploy_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
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

var (
	bin      string   // folder of programs that are built; TestMain makes it
	programs sync.Map // of modules, func() (string, error)
)

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "programs"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(bin)
	os.Exit(code)
}

// had returns the program of a Go module, which is built once.
func had(t *testing.T, module string) string {
	t.Helper()
	build, _ := programs.LoadOrStore(module, sync.OnceValues(func() (string, error) {
		cmd := exec.Command("go", "install", module)
		cmd.Env = append(os.Environ(), "GOBIN="+bin)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
		name, _, _ := strings.Cut(path.Base(module), "@")
		return filepath.Join(bin, name), nil
	}))
	program, err := build.(func() (string, error))()
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
func golden(t *testing.T, file, made string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(made), 0o644); err != nil { //nolint:gosec // a file that everyone reads
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != made {
		t.Errorf("%s is old: run make golden", file)
	}
}
