//go:build linux

package fleet

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// A hub with a NATS of its own says what is wrong with the folder of that, waits
// while its disk is full and goes on once there is room.
func TestADiskThatIsFull(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	proctest.SmallDisk(t, disk, "1m")
	fill := filepath.Join(disk, "fill")
	if err := os.WriteFile(fill, make([]byte, 2<<20), 0o600); err == nil {
		t.Fatal("the disk holds more than it should")
	}
	core, logs := observer.New(zap.WarnLevel)
	log := zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
		if strings.Contains(e.Message, "waiting for it") {
			return os.Remove(fill)
		}
		return nil
	}))
	h, err := OpenHub(
		soon(t), HubOptions{Plan: plan(), Embedded: Embedded{Listen: "127.0.0.1:0", Folder: disk}, Log: log},
	)
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	told := logs.FilterMessageSnippet("waiting for it").All()
	if len(told) != 1 {
		t.Fatalf("told %+v", logs.All())
	}
	said := told[0].ContextMap()
	text, _ := said["error"].(string)
	hint, _ := said["hint"].(string)
	folder := filepath.Join(disk, "nats")
	if !strings.Contains(text, folder+" cannot be written: no space left on device") ||
		!strings.Contains(hint, "make room on its disk") {
		t.Errorf("error %q, hint %q", text, hint)
	}
}

// What waiting does not mend is said at once.
func TestADiskThatIsReadOnly(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	proctest.SmallDisk(t, disk, "1m")
	folder := filepath.Join(disk, "nats")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := OpenHub(soon(t), HubOptions{Plan: plan(), Embedded: Embedded{Listen: "127.0.0.1:0", Folder: disk}})
	says(t, err, folder+" cannot be written: read-only file system")
}
