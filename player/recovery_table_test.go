package player_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/streamwatch/streamwatch/player"
	"github.com/streamwatch/streamwatch/probe/sim/proctest"
)

// cell is what one page lived through, a result for each run.
type cell []result

// phase spreads runs over the time between two segments.
func phase(i, runs int) time.Duration {
	const segment = 2 * time.Second
	return segment * time.Duration(2*i+1) / time.Duration(2*runs)
}

// median returns the middle run by stall.
func (c cell) median() result {
	sorted := slices.SortedFunc(slices.Values(c), func(a, b result) int { return cmp.Compare(a.stalled, b.stalled) })
	return sorted[len(sorted)/2]
}

func (c cell) String() string {
	if len(c) == 0 {
		return "–"
	}
	text := c.median().String()
	if len(c) > 1 {
		least := slices.MinFunc(c, func(a, b result) int { return cmp.Compare(a.stalled, b.stalled) })
		most := slices.MaxFunc(c, func(a, b result) int { return cmp.Compare(a.stalled, b.stalled) })
		text += fmt.Sprintf(" (%.1f to %.1f)", least.stalled, most.stalled)
	}
	return text
}

// measured is what TestRecoveryTable has seen: "row | container" to the cell of
// each kind of page.
type measured map[string]map[player.Kind]cell

func (m measured) add(row string, kind player.Kind, r result) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if m[row] == nil {
		m[row] = map[player.Kind]cell{}
	}
	m[row][kind] = append(m[row][kind], r)
}

// TestRecoveryTable measures every row, or those that -run names, and writes
// RECOVERY.md; rows that were not measured stay as they are. A cell mostly waits,
// so cells run side by side, as many as -parallel says: "no fault" among them
// tells whether the machine keeps up.
func TestRecoveryTable(t *testing.T) {
	runs, _ := strconv.Atoi(os.Getenv(tableEnv))
	if runs < 1 {
		t.Skip("takes an hour and a half for each run of every row, by the number side by side; set " + tableEnv +
			"=1, or to more runs")
	}
	proctest.Need(t, "ffmpeg", "chromium", "nginx")
	all := measured{}
	for _, container := range containers {
		t.Run(container, func(t *testing.T) {
			for i := range runs {
				for _, o := range outages() {
					for _, kind := range tableKinds() {
						t.Run(fmt.Sprintf("%s/%s", o.name, kind), func(t *testing.T) {
							t.Parallel()
							r := suffer(browser(t), t, newBench(t, container, o), kind, o, phase(i, runs), table)
							if complaint := o.complaint(kind, r); o.limit[kind] > 0 && complaint != "" {
								t.Error(complaint)
							}
							all.add(o.name+" | "+container, kind, r)
						})
					}
				}
			}
		})
	}
	var waiting []string
	t.Run("early", func(t *testing.T) {
		ctx := browser(t)
		for _, kind := range tableKinds()[:2] {
			waiting = append(waiting, fmt.Sprintf("%.1f", early(ctx, t, kind, 30*time.Second)))
		}
	})
	if err := os.WriteFile("RECOVERY.md", all.page(waiting), 0o600); err != nil {
		t.Fatal(err)
	}
}

var containers = []string{"TS", "fMP4"}

// tableKinds are the columns: our pages, and those of peers.
func tableKinds() []player.Kind {
	kinds := []player.Kind{player.HLSJS, player.VideoJS}
	for _, p := range peers() {
		kinds = append(kinds, p.kind)
	}
	return kinds
}

// page writes RECOVERY.md with what was measured, and with what it had before.
func (m measured) page(waiting []string) []byte {
	old := tableRows()
	var startup, survival strings.Builder
	for _, container := range containers {
		for _, o := range outages() {
			key := o.name + " | " + container
			row := slices.Clone(old[key])
			for len(row) <= len(tableKinds()) {
				row = append(row, "–")
			}
			if len(m[key]) > 0 {
				row[len(row)-1] = time.Now().UTC().Format(time.DateOnly)
			}
			for i, kind := range tableKinds() {
				c := m[key][kind]
				if len(c) == 0 {
					continue
				}
				row[i] = c.String()
				if o.length == 0 && o.limit[kind] > 0 {
					old[string(kind)+" | "+container] = []string{
						fmt.Sprintf("%.2f", c.median().startup), fmt.Sprintf("%.1f", c.median().latency),
					}
				}
			}
			if slices.ContainsFunc(row, func(cell string) bool { return cell != "–" }) {
				fmt.Fprintf(&survival, "| %s | %s |\n", key, strings.Join(row, " | "))
			}
		}
		for _, kind := range tableKinds() {
			if row := old[string(kind)+" | "+container]; len(row) > 0 {
				fmt.Fprintf(&startup, "| %s | %s | %s |\n", kind, container, strings.Join(row, " | "))
			}
		}
	}
	if len(waiting) == 0 {
		waiting = old[""]
	}
	return fmt.Appendf(nil, recoveryDoc, &startup, &survival, strings.Join(waiting, " | "))
}

// tableRows reads the rows of RECOVERY.md: the first two cells to the others, and
// "" to the last row, which has no names.
func tableRows() map[string][]string {
	b, _ := os.ReadFile("RECOVERY.md")
	rows := map[string][]string{}
	for line := range strings.Lines(string(b)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")
		if len(cells) > 2 {
			rows[cells[0]+" | "+cells[1]] = cells[2:]
		} else if _, err := strconv.ParseFloat(cells[0], 64); err == nil {
			rows[""] = cells
		}
	}
	return rows
}

const recoveryDoc = `# What the embeds survive

Measured, not promised: TestRecoveryTable writes this page (make player-table RUNS=3, with ROWS for some and SIDE for
how many pages at once; the last column says when). Headless Chromium, ffmpeg's live H.264 and AAC through nginx
(playlists kept for a second, errors passed on), two variants, two-second segments, ten listed. Stalls are times without
a picture that was not shown before; latency is from encoder to picture; both are read from a frame number in the
picture. All figures are seconds; of several runs the median, and from least to most; a cell without that is one run.
Runs are spread over the time between two segments. Pages run side by side, which makes startup longer than alone.

## Without a fault

| page | container | startup | latency |
|---|---|---|---|
%s
## Through a fault

All stalls together → latency 12 s after the fault. "dead" stands until the page is loaded again. The pages are ours;
the others are the packages on npm, set up as their manuals begin (player/peers_test.go). The few stalls of a
dead player are those before it died. At a missing segment VHS, the engine of Video.js, waits before it goes on: our
page shortens that, and cannot step over the hole at once as hls.js does.

| fault | container | hls.js page | Video.js page | hls.js itself | Video.js itself | Shaka | Mux | measured |
|---|---|---|---|---|---|---|---|---|
%s
## Opened 30 s before the stream exists

From the first segment to a moving picture. Each page then says that the stream has ended, and asks for nothing more.

| hls.js page | Video.js page |
|---|---|
| %s |
`
