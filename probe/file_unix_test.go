//go:build unix

package probe

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What is no file is written to and stays what it is, and so does a link.
func TestReplaceFileKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	pipe, link, target := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), filepath.Join(dir, "target")
	if err := errors.Join(
		syscall.Mkfifo(pipe, 0o600), os.WriteFile(target, nil, 0o600), os.Symlink("target", link),
	); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		text, _ := os.ReadFile(pipe)
		got <- string(text)
	}()
	if err := errors.Join(WriteFile(pipe, "one"), WriteFile(link, "two")); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "one" {
		t.Errorf("the pipe gave %q", text)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("the pipe is %v now, %v", info, err)
	}
	if text, err := os.ReadFile(target); err != nil || string(text) != "two" {
		t.Errorf("the link's target has %q, %v", text, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is %v now, %v", info, err)
	}
}
