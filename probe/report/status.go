package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
)

// Status writes the verdicts of a running streamwatch as a table, one line for each
// rendition, and below it what is silenced, which sinks fail, and the incidents
// that are open. paint marks a word by its severity or verdict.
func Status(w io.Writer, snap *probe.Snapshot, paint func(word string) string) error {
	why := ""
	if snap.Reason != "" {
		why = ": " + snap.Reason
	}
	since := snap.Since.UTC().Format("15:04:05 UTC")
	fmt.Fprintf(w, "%s  %s since %s%s\n", snap.Event, paint(string(snap.Verdict)), since, why)
	rows := [][]string{statusHead(snap)}
	for i := range snap.Streams {
		s := &snap.Streams[i]
		if len(s.Renditions) == 0 {
			rows = append(rows, []string{s.Name, "-", string(s.Verdict)})
		}
		for j := range s.Renditions {
			r := &s.Renditions[j]
			rows = append(rows, append([]string{s.Name, r.Name, string(r.Verdict)}, statusCells(snap, r)...))
		}
	}
	if err := Table(w, paint, rows); err != nil {
		return err
	}
	for i := range snap.Silences {
		s := &snap.Silences[i]
		m := probe.Muting{ID: s.ID, Until: s.Until, By: s.By, Reason: s.Reason, Maintenance: s.Maintenance}
		fmt.Fprintf(w, "%s: %s\n", s.Where(), &m)
	}
	for i := range snap.Sinks {
		if h := &snap.Sinks[i]; !h.OK() {
			fmt.Fprintf(w, "%s: failing since %s, %s (%d batches waiting, %d dropped)\n",
				h.Name, h.FailingSince.UTC().Format("15:04:05 UTC"), h.Error, h.Waiting, h.Dropped)
		}
	}
	fmt.Fprintf(w, "open incidents: %d\n", len(snap.Incidents))
	SortIncidents(snap.Incidents)
	for i := range snap.Incidents {
		if err := statusIncident(w, &snap.Incidents[i], paint); err != nil {
			return err
		}
	}
	return nil
}

// statusIncident says what broke and how far, whose fault it is and what proves that.
func statusIncident(w io.Writer, in *probe.Incident, paint func(string) string) error {
	lines := []string{in.Summary + ": " + in.Detail, "blame " + in.Blame.Who()}
	if in.Because != "" {
		lines = append(lines, "because: "+in.Because)
	}
	if len(in.Streams) > 1 {
		lines = append(lines, "streams: "+strings.Join(in.Streams, ", "))
	}
	since := "since " + in.Began.UTC().Format("15:04:05 UTC")
	if in.Count > 1 {
		since += fmt.Sprintf(", came %d times", in.Count)
	}
	if lines = append(lines, since); in.URL != "" {
		lines[len(lines)-1] += "  " + in.URL
	}
	if in.Recording != "" {
		lines = append(lines, "recording "+in.Recording)
	}
	if in.Acknowledged != nil {
		lines = append(lines, in.Acknowledged.String())
	}
	if in.Silenced != nil {
		lines = append(lines, in.Silenced.String())
	}
	head := strings.Join([]string{paint(in.Severity.String()), in.Check, in.Where()}, "  ")
	_, err := fmt.Fprintf(w, "\n%s\n  %s\n", head, strings.Join(lines, "\n  "))
	return err
}

// statusHead names the columns of the table: of several edges each has its own.
func statusHead(snap *probe.Snapshot) []string {
	head := []string{"STREAM", "RENDITION", "VERDICT"}
	if len(snap.Edges) == 0 {
		return append(head, "EDGE", "AGE", "ORIGIN", "AGE", "LAG")
	}
	for _, e := range snap.Edges {
		head = append(head, strings.ToUpper(e.Name), "AGE", "LAG")
	}
	return append(head, "ORIGIN", "AGE")
}

func statusCells(snap *probe.Snapshot, r *probe.RenditionSnapshot) (cells []string) {
	for _, e := range snap.Edges {
		one := r.Edges[e.Name]
		if one == nil {
			cells = append(cells, "-", "-", "-")
			continue
		}
		cells = append(append(cells, sideCells(&one.SideSnapshot)...), tenths(one.Lag))
	}
	if len(snap.Edges) > 0 {
		return append(cells, sideCells(r.Origin)...)
	}
	return append(append(sideCells(r.Edge), sideCells(r.Origin)...), tenths(r.EdgeLag))
}

// sideCells shows one side of a rendition: verdict, and age of the newest segment.
func sideCells(s *probe.SideSnapshot) []string {
	if s == nil {
		return []string{"-", "-"}
	}
	return []string{cmp.Or(s.Phase, string(s.Verdict)), tenths(s.LastSegmentAge)}
}

func tenths(d probe.Fact[time.Duration]) string {
	if !d.Stated {
		return "-"
	}
	return fmt.Sprintf("%.1fs", d.Value.Seconds())
}

// Silences lists silences and maintenance in a table.
func Silences(w io.Writer, list []probe.Silence, paint func(word string) string) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no silence, and no maintenance")
		return err
	}
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
	rows := [][]string{{"ID", "STATE", "WHAT", "FROM", "UNTIL", "BY", "REASON"}}
	for i := range list {
		s := &list[i]
		rows = append(rows, []string{s.ID, string(s.State), s.Where(), at(s.From), at(s.Until), s.By, s.Reason})
	}
	return Table(w, paint, rows)
}
