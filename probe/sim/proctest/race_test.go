package proctest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a test leaves out under the race detector, make test runs without it.
func TestRaceLeavesNothingOut(t *testing.T) {
	const top = "../../.."
	makefile, err := os.ReadFile(filepath.Join(top, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	long := regexp.MustCompile(`(?m)^LONG *= (.*)$`).FindSubmatch(makefile)
	packages := regexp.MustCompile(`-run '\$\(LONG\)' (.*)`).FindSubmatch(makefile)
	if long == nil || packages == nil {
		t.Fatal("the Makefile does not say which tests run without the race detector")
	}
	tests, found := strings.Split(string(long[1]), "|"), 0
	function := regexp.MustCompile(`(?ms)^func (Test\w+)\(t \*testing\.T\) \{\n(.*?)^\}`)
	err = filepath.WalkDir(top, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(top, filepath.Dir(path))
		if err != nil || folder == "probe/drill" { // all of which runs without, too
			return err
		}
		for _, f := range function.FindAllSubmatch(text, -1) {
			if !strings.Contains(string(f[2]), "proctest.Race") || string(f[1]) == "TestRaceLeavesNothingOut" {
				continue
			}
			found++
			if !strings.Contains(" "+string(packages[1])+" ", " ./"+folder+" ") || !slices.Contains(tests, string(f[1])) {
				t.Errorf("%s: %s does less under the race detector, and is not LONG in the Makefile", path, f[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != len(tests) {
		t.Errorf("%d tests do less under the race detector, LONG in the Makefile has %d", found, len(tests))
	}
}
