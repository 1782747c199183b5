package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/streamwatch/streamwatch/probe"
	"github.com/streamwatch/streamwatch/probe/report"
	"github.com/streamwatch/streamwatch/probe/web"
)

// Limits of one request to the daemon.
const (
	statusDeadline = 5 * time.Second
	statusBytes    = 16 << 20
)

func (c *cli) statusCommand() *cobra.Command {
	var watch bool
	var format string
	cmd := &cobra.Command{
		Use:   "status [URL]",
		Short: "Show the verdicts of a running streamwatch",
		Long: `Ask a running streamwatch for its verdicts and show them as a table: one line
for each rendition, edge and origin side by side, and below it what is open: one
entry for each cause, however many streams it hits. URL is that of its page, by
default http://127.0.0.1:8090; where the page asks for a password, write
http://USER:PASSWORD@HOST:PORT.`,
		Example: "  streamwatch status\n  streamwatch status http://127.0.0.1:8091 --watch\n  streamwatch status --format json",
		Args:    argument(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			u, err := pageURL(args)
			if err != nil {
				return err
			}
			for {
				if err := c.status(cmd.Context(), u, format, watch); err != nil || !watch {
					return err
				}
				select {
				case <-time.After(2 * time.Second):
				case <-cmd.Context().Done():
					return nil
				}
			}
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again every 2 seconds")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// status asks once and shows the answer.
func (c *cli) status(ctx context.Context, page *url.URL, format string, watch bool) error {
	body, err := ask(ctx, page.JoinPath("api/v1/status"))
	var open []byte
	if err == nil {
		incidents := page.JoinPath("api/v1/incidents")
		incidents.RawQuery = "open=true&limit=1000"
		open, err = ask(ctx, incidents)
	}
	if err != nil {
		if watch && ctx.Err() != nil {
			return nil
		}
		return err
	}
	var snap probe.Snapshot
	var list struct {
		Incidents json.RawMessage `json:"incidents"`
	}
	err = errors.Join(json.Unmarshal(body, &snap), json.Unmarshal(open, &list))
	if err == nil && list.Incidents != nil {
		err = json.Unmarshal(list.Incidents, &snap.Incidents)
	}
	if err != nil {
		return probe.WithHint(fmt.Errorf("reading the status of %s: %w", page.Redacted(), err), "is this the page of a streamwatch?")
	}
	if format == "json" { // the daemon's own words, with the incidents beside them
		status := strings.TrimSuffix(strings.TrimSpace(string(body)), "}")
		_, err := fmt.Fprintf(c.stdout, "%s,\"incidents\":%s}\n", status, list.Incidents)
		return err
	}
	if watch && terminal(c.stdout) {
		fmt.Fprint(c.stdout, "\x1b[H\x1b[2J")
	}
	if err := c.showStatus(&snap); err != nil {
		return err
	}
	c.showAlarms(ctx, page.JoinPath("api/v1/alarms"))
	return nil
}

// showAlarms says whether the alarms that wake people are switched on, where the
// event has some in CloudWatch, and what keeps them from reaching people.
func (c *cli) showAlarms(ctx context.Context, u *url.URL) {
	var answer struct {
		Alarms []web.Alarm `json:"alarms"`
		Notes  []string    `json:"notes"`
	}
	body, err := ask(ctx, u)
	if err != nil || json.Unmarshal(body, &answer) != nil { // an older streamwatch
		return
	}
	var states []string
	for i := range answer.Alarms {
		if a := &answer.Alarms[i]; a.Armed != nil {
			states = append(states, a.Name+" "+onOff(*a.Armed))
		}
	}
	if len(states) > 0 {
		fmt.Fprintf(c.stdout, "alarms wake people: %s\n", strings.Join(states, ", "))
	}
	for _, note := range answer.Notes {
		fmt.Fprintf(c.stdout, "note: %s\n", note)
	}
}

// ask makes one request that changes nothing.
func ask(ctx context.Context, u *url.URL) ([]byte, error) {
	return request(ctx, http.MethodGet, u, nil)
}

// request makes one request, with a body in JSON where there is one.
func request(ctx context.Context, method string, u *url.URL, with io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, statusDeadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), with)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", u.Redacted(), err)
	}
	if with != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err // without the URL, which may hold a password
		}
		return nil, probe.WithHint(fmt.Errorf("asking %s: %w", u.Redacted(), err), "is streamwatch run or demo running there?")
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, statusBytes))
	switch {
	case err != nil:
		return nil, fmt.Errorf("asking %s: %w", u.Redacted(), err)
	case res.StatusCode == http.StatusUnauthorized:
		return nil, probe.WithHint(fmt.Errorf("asking %s: it wants a password", u.Redacted()), "write http://USER:PASSWORD@HOST:PORT")
	case res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated:
		return nil, refused(u, res.StatusCode, body)
	}
	return body, nil
}

// refused is an answer of a daemon that says no, in its own words where it has some.
func refused(u *url.URL, status int, body []byte) error {
	var problem struct{ Detail, Hint string }
	if json.Unmarshal(body, &problem) != nil || problem.Detail == "" {
		return fmt.Errorf("asking %s: status %d, want 200", u.Redacted(), status)
	}
	if status == http.StatusBadRequest {
		return probe.Usage(problem.Detail, problem.Hint)
	}
	return probe.WithHint(fmt.Errorf("asking %s: %s", u.Redacted(), problem.Detail), problem.Hint)
}

func (c *cli) showStatus(snap *probe.Snapshot) error {
	paint := c.paint()
	why := ""
	if snap.Reason != "" {
		why = ": " + snap.Reason
	}
	since := snap.Since.UTC().Format("15:04:05 UTC")
	fmt.Fprintf(c.stdout, "%s  %s since %s%s\n", snap.Event, paint(string(snap.Verdict)), since, why)
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
	if err := table(c.stdout, paint, rows); err != nil {
		return err
	}
	for i := range snap.Silences {
		s := &snap.Silences[i]
		m := probe.Muting{ID: s.ID, Until: s.Until, By: s.By, Reason: s.Reason, Maintenance: s.Maintenance}
		fmt.Fprintf(c.stdout, "%s: %s\n", s.Where(), &m)
	}
	for i := range snap.Sinks {
		if h := &snap.Sinks[i]; !h.OK() {
			fmt.Fprintf(c.stdout, "%s: failing since %s, %s (%d batches waiting, %d dropped)\n",
				h.Name, h.FailingSince.UTC().Format("15:04:05 UTC"), h.Error, h.Waiting, h.Dropped)
		}
	}
	fmt.Fprintf(c.stdout, "open incidents: %d\n", len(snap.Incidents))
	report.SortIncidents(snap.Incidents)
	for i := range snap.Incidents {
		if err := c.showIncident(&snap.Incidents[i], paint); err != nil {
			return err
		}
	}
	return nil
}

// showIncident says what broke and how far, whose fault it is and what proves that.
func (c *cli) showIncident(in *probe.Incident, paint func(string) string) error {
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
	_, err := fmt.Fprintf(c.stdout, "\n%s\n  %s\n", head, strings.Join(lines, "\n  "))
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
		cells = append(append(cells, side(&one.SideSnapshot)...), seconds(one.Lag))
	}
	if len(snap.Edges) > 0 {
		return append(cells, side(r.Origin)...)
	}
	return append(append(side(r.Edge), side(r.Origin)...), seconds(r.EdgeLag))
}

// side shows one side of a rendition: verdict, and age of the newest segment.
func side(s *probe.SideSnapshot) []string {
	if s == nil {
		return []string{"-", "-"}
	}
	return []string{cmp.Or(s.Phase, string(s.Verdict)), seconds(s.LastSegmentAge)}
}

func seconds(d probe.Fact[time.Duration]) string {
	if !d.Stated {
		return "-"
	}
	return fmt.Sprintf("%.1fs", d.Value.Seconds())
}
