package publish

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/configs"
	"github.com/streamwatch/streamwatch/probe"
)

// An event goes on for hours. What keeps a stream from having embeds is said once,
// and not tried again; so is what they lack as long as there is no manifest.
func TestEmbedsAreToldOnce(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	event := configs.Default()
	event.Event, event.Player.AllowInsecure = "autumn", true
	event.Streams = []configs.Stream{
		{Name: "signed", Manifest: "/signed.m3u8?token=x"}, {Name: "later", Manifest: "/later.m3u8"},
	}
	dir := t.TempDir()
	e := New(&event, "http://127.0.0.1:1", nil, dir, zap.New(core))
	for range 3 {
		if left := e.writeAll(t.Context()); left != 1 {
			t.Errorf("%d streams are tried again, want the one without a manifest", left)
		}
		if e.missing() {
			t.Error("embeds that cannot be are missing")
		}
	}
	for stream, want := range map[string]int{"signed": 1, "later": 1} {
		if got := logs.FilterField(zap.String("stream", stream)).Len(); got != want {
			t.Errorf("%s: %d lines, want %d: %v", stream, got, want, logs.All())
		}
	}
	changed := event
	changed.Streams = []configs.Stream{{Name: "signed", Manifest: "/signed.m3u8"}, event.Streams[1]}
	e.Change(&changed, []string{"signed"})
	if left := e.writeAll(t.Context()); left != 2 {
		t.Errorf("%d streams without a manifest, want 2", left)
	}
	if _, err := os.Stat(dir + "/signed"); err != nil {
		t.Error(err)
	}
}

// A hint is said where there is one, and a full disk has one.
func TestHintsOfEmbeds(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	event := configs.Default()
	event.Event, event.Player.AllowInsecure = "autumn", true
	event.Streams = []configs.Stream{{Name: "main", Manifest: "/main.m3u8"}}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e := New(&event, "http://127.0.0.1:1", nil, file, zap.New(core))
	e.writeAll(t.Context())
	told := logs.FilterMessage("embeds not written").All()
	if len(told) != 1 {
		t.Fatalf("told %+v", logs.All())
	}
	if hint, ok := told[0].ContextMap()["hint"]; ok {
		t.Errorf("hint %q, want none", hint)
	}
	full := fmt.Errorf("writing embeds: %w", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
	if got := probe.HintOf(hinted(full, "out/autumn")); got != "make room on the disk of out/autumn" {
		t.Errorf("hint %q of a full disk", got)
	}
}
