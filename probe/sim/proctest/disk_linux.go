package proctest

import (
	"os"
	"syscall"
	"testing"
)

// SmallDisk mounts a file system of a size, such as "16m", on a folder until the test
// ends. Only root can: the test of anybody else is skipped. Where CI=true and root
// cannot either, it fails.
func SmallDisk(t *testing.T, folder, size string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") == "true" && os.Geteuid() == 0 {
			t.Fatalf("mounting a small disk: %v", err)
		}
		t.Skipf("no small disk, which only root can mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
}
