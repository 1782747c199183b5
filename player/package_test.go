package player_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// The folder is a package that npm packs and installs, with what it exports.
func TestPackage(t *testing.T) {
	t.Parallel()
	proctest.Need(t, "npm", "node")
	files := render(t, benchFacts(), player.Options{})
	dir, user := t.TempDir(), t.TempDir()
	if _, err := player.Write(dir, "", files); err != nil {
		t.Fatal(err)
	}
	run := func(at, name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.Stderr = at, t.Output()
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v", name, args, err)
		}
		return strings.TrimSpace(string(out))
	}
	tarball := filepath.Join(dir, run(dir, "npm", "pack", "--silent"))
	list := run(dir, "tar", "-tzf", tarball)
	for _, want := range []string{
		"package/streamwatch-player.mjs", "package/streamwatch-player.js", "package/streamwatch-player.d.ts",
		"package/react.jsx", "package/package.json",
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the package lacks %s:\n%s", want, list)
		}
	}
	if strings.Contains(list, "player.json") || strings.Contains(list, ".html") {
		t.Errorf("the package has more than the element:\n%s", list)
	}
	if err := os.MkdirAll(filepath.Join(user, "node_modules", "streamwatch-player"), 0o755); err != nil {
		t.Fatal(err)
	}
	run(user, "tar", "-xzf", tarball, "--strip-components=1", "-C", "node_modules/streamwatch-player")
	// A server that renders pages imports it too, and has no HTMLElement.
	got := run(user, "node", "--input-type=module", "-e",
		"import { StreamWatchPlayer } from 'streamwatch-player'; console.log(typeof StreamWatchPlayer)")
	if got != "function" {
		t.Errorf("the package exports %q", got)
	}
}
