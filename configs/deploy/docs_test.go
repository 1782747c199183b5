package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var shell = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// stubs stand in for programs that would change the machine or a cluster: what is
// named on their command line must be there. An installation by helm is rendered.
// The packages, the unit and the image are tried by `make package-check`, and the
// commands of streamwatch by the tests of cmd/streamwatch.
var stubs = map[string]string{
	"helm":        `shift; exec "$HELM" template --kube-version 1.37.0 "$@" >/dev/null`,
	"kubectl":     `for a; do case $a in configs/*) test -f "$a" || exit 1 ;; esac; done`,
	"aws":         `for a; do case $a in configs/*) test -f "$a" || exit 1 ;; esac; done`,
	"podman":      ``,
	"sha256sum":   ``,
	"apt-get":     ``,
	"rpm":         ``,
	"systemctl":   ``,
	"streamwatch": ``,
}

// The commands of docs/install.md can be given as they stand there.
func TestInstallCommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	event, err := os.ReadFile("helm/run.yaml")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, inline, _ := strings.Cut(string(event), "event: |\n")
	inline, _, _ = strings.Cut(inline, "secretEnv:")
	files := map[string]string{"event.yaml": strings.ReplaceAll(inline, "\n  ", "\n")[2:]}
	for name, body := range stubs {
		files["bin/"+name] = "#!/bin/bash\n" + body + "\n"
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil { //nolint:gosec // programs
		t.Fatal(err)
	}
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o755); err != nil { //nolint:gosec // programs
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(root, "configs"), filepath.Join(dir, "configs")); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, block := range shell.FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			n++
			if _, known := stubs[strings.Fields(line)[0]]; !known {
				t.Errorf("docs/install.md has a command that is not tested: %s", line)
				continue
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-c", line)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "HELM="+had(t, helm))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s%v\n%s", line, err, out)
			}
		}
	}
	if n < 15 {
		t.Errorf("found %d commands", n)
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join(root, "docs", m[1])); err != nil {
			t.Errorf("docs/install.md links to %s: %v", m[1], err)
		}
	}
}
