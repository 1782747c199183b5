//go:build unix

package configs

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe among the files of streams, which nobody writes to, holds up nothing.
func TestAPipeAmongFilesOfStreams(t *testing.T) {
	dir := folder(t, map[string]string{"event.yaml": manyEvent, "streams/b.yaml": "name: b\nmanifest: /b.m3u8\n"})
	if err := syscall.Mkfifo(filepath.Join(dir, "streams", "a.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	event, err := Load(filepath.Join(dir, "event.yaml"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if aside := event.Aside(); len(aside) != 1 || !strings.HasSuffix(aside[0].File, "a.yaml") {
		t.Errorf("aside %+v", aside)
	}
	if event.Stream("b") == nil {
		t.Error("the file beside the pipe is not read")
	}
}
