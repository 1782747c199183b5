package drill_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shootReport takes the picture of the report, where `make shots` asks for it.
func shootReport(t *testing.T, page string) {
	t.Helper()
	folder := os.Getenv("STREAMWATCH_SHOTS")
	if folder == "" {
		return
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "chromium", "--headless", "--no-sandbox", "--disable-gpu",
		"--disable-background-networking", "--hide-scrollbars", "--user-data-dir="+t.TempDir(), "--window-size=1100,1180",
		"--screenshot="+filepath.Join(folder, "rehearsal-report.png"), "file://"+file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// markdown is docs/rehearsal.md.
func (r *rehearsal) markdown() string {
	var b strings.Builder
	b.WriteString("# A rehearsal\n\n" +
		"Thirty streams behind one edge, thirty simulated minutes, " +
		"written by `go test -run TestRehearsal ./probe/drill -update`.\n" +
		"Times count from the beginning. The simulator, the monitor, the history, the senders and the report are real;\n" +
		"the services that receive messages are doubles. " +
		"Nobody gets a message about what the maintenance covers. Each cause\n" +
		"is one story: opened, updated where its claim changes, closed.\n\n" +
		"## What happens\n\n| at | for | what |\n|---|---|---|\n")
	for _, s := range acts {
		lasts := ""
		if s.lasts > 0 {
			lasts = s.lasts.String()
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.start.Add(s.at).Format("15:04:05"), lasts, s.what)
	}
	b.WriteString("\nThe maintenance and the outage, as the page shows them; taken in real time by `make shots`.\n\n" +
		"![In maintenance, nobody is told](rehearsal-maintenance.png)\n\n" +
		"![One incident for thirty streams](rehearsal-outage.png)\n\n" +
		"![The same on the wall](rehearsal-wall.png)\n\n## What each channel receives\n\n")
	for _, c := range append([]*channel{r.json}, r.others...) {
		counts := kinds(c.told)
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(counts)) {
			if c.counts {
				parts = append(parts, fmt.Sprintf("%d %s", counts[k], k))
			}
		}
		fmt.Fprintf(&b, "**%s**: %d messages", c.name, len(c.told))
		if len(parts) > 0 {
			b.WriteString(": " + strings.Join(parts, ", "))
		}
		b.WriteString("\n\n```\n" + strings.Join(c.told, "\n") + "\n```\n\n")
	}
	b.WriteString("## What the page shows\n\n" +
		"The verdict in its banner, how many streams fare how (when it is worst), and what is open.\n\n" +
		"| from | verdict | streams | open |\n|---|---|---|---|\n")
	for _, row := range r.page {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", row.from.Format("15:04:05"), row.verdict, row.streams, row.open)
	}
	var text bytes.Buffer
	_ = r.report.Text(&text) // a buffer takes all
	b.WriteString("\n## The report\n\n" +
		"As `streamwatch report` prints it; [what the numbers mean](report.md). As a page:\n\n" +
		"![The report](rehearsal-report.png)\n\n```\n" + text.String() + "```\n")
	return b.String()
}
