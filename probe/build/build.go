// Package build says what binary this is.
//
// The rule that keeps it simple: what the linker stamped counts, then what Go noted
// of the repository; nothing is guessed.
package build

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Info is what is known of a binary. What is not known is empty.
type Info struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Date     string `json:"date"` // of the commit, RFC 3339
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// Own returns what is known of this binary. version, commit and date are what the
// linker stamped, empty where it did not.
func Own(version, commit, date string) Info {
	b := Info{
		Version: cmp.Or(version, "devel"), Commit: commit, Date: date,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
	if noted, ok := debug.ReadBuildInfo(); ok {
		b.Version = cmp.Or(version, noted.Main.Version, "devel")
		b.add(noted.Settings)
	}
	return b
}

// add adds what Go noted of the repository.
func (b *Info) add(noted []debug.BuildSetting) {
	for _, s := range noted {
		switch s.Key {
		case "vcs.revision":
			b.Commit = cmp.Or(b.Commit, s.Value)
		case "vcs.time":
			b.Date = cmp.Or(b.Date, s.Value)
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
}

// String is one line for people.
func (b Info) String() string {
	commit := cmp.Or(b.Commit, "unknown")
	if b.Modified {
		commit += " with changes"
	}
	return fmt.Sprintf("streamwatch %s commit %s date %s %s %s/%s",
		b.Version, commit, cmp.Or(b.Date, "unknown"), b.Go, b.OS, b.Arch)
}
