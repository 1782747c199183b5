package publish

import (
	"os"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/configs"
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
