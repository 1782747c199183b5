package inspect

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/record"
	"github.com/streamwatch/streamwatch/probe/report"
)

// RecordingFile opens the file of a recording.
func RecordingFile(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		const hint = "recordings are below output/EVENT/recordings"
		return nil, probe.Usage(fmt.Sprintf("reading the recording: %v", err), hint)
	}
	return f, err
}

// Recording judges a recording again, with the overrides that change makes. name is
// what it is called.
func Recording(name string, from io.Reader, change record.Change) (*report.Replay, error) {
	out, err := record.Replay(from, change)
	if err != nil {
		hint := "a recording is a file that run writes below output/EVENT/recordings"
		return nil, probe.WithHint(fmt.Errorf("%s: %w", name, err), hint)
	}
	if out.Looks == 0 {
		const hint = "it was cut off too early: copy it whole, or take the recording of another incident"
		return nil, probe.WithHint(fmt.Errorf("%s: nothing was judged, there is no look in it", name), hint)
	}
	r := &report.Replay{
		Check: report.Check{URL: name, Verdict: out.Verdict}, Event: out.Header.Event, From: probe.FormatTime(out.From),
		Until: probe.FormatTime(out.Until), Looks: out.Looks, Incidents: out.Incidents, Recorded: out.Recorded,
		Cut: out.Cut,
	}
	for _, m := range out.Missing {
		hole := report.Hole{From: probe.FormatTime(m.From), Until: probe.FormatTime(m.Until), Looks: m.Lines}
		r.Missing = append(r.Missing, hole)
	}
	r.Find()
	r.Sort()
	return r, nil
}
