package main_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// buildBinary returns what `go build` makes of the command, once for all tests.
func buildBinary(t *testing.T) string {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

var built = sync.OnceValues(func() (string, error) {
	scripted, err := exec.LookPath("streamwatch") // testscript puts it there, and takes the folder away in the end
	if err != nil {
		return "", fmt.Errorf("the folder of the scripts' programs: %w", err)
	}
	binary := filepath.Join(filepath.Dir(scripted), "streamwatch-built")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, out)
	}
	return binary, nil
})
