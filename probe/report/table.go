package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/checks"
)

// CSV writes the incidents for a spreadsheet, one a row, with a head. Times are
// RFC 3339, durations seconds.
func (r *Run) CSV(w io.Writer) error {
	rows := [][]string{{
		"id", "check", "severity", "blame", "scope", "host", "streams", "rendition", "side",
		"summary", "detail", "because", "began", "opened", "closed",
		"detect_seconds", "lasted_seconds", "count", "acknowledged_by", "silenced_by", "closed_because",
	}}
	for i := range r.Incidents {
		in := &r.Incidents[i]
		closed, ack, silenced := "", "", ""
		if in.Closed != nil {
			closed = probe.FormatTime(*in.Closed)
		}
		if in.Acknowledged != nil {
			ack = in.Acknowledged.By
		}
		if in.Silenced != nil {
			silenced = in.Silenced.By
		}
		rows = append(rows, []string{
			in.ID, in.Check, in.Severity.String(), string(in.Blame), string(in.Scope), in.Host,
			strings.Join(in.Streams, " "), in.Rendition, in.Side.String(),
			in.Summary, in.Detail, in.Because, probe.FormatTime(in.Began), probe.FormatTime(in.Opened), closed,
			plain(in.Opened.Sub(in.Began).Seconds()), plain(r.lasted(in).Seconds()), strconv.Itoa(in.Count),
			ack, silenced, in.ClosedBecause,
		})
	}
	return writeCSV(w, rows)
}

// AvailabilityCSV writes the availability of each stream for a spreadsheet.
func (r *Run) AvailabilityCSV(w io.Writer) error {
	head := []string{"stream", "edge", "share", "share_outside_silences"}
	for _, v := range probe.Verdicts {
		head = append(head, string(v)+"_seconds")
	}
	for _, v := range probe.Verdicts {
		head = append(head, "silenced_"+string(v)+"_seconds")
	}
	head = append(head,
		"unwatched_seconds", "manifest_edge", "manifest_origin", "segments_edge", "segments_origin")
	rows := [][]string{head}
	for _, a := range r.Streams() {
		row := []string{a.Stream, a.Edge, plainOf(a.Share), plainOf(a.ShareOutside)}
		for _, of := range []map[probe.Verdict]float64{a.Seconds, a.SilencedSeconds} {
			for _, v := range probe.Verdicts {
				row = append(row, plain(of[v]))
			}
		}
		row = append(row, plain(a.Unwatched))
		for _, of := range []map[string]float64{a.Manifest, a.Segments} {
			for _, side := range [...]probe.Side{probe.Edge, probe.Origin} {
				cell := ""
				if v, known := of[side.String()]; known {
					cell = plain(v)
				}
				row = append(row, cell)
			}
		}
		rows = append(rows, row)
	}
	return writeCSV(w, rows)
}

// writeCSV writes rows. A cell that a spreadsheet would take for a formula gets
// an apostrophe: names come from playlists, which anybody may have written.
func writeCSV(w io.Writer, rows [][]string) error {
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
	}
	c := csv.NewWriter(w)
	if err := c.WriteAll(rows); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func plainOf(v *float64) string {
	if v == nil {
		return ""
	}
	return plain(*v)
}

// Text writes the report for a terminal.
func (r *Run) Text(w io.Writer) error {
	var b strings.Builder
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
	fmt.Fprintf(&b, "%s  %s to %s UTC, %s\n", r.Event, at(r.From), at(r.Until), span(r.Lasted()))
	all, d := r.All(), r.Detection()
	fmt.Fprintf(&b, "\navailability %s, outside silences and maintenance %s\n",
		percent(all.Share), percent(all.ShareOutside))
	fmt.Fprintf(&b, "time to detect %s on average, %s at most; time to recover %s, %s "+
		"(%s of severity error or critical)\n",
		spanOf(d.MTTD), spanOf(d.MTTDMax), spanOf(d.MTTR), spanOf(d.MTTRMax), checks.Count(d.Incidents, "incident"))
	for _, a := range r.Streams() {
		if a.Edge != "" {
			fmt.Fprintf(&b, "    %-14s playlists %s, segments %s\n",
				a.Edge, percentOf(a.Manifest, "edge"), percentOf(a.Segments, "edge"))
			continue
		}
		fmt.Fprintf(&b, "  %-16s %9s  down %s", a.Stream, percent(a.Share), span(probe.Seconds(a.Seconds[probe.Down])))
		if s := a.SilencedSeconds[probe.Down]; s > 0 {
			fmt.Fprintf(&b, ", of which silenced %s", span(probe.Seconds(s)))
		}
		b.WriteString("\n")
	}
	if totals := r.Totals(); len(totals) > 0 {
		b.WriteString("\n")
		for _, t := range totals {
			fmt.Fprintf(&b, "blame %-8s %s, %s\n",
				t.Blame, checks.Count(t.Incidents, "incident"), span(probe.Seconds(t.Seconds)))
		}
	}
	b.WriteString("\n")
	for _, m := range r.Timeline() {
		fmt.Fprintf(&b, "%s  %s\n", at(m.At), m.What)
	}
	if len(r.Timeline()) == 0 {
		b.WriteString("no incident\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
