package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says what binary this is. What is not known is empty.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit"`
	Date     string `json:"date"` // of the commit, RFC 3339
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func (c *cli) versionCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the commit, its date and the Go release",
		Long:    "Print the version of streamwatch, the commit that it was built from with its date,\nand the Go release that built it.",
		Example: "  streamwatch version\n  streamwatch version --format json",
		Args:    argument(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			b := ownBuild()
			if format == "json" {
				enc := json.NewEncoder(c.stdout)
				enc.SetIndent("", "  ")
				return enc.Encode(b)
			}
			modified := ""
			if b.Modified {
				modified = " with changes"
			}
			_, err := fmt.Fprintf(c.stdout, "streamwatch %s commit %s%s date %s %s %s/%s\n", b.Version, cmp.Or(b.Commit, "unknown"), modified,
				cmp.Or(b.Date, "unknown"), b.Go, b.OS, b.Arch)
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// ownBuild is what the linker stamped, else what Go noted of the repository.
func ownBuild() build {
	b := build{Version: ownVersion(), Commit: commit, Date: date, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = cmp.Or(b.Commit, s.Value)
		case "vcs.time":
			b.Date = cmp.Or(b.Date, s.Value)
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// ownVersion is the stamped version, else that of the module.
func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return cmp.Or(version, "devel")
	}
	return cmp.Or(version, info.Main.Version, "devel")
}
