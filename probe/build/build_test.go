package build

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// What the linker stamped wins over what Go noted; what nobody knows is said to be
// unknown.
func TestOwn(t *testing.T) {
	noted := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"},
		{Key: "vcs.time", Value: "2026-11-26T00:00:00Z"},
		{Key: "vcs.modified", Value: "true"},
	}
	b := Own("v1.2.3", "def", "")
	b.Date = "" // of the repository that the test is built in
	b.add(noted)
	const want = "streamwatch v1.2.3 commit def with changes date 2026-11-26T00:00:00Z "
	if got := b.String(); !strings.HasPrefix(got, want+runtime.Version()) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (Info{Version: "devel", Go: "go1", OS: "linux", Arch: "arm64"}).String(); got !=
		"streamwatch devel commit unknown date unknown go1 linux/arm64" {
		t.Error(got)
	}
}
